"""Commands on what was: lineage, diff."""

from pathlib import Path
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.places import config_file, open_hub

_WORDS = {
    "CREATED": "born", "SPLIT": "split off", "MERGED": "merged into others", "RENAMED": "went on under another id",
    "RETIRED": "retired", "MEMBERS_CHANGED": "with other members",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (lineage, diff):
        app.command()(command)


def lineage(
    party: Annotated[str, typer.Argument(help="A party id of any time, a record id, or SOURCE:RECORD.")],
    *,
    config: Config = None,
    json: Json = False,
) -> None:
    """Tell the story of a party. Born, joined, merged, split, retired, and what caused it."""
    from partyhub_dagster.answers.story import tell_lineage

    hub = open_hub(config_file(config))
    answer = tell_lineage(hub.place, hub.config, party)
    if json:
        say_json(answer)
        return
    today = answer["today"]
    is_now = "retired" if today is None else "lives" if today == answer["party_id"] else f"answers as {today}"
    say(f"Party {answer['party_id']}: {is_now} (release {answer['release']})")
    for event in answer["events"]:
        release = "head" if event["release"] is None else f"release {event['release']}"
        say(f"  {event['written_at']}  {release}: {_sentence(event, answer['party_id'])}")
        for decision in event["decisions"]:
            pair = " ".join(filter(None, (decision["left"], decision["right"])))
            say(f"      decision {decision['verdict']} {pair} by {decision['author']}: {decision['reason']}")


def _sentence(event: dict[str, Any], party: str) -> str:
    """Tell an event from the side of the party asked about."""
    own, other = event["party_id"] == party, event["other_id"]
    match event["event"]:
        case "CREATED":
            what = f"born with {', '.join(event['joined'])}"
        case "SPLIT":
            what = (
                f"split off {other} with {', '.join(event['joined'])}"
                if own
                else f"{event['party_id']} split off"
            )
        case "MERGED":
            what = f"merged into {other}" if own else f"{event['party_id']} merged into it"
        case "RENAMED":
            what = (
                f"its record was deleted; answers as {other}"
                if own
                else f"took over from {event['party_id']}"
            )
        case "RETIRED":
            what = "retired with its last record"
        case "UPDATED":
            what = f"other values of {', '.join(event['attributes'])}"
        case _:
            moves = {"joined": event["joined"], "left": event["left"]}
            what = "; ".join(f"{', '.join(keys)} {verb}" for verb, keys in moves.items() if keys)
    return f"{what or 'other members'} (cause: {event['cause']})"


def diff(
    *,
    before: Annotated[str, typer.Option("--from", help="A release, or a day or time.")],
    after: Annotated[
        str | None, typer.Option("--to", help="The same; left out: what readers see.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for Parquet files with every difference.", show_default=False)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say what two releases tell differently. Parties born, merged, split, retired; records moved; values."""
    from partyhub_dagster.answers.diff import diff_releases

    with diff_releases(open_hub(config_file(config)).place, before, after) as difference:
        answer = difference.summary()
        files = [] if out is None else difference.write(out)
    if json:
        say_json({**answer, "files": [str(file) for file in files]})
        return
    say_difference(answer)
    if files:
        say(f"Every difference is in {out}; records and values there are personal data.")


def say_difference(answer: dict[str, Any]) -> None:
    """Print the summary of a difference."""
    first, second = answer["from"], answer["to"]
    say(
        f"From release {first['release']} of {first['released_at']}"
        f" to release {second['release']} of {second['released_at']}:"
    )
    rows: list[tuple[Any, ...]] = [(f"parties {_WORDS[event]}", n) for event, n in answer["parties"].items()]
    say_table([*rows, *((f"records {what}", count) for what, count in answer["records"].items())])
    if answer["values"]:
        heading: tuple[Any, ...] = ("golden value", "source", "gained", "lost", "parties")
        say_table([heading, *(tuple(row.values()) for row in answer["values"])])
    for row in answer["sample"]:
        other = f"  {row['other_id']}" if row["other_id"] else ""
        say(f"  {row['party_id']}  {_WORDS[row['event']]}{other}")
