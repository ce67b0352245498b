"""Commands that bring data in and through: generate, build, export, demo, config check."""

import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.options import Config, Json, Quiet
from partyhub_dagster.cli.printing import complain, progress, say, say_json, say_table
from partyhub_dagster.errors import GateError, SourceError
from partyhub_dagster.hub import Hub
from partyhub_dagster.places import config_file, demo_folder, open_hub

config_app = typer.Typer(help="Look after hub.yaml.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (demo, generate, build, export):
        app.command()(command)
    config_app.command("check")(check_config)
    config_app.command("schema")(print_schema)
    app.add_typer(config_app, name="config")


def check_config(
    file: Annotated[Path | None, typer.Argument(help="The hub.yaml.", show_default=False)] = None,
    *,
    config: Config = None,
) -> int:
    """List every mistake in a hub.yaml. Says where, what, and what to write instead."""
    from partyhub_dagster.config import find_column_mistakes, find_mistakes, load_config
    from partyhub_dagster.sources.columns import columns_of_files
    from partyhub_dagster.sources.paths import sources_without_files

    path = config_file(file or config)
    mistakes = find_mistakes(path)
    if not mistakes:
        hub = load_config(path)
        mistakes = find_column_mistakes(path, hub, columns_of_files(hub))
        for name, patterns in sources_without_files(hub).items():
            complain(f"WARNING: source {name} names no file that is there: {patterns}")
    if not mistakes:
        say(f"{path}: no mistake found.")
        return 0
    for mistake in mistakes:
        complain(str(mistake))
    complain(f"{len(mistakes)} mistake(s).")
    return 1


def print_schema() -> None:
    """Print the JSON Schema of hub.yaml. Editors complete and check the file by it."""
    from partyhub_dagster.config.json_schema import schema_text

    sys.stdout.write(schema_text())


def generate(
    *,
    out: Annotated[Path, typer.Option(help="Folder to write; it must be empty or absent.")],
    records: Annotated[int, typer.Option(min=100, help="Source records in the first delivery.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 1,
    changes: Annotated[int, typer.Option(min=0, help="Later deliveries of changes.")] = 0,
    change_records: Annotated[
        int | None,
        typer.Option(min=1, help="Rows of a later delivery (default: a hundredth of the records)."),
    ] = None,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="A hub.yaml that takes events by Kafka too.")
    ] = False,
    json: Json = False,
) -> None:
    """Generate three sources with a hub.yaml and an answer key."""
    counts = _generate(out, records, seed, changes, change_records)
    if streaming:
        from partyhub_dagster.sources.generator.hub_yaml import STREAMING_YAML

        with (out / "hub.yaml").open("a", encoding="utf-8") as written:
            written.write(STREAMING_YAML)
    if json:
        from dataclasses import asdict

        say_json(asdict(counts))
        return
    say(f"Wrote {records:,} records of {counts.persons + counts.organizations:,} parties to {out}.")
    say(f"Next: partyhub build --config {out / 'hub.yaml'}")


def _generate(out: Path, records: int, seed: int, changes: int, change_records: int | None = None) -> Any:
    from partyhub_dagster.sources.generator import generate as generate_world

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SourceError(
            f"{out} is not an empty folder; nothing was written.", remedy="Name a new folder with --out."
        )
    return generate_world(out, records, seed, changes, change_records)


def build(
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Recompute everything from the stored source records.")
    ] = False,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Load what is new and bring every stage up to a release."""
    hub = open_hub(config_file(config))
    with hub.run(full=full) as run:
        report = run.build(progress(quiet=quiet or json))
    if hub.config.publish.after_release and report.release is not None:
        hub.export()
    complain(*(f"WARNING: {warning}" for warning in report.warnings))
    if json:
        say_json(report.as_dict())
        return
    _say_stages(report.as_dict())
    released = report.release
    say(f"Release {released.number}: {released.counts['records']:,} records, {released.counts['parties']:,} parties."
        if released else "Nothing to release.")  # fmt: skip


def _say_stages(report: dict[str, Any]) -> None:
    rows: list[tuple[Any, ...]] = [("stage", "seconds", "changed", "removed")]
    for stage, held in report["stages"].items():
        changed = held.get("changed", held.get("stored", 0))
        removed = held.get("removed", held.get("deletions", 0))
        rows.append((stage, held["seconds"], changed, removed))
    say_table(rows)


def export(
    *,
    full: Annotated[bool, typer.Option("--full", help="Write every file anew.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write what changed of the newest release as golden Parquet. By party type, with a manifest."""
    hub = open_hub(config_file(config))
    done = hub.export(full=full)
    manifest = done.manifest
    if json:
        say_json({**manifest.model_dump(mode="json"), "files_written": done.files_written})
        return
    say(f"Release {manifest.release} in {parquet_place(hub)}")
    files = [file.party_type for file in manifest.files]
    rows = {name: sum(f.rows for f in manifest.files if f.party_type == name) for name in manifest.buckets}
    say_table([("party type", "files", "rows"), *((name, files.count(name), rows[name]) for name in rows)])
    say(f"{done.files_written:,} files written, {len(files) - done.files_written:,} used again.")


def parquet_place(hub: Hub) -> str:
    """Say where the exports of a hub lie."""
    where = hub.config.publish.parquet
    return where if "://" in where else str(hub.place.home / where)


def demo(
    *,
    records: Annotated[int, typer.Option(min=100, help="Records to generate.")] = 10_000,
    json: Json = False,
) -> None:
    """Master three generated sources and show what came out. Uses the Dagster job build_hub."""
    from partyhub_dagster.answers.evaluation import evaluate_release
    from partyhub_dagster.answers.parties import example_party
    from partyhub_dagster.answers.status import read_status
    from partyhub_dagster.orchestration.run import run_job

    tell = progress(quiet=json)
    data, lake = demo_folder() / "data", demo_folder() / "lake"
    if not (data / "hub.yaml").exists():
        tell(f"generating {records:,} records of three sources")
        shutil.rmtree(data, ignore_errors=True)
        _generate(data, records, 1, 3)
    hub = open_hub(data / "hub.yaml", lake)
    if not run_job("build_hub", hub, tell):
        raise GateError(
            "The job build_hub failed; see the lines above.", remedy="Run `partyhub status` for reasons."
        )
    answer = read_status(hub)
    figures = evaluate_release(hub.place, data / "truth.csv")
    if json:
        say_json({"status": answer, "evaluation": figures})
        return
    _say_summary(answer, figures, hub, example_party(hub.place))


def _say_summary(status: dict[str, Any], figures: dict[str, Any], hub: Hub, example: str) -> None:
    home, data = hub.place.home, hub.config.root
    scores = figures["pairs"]
    say()
    say("Three sources (CRM, D&B, Markit) were mastered into one golden record per real party.")
    say_table([
        ("source records in", status["records"]),
        ("rows in quarantine, with reasons", status["quarantined"]),
        ("links found between records", status["edges"]),
        ("parties (golden records)", status["parties"]),
        ("parties merged across sources", status["parties_of_several_sources"]),
        ("quality checks passed", status["checks"]["passed"]),
        ("quality checks failed", status["checks"]["failed"]),
    ])  # fmt: skip
    say(
        f"Against the answer key: precision {scores['precision']:.4f}, recall {scores['recall']:.4f} over all pairs."
    )
    say(f"Release {status['release']}. Golden Parquet: {parquet_place(hub)}")
    say()
    say("What to try next:")
    say(
        f"  export PARTYHUB_HOME={home} PARTYHUB_CONFIG={data / 'hub.yaml'} PATH={Path(sys.executable).parent}:$PATH"
    )
    for command, meaning in (
        (f"partyhub show {example}", "a party of several sources: each value with its record and rule"),
        ("partyhub status", "how the hub stands, its checks and models"),
        (f"cp -r {data}/later/001/. {data}/inbox/", "deliver changes"),
        ("partyhub build", "an incremental build: only what changed"),
        ("partyhub verify", "the proof that incremental equals a rebuild"),
        ("make dev", "the same in Dagster's UI"),
    ):
        say(f"  {command}  # {meaning}")
