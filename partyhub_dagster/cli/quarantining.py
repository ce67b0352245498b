"""Commands on rows that were rejected: quarantine list, show, export, replay."""

import json as json_text
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.errors import ConfigError, NotFoundError, SourceError
from partyhub_dagster.hub import Hub
from partyhub_dagster.places import config_file, open_hub

_SHOWN = 20
OneSource = Annotated[
    str | None, typer.Option("--source", help="Rows of this source only.", show_default=False)
]

quarantine_app = typer.Typer(
    help="Look at rejected rows, mend them, load them after all.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (list_, show, export, replay):
        quarantine_app.command(command.__name__.rstrip("_"))(command)
    app.add_typer(quarantine_app, name="quarantine")


def list_(
    *,
    source: OneSource = None,
    rows: Annotated[bool, typer.Option("--rows", help="Row by row, with ids.")] = False,
    settled: Annotated[bool, typer.Option("--all", help="Replayed and superseded rows too.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List open rows by source, file and reason; no values."""
    from partyhub_dagster.sources.quarantine import list_quarantine, list_rows

    hub = open_hub(config_file(config))
    _known_source(hub, source)
    with hub.place.connect(read_only=True) as con:
        groups = list_quarantine(con, source, settled=settled)
        listed = list_rows(con, source, 1_000_000 if json else _SHOWN) if rows else []
    if json:
        say_json({"groups": [asdict(group) for group in groups], **({"rows": listed} if rows else {})})
        return
    if not groups:
        say("No row in quarantine is open." if not settled else "No row was ever rejected.")
        return
    heading = ("source", "file", "rows", "first line", "state", "reason")
    say_table([heading, *((g.source, g.file, g.rows, g.first_line, g.state, g.reason) for g in groups)])
    if rows:
        say("")
        table = [
            (r["quarantine_id"], r["source"], r["file"], r["line"], "; ".join(r["reasons"])) for r in listed
        ]
        say_table([("id", "source", "file", "line", "reasons"), *table])
        if len(listed) == _SHOWN:
            say(f"The first {_SHOWN} open rows; --json lists all.")


def show(
    row: Annotated[str, typer.Argument(help="The row's id, or how it begins.")],
    *,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one rejected row with its values and every reason."""
    from partyhub_dagster.sources.quarantine import show_row

    hub = open_hub(config_file(config))
    with hub.place.connect(read_only=True) as con:
        answer = show_row(con, row)
    if json:
        say_json(answer)
        return
    say(f"Row {answer['quarantine_id']}: {answer['replay_state']}")
    say(f"From line {answer['line']} of {answer['file']}, source {answer['source']}")
    for reason in answer["reasons"]:
        say(f"  rejected: {reason}")
    if "raw" in answer:
        say(f"  as it came: {json_text.dumps(answer['raw'], ensure_ascii=False)}")
        return
    say_table([(name, "-" if value is None else str(value)) for name, value in answer["record"].items()])


def export(
    *,
    out: Annotated[Path, typer.Option(help="A new .csv or .jsonl file.")],
    source: OneSource = None,
    config: Config = None,
) -> None:
    """Write open rows and their reasons into a file. They are mended there and replayed."""
    from partyhub_dagster.sources.quarantine import MESSAGE_PLACE, export_rows, list_quarantine

    hub = open_hub(config_file(config))
    _known_source(hub, source)
    with hub.place.connect(read_only=True) as con:
        groups = list_quarantine(con, source)
        names = {group.source for group in groups} & set(hub.config.sources)
        plain = {"csv", "excel", "fixed_width"}
        typed = any(hub.config.sources[name].format not in plain for name in names)
        typed = typed or any(group.file.startswith(MESSAGE_PLACE) for group in groups)
        count = export_rows(con, source, out, typed=typed)
    say(f"Wrote {count:,} rows to {out}. It holds personal data as it was received.")
    say(f"Next: mend the rows there, then `partyhub quarantine replay {out}`.")


def replay(
    what: Annotated[
        list[str] | None, typer.Argument(help="A mended file, or ids of rows.", show_default=False)
    ] = None,
    *,
    source: OneSource = None,
    everything: Annotated[bool, typer.Option("--all", help="Every open row as it came.")] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Load rows after all. As mended in a file, or as they came; exit code 1 if a row stays in quarantine."""
    from partyhub_dagster.sources.quarantine import find_ids
    from partyhub_dagster.sources.replay import replay_file, replay_rows
    from partyhub_dagster.streaming.replaying import replay_messages

    named = what or []
    if bool(named) == (everything or source is not None):
        raise SourceError(
            "Nothing was replayed.", remedy="Name a mended file, ids of rows, --source NAME or --all."
        )
    hub = open_hub(config_file(config))
    _known_source(hub, source)
    if not hub.place.catalog.exists():
        raise NotFoundError(
            "There is no hub yet, so nothing is in quarantine.", remedy="Run `partyhub build` first."
        )
    with hub.run() as run:
        messages = partial(replay_messages, run.session, hub.config, looked_at=bool(named))
        if len(named) == 1 and Path(named[0]).is_file():
            outcome = replay_file(run.session, hub.config, Path(named[0]), messages)
        else:
            ids = find_ids(run.session.con, named) if named else None
            outcome = replay_rows(run.session, hub.config, ids, source, messages)
    if json:
        say_json(asdict(outcome))
        return 1 if outcome.still_rejected else 0
    counted = {
        "loaded": outcome.loaded, "superseded by a later delivery": outcome.superseded,
        "settled before": outcome.settled_before, "still in quarantine": len(outcome.still_rejected),
    }  # fmt: skip
    say("Rows " + ", ".join(f"{what}: {count:,}" for what, count in counted.items()))
    for held in outcome.still_rejected[:_SHOWN]:
        say(f"  {held['quarantine_id']} ({held['file']}:{held['line']}): {'; '.join(held['reasons'])}")
    if outcome.loaded:
        say("Next: `partyhub build` brings them into the golden records.")
    return 1 if outcome.still_rejected else 0


def _known_source(hub: Hub, source: str | None) -> None:
    topics = () if hub.config.streaming is None else hub.config.streaming.topics
    if source is not None and source not in {*hub.config.sources, *topics}:
        raise ConfigError("hub.yaml has no source of that name.", remedy="Name one of its sources.")
