"""Commands that decide what holds: train, model, source retire."""

from typing import Annotated, Literal

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.places import config_file, open_hub

model_app = typer.Typer(help="List matching models and choose the active one.", no_args_is_help=True)
source_app = typer.Typer(help="Look after sources.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(train)
    model_app.command("list")(list_models)
    model_app.command("activate")(activate_model)
    app.add_typer(model_app, name="model")
    source_app.command("retire")(retire_source)
    app.add_typer(source_app, name="source")


@source_app.callback()
def _source() -> None:
    """Keep `retire` a subcommand although it is the only one."""


def train(
    *,
    kind: Annotated[Literal["person", "organization"] | None, typer.Option(help="Only this kind.")] = None,
    activate: Annotated[bool, typer.Option("--activate", help="Make it the active model at once.")] = False,
    config: Config = None,
) -> None:
    """Train a matching model on the live records. It is a candidate until it is activated."""
    from partyhub_dagster.matching.registry import train as train_kind

    hub = open_hub(config_file(config))
    with hub.run() as run:
        for each in [kind] if kind else run.kinds():
            stored = train_kind(run.session, run.config, each, activate=activate)
            state = "active; the next build rescores every pair" if activate else "a candidate"
            made = (
                f"trained on {stored.trained_records:,} records"
                if stored.origin == "trained"
                else f"of shipped weights ({stored.trained_records:,} records are too few to learn from)"
            )
            say(f"{each}: model {stored.model.version[:12]} {made}: {state}.")


def list_models(*, config: Config = None, json: Json = False) -> None:
    """List the models of the hub, newest last."""
    hub = open_hub(config_file(config))
    with hub.place.connect(read_only=True) as con:
        rows = con.execute(
            "select version[:12], kind, status, origin, case when origin <> 'shipped' then trained_records end,"
            " created_at from match_models order by created_at, version"
        ).fetchall()
    names = ("version", "kind", "status", "origin", "trained_records", "created_at")
    if json:
        say_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    say_table([names, *((*row[:5], row[5].isoformat(timespec="seconds")) for row in rows)])


def activate_model(
    version: Annotated[str, typer.Argument(help="Its version, or how it begins.")], *, config: Config = None
) -> None:
    """Make a model the active one of its kind. The next build rescores every pair."""
    from partyhub_dagster.matching.registry import activate

    with open_hub(config_file(config)).run() as run:
        stored = activate(run.session, version)
    say(
        f"{stored.model.kind}: model {stored.model.version[:12]} is active; the next build rescores every pair."
    )


def retire_source(name: Annotated[str, typer.Argument(help="The source.")], *, config: Config = None) -> None:
    """Delete all records of a source that left hub.yaml. Their ids still answer."""
    from partyhub_dagster.sources.retire import retire_records

    with open_hub(config_file(config)).run() as run:
        gone = retire_records(run.session, run.config, name)
    say(f"{gone:,} records of source {name} were retired; run `partyhub build` to carry it through.")
