"""Commands on what was: diff."""

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
    app.command()(diff)


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
