"""sync-check: whether a consumer's copy equals the hub."""

from pathlib import Path
from typing import Annotated

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.places import config_file, open_hub


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("sync-check")(sync_check)


def sync_check(
    copy: Annotated[
        Path | None, typer.Argument(help="The copy: .csv, .parquet or .jsonl.", show_default=False)
    ] = None,
    *,
    at: Annotated[
        int | None,
        typer.Option(min=0, help="Last confirmation applied to the copy (default: of the release)."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Compare a consumer's copy with the hub. Without a copy: the hub's checksums."""
    from partyhub_dagster.answers.sync_check import check_sync

    answer = check_sync(open_hub(config_file(config)), copy, at)
    if json:
        say_json(answer.as_dict())
        return 1 if answer.differing else 0
    say(f"Event {answer.sequence:,}: {answer.parties:,} parties of {answer.records:,} records.")
    if copy is None:
        say_table([
            ("bucket", "parties", "records", "checksum"),
            *((bucket.bucket, bucket.parties, bucket.records, bucket.checksum) for bucket in answer.buckets),
        ])  # fmt: skip
        return 0
    if not answer.differing:
        say(f"Equal, by {answer.compared}.")
        return 0
    say(f"{answer.differing:,} differ, by {answer.compared}:")
    say_table([(found.id, found.what) for found in answer.differences])
    return 1
