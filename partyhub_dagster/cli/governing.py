"""Commands that decide what holds: train, model, source retire."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import complain, say, say_json, say_table
from partyhub_dagster.cli.telling_models import say_card, say_comparison, told_comparison
from partyhub_dagster.errors import ModelError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import reading
from partyhub_dagster.places import config_file, open_hub

if TYPE_CHECKING:
    from partyhub_dagster.hub import Run
    from partyhub_dagster.matching.learn import Label
    from partyhub_dagster.matching.model import Kind, MatchModel
    from partyhub_dagster.matching.registry import StoredModel

model_app = typer.Typer(help="List matching models and choose the active one.", no_args_is_help=True)
source_app = typer.Typer(help="Look after sources.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(train)
    model_app.command("list")(list_models)
    model_app.command("activate")(activate_model)
    model_app.command("show")(show_model)
    model_app.command("compare")(compare_two)
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
    compare: Annotated[bool, typer.Option("--compare", help="Compare it with the active one.")] = False,
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="Learn from the answers in this CSV file, too.", show_default=False),
    ] = None,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Learn from the decisions of stewards, too.")
    ] = False,
    config: Config = None,
) -> None:
    """Train a matching model on the live records. It is a candidate until it is activated."""
    hub = open_hub(config_file(config))
    with hub.run() as run:
        told = _labels(run, labels or [], decisions=decisions)
        for each in _kinds_to_train(run, kind, told):
            before = _readable_model(run.session, each) if compare else None
            stored = run.train(each, activate=activate, labels=told)
            state = "active; the next build rescores every pair" if activate else "a candidate"
            say(f"{each}: model {stored.model.version[:12]} {_made(stored)}: {state}.")
            if before is not None:
                say_comparison(hub, run.session, before, stored.model)


def _labels(run: "Run", files: list[Path], *, decisions: bool) -> list["Label"]:
    from partyhub_dagster.stewardship.labels import labels_of_decisions, read_label_file

    found = [label for file in files for label in read_label_file(run.config, file)]
    found += labels_of_decisions(run.session) if decisions else []
    if (files or decisions) and not found:
        raise ModelError(
            "No pair is answered with yes or no; no model was made.",
            remedy="Answer in the file, or take decisions with `partyhub review`.",
        )
    return found


def _kinds_to_train(run: "Run", kind: "Kind | None", labels: list["Label"]) -> list["Kind"]:
    """With labels, the kinds that they are of: the other one has nothing new to learn."""
    from partyhub_dagster.matching.registry import kinds_labelled

    if kind is not None or not labels:
        return [kind] if kind else run.kinds()
    return kinds_labelled(run.session, labels) or run.kinds()


def _made(stored: "StoredModel") -> str:
    match stored.origin:
        case "labels":
            told = stored.model.metrics["labels"]
            return (
                f"learned from {told['pairs']:,} labelled pairs; a label costs {told['log_loss_before']:.2f} bits"
                f" without them, {told['log_loss_held_out']:.2f} where the others foretell it"
            )
        case "trained":
            return f"trained on {stored.trained_records:,} records"
        case _:
            return f"of shipped weights ({stored.trained_records:,} records are too few to learn from)"


def _readable_model(session: Session, kind: Literal["person", "organization"]) -> "MatchModel | None":
    """Return the active model to compare with; of one that an older program made, only say so."""
    from partyhub_dagster.matching.registry import active_model

    try:
        stored = active_model(session, kind)
    except ModelError as error:
        complain(f"{kind}: there is nothing to compare with. {error.args[0]}")
        return None
    return None if stored is None else stored.model


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


def show_model(
    version: Annotated[str, typer.Argument(help="Its version, or how it begins.")],
    *,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show the card of a model. What it was made from, what it says, what to expect."""
    from partyhub_dagster.matching.card import model_card
    from partyhub_dagster.matching.registry import find_model

    hub = open_hub(config_file(config))
    with hub.place.connect(read_only=True) as con, reading(con):
        card = model_card(find_model(Session(hub.place, con, run_id="model"), version).model)
    if json:
        say_json(card)
    else:
        say_card(card)


def compare_two(
    old: Annotated[str, typer.Argument(help="Its version, or how it begins.")],
    new: Annotated[str, typer.Argument(help="That of another of the same kind.")],
    *,
    config: Config = None,
    json: Json = False,
) -> None:
    """Compare two models on the same pairs of the live records."""
    from partyhub_dagster.matching.registry import find_model

    hub = open_hub(config_file(config))
    with hub.place.connect(read_only=True) as con, reading(con):
        session = Session(hub.place, con, run_id="model")
        one, other = (find_model(session, version).model for version in (old, new))
        if json:
            say_json(told_comparison(hub, session, one, other))
        else:
            say_comparison(hub, session, one, other)


def retire_source(name: Annotated[str, typer.Argument(help="The source.")], *, config: Config = None) -> None:
    """Delete all records of a source that left hub.yaml. Their ids still answer."""
    from partyhub_dagster.sources.retire import retire_records

    with open_hub(config_file(config)).run() as run:
        gone = retire_records(run.session, run.config, name)
    say(f"{gone:,} records of source {name} were retired; run `partyhub build` to carry it through.")
