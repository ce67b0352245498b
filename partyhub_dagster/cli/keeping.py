"""Commands that keep a hub healthy: upkeep, backup, restore."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.places import config_file, home_folder, open_hub


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (upkeep, backup, restore):
        app.command()(command)


def upkeep(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let go of what nothing needs. Old snapshots and files; releases, watermarks and readers keep theirs."""
    from partyhub_dagster.lake.upkeep import keep_up

    hub = open_hub(config_file(config))
    with hub.run() as run:
        report = keep_up(run.session, hub.config.upkeep, datetime.now(UTC), dry_run=dry_run)
    if json:
        say_json(asdict(report))
        return
    before, after = report.before, report.after
    say("What upkeep would do:" if dry_run else f"Upkeep took {report.seconds:.1f} s.")
    say_table([
        ("releases kept", report.releases_kept), ("snapshots expired", report.snapshots_expired),
        ("snapshots kept for a reader", report.snapshots_leased),
        ("removed keys forgotten", report.removed_keys_pruned),
        ("old results of checks, times of stages and outcomes of messages forgotten", report.results_pruned),
        ("files deleted", report.files_deleted), ("orphans deleted", report.orphans_deleted),
    ])  # fmt: skip
    if not dry_run:
        say_table([
            ("", "before", "after"), ("snapshots", before.snapshots, after.snapshots),
            ("files named", before.files, after.files), ("catalog, bytes", before.bytes, after.bytes),
            ("data, bytes", report.data_bytes_before, report.data_bytes_after),
        ])  # fmt: skip


def backup(
    *,
    out: Annotated[Path, typer.Option(help="A new folder, or a new file that ends in .tar.zst.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Copy the hub as it is, with checksums. Works beside a build."""
    from partyhub_dagster.lake.backup import back_up

    file = config_file(config)
    manifest = back_up(open_hub(file).place, file, out, datetime.now(UTC))
    answer = {
        "backup": str(out), "release": manifest.release, "files": len(manifest.files),
        "bytes": sum(held.bytes for held in manifest.files),
    }  # fmt: skip
    if json:
        say_json(answer)
        return
    say(
        f"Wrote {out}: {answer['files']:,} files, {answer['bytes']:,} bytes, release {manifest.release or 'none'}."
    )
    say("It holds personal data, as the hub does.")


def restore(
    *,
    source: Annotated[Path, typer.Option("--from", help="The folder or file that `backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the hub that is there.")] = False,
    json: Json = False,
) -> None:
    """Put a backup in the place of a hub. Checked against its checksums before anything changes."""
    from partyhub_dagster.lake.backup import CONFIG_FILE
    from partyhub_dagster.lake.backup import restore as put_back
    from partyhub_dagster.lake.connection import LakePlace

    place = LakePlace(home_folder())
    manifest = put_back(place, source, force=force)
    if json:
        say_json({"home": str(place.home), "release": manifest.release, "files": len(manifest.files)})
        return
    say(f"Restored the hub of {manifest.created_at.isoformat(timespec='seconds')} to {place.home}.")
    say(f"Its hub.yaml as it was then: {place.home / CONFIG_FILE}")
    say("Next: `partyhub verify` compares it with a rebuild; `partyhub build` brings in what came since.")
