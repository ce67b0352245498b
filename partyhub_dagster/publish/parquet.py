"""Golden records of a release as Parquet files by party type, under an immutable run key."""

import hashlib
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from uuid import UUID

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import InvariantError, NotFoundError
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.publish.manifest import FORMAT, ExportedColumn, ExportedFile, Manifest
from partyhub_dagster.publish.place import RUNS, Place, open_place, staging, write_errors

ROWS_PER_FILE = 1_000_000
_UUID_SPACE = 2**128
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what its manifest says."""

    path: str
    problem: str


def export_release(
    con: duckdb.DuckDBPyConnection, config: HubConfig, home: Path, release: Release, golden: str
) -> Manifest:
    """Export the golden records of a release and make that export the current one.

    Reads `golden`: golden_parties as it is in `release`. Writes below `publish.parquet`.
    Guarantees: the same release is exported once, later calls only move the pointer; rows are sorted by party_id;
    a killed export leaves the pointer where it was; the newest `publish.keep_runs` runs and the current one stay.
    """
    place = open_place(config, home)
    run_key = run_key_of(release)
    with write_errors():
        manifest = place.manifest(run_key)
        if manifest is None or not place.sizes_agree(manifest):
            with staging(place, home) as folder:
                files = _write_files(con, golden, folder, run_key)
                manifest = _describe(con, config, release, golden, files)
                place.publish_run(folder, manifest)
        place.point_to(manifest)
        _remove_old_runs(place, config.publish.keep_runs, run_key)
    return manifest


def run_key_of(release: Release) -> str:
    """Name an export after its release: sorts by time, and tells releases of different hubs apart."""
    facts = (
        FORMAT,
        release.number,
        release.snapshot,
        release.head_epoch,
        release.run_id,
        release.config_hash,
    )
    told_apart = hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:8]
    return f"{release.released_at.astimezone(UTC):%Y%m%dT%H%M%S%f}-r{release.number:06d}-{told_apart}"


def read_manifest(config: HubConfig, home: Path) -> Manifest:
    """Read the manifest of the current export.

    Raises:
        NotFoundError: nothing was exported yet.
    """
    manifest = open_place(config, home).manifest()
    if manifest is None:
        raise NotFoundError("There is no export yet.", remedy="Run `partyhub build`, then `partyhub export`.")
    return manifest


def check_export(config: HubConfig, home: Path) -> list[Damage]:
    """Read every file of the current export and list those that are missing or differ from the manifest."""
    place = open_place(config, home)
    return [
        Damage(file.path, problem)
        for file in read_manifest(config, home).files
        if (problem := _problem(place, file)) is not None
    ]


def _problem(place: Place, file: ExportedFile) -> str | None:
    at = place.path(file.path)
    if not place.fs.exists(at):
        return "missing"
    if place.fs.size(at) != file.bytes:
        return "size differs"
    with place.fs.open(at, "rb") as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return None if digest.hexdigest() == file.sha256 else "content differs"


def _write_files(
    con: duckdb.DuckDBPyConnection, golden: str, folder: Path, run_key: str
) -> list[ExportedFile]:
    counts = con.execute(
        f"select party_type, count(*) from {quote_name(golden)} group by party_type order by party_type"
    ).fetchall()
    if any(party_type is None for party_type, _ in counts):
        raise InvariantError(
            "Some golden records have no party type; nothing was exported.",
            remedy="Run `partyhub build --full`; if it repeats, report it.",
        )
    columns = ", ".join(f"{text} as {quote_name(name)}" for name, text in _exported(con, golden))
    files = []
    for party_type, rows in counts:
        parts = -(-rows // ROWS_PER_FILE)
        for part in range(parts):
            path = f"{RUNS}/{run_key}/party_type={party_type}/part-{part:04d}.parquet"
            condition = f"party_type = {quote_text(party_type)} and {_range(part, parts)}"
            query = f"select {columns} from {quote_name(golden)} where {condition} order by party_id"
            files.append(_write_file(con, query, folder, path, party_type))
    return files


def _exported(con: duckdb.DuckDBPyConnection, golden: str) -> list[tuple[str, str]]:
    """Name the exported columns with their expressions. Ids go out as text: not every reader knows UUID."""
    described = con.execute(f"describe select * from {quote_name(golden)}").fetchall()
    found = []
    for name, sql_type, *_ in described:
        text_type = sql_type.replace("UUID", "VARCHAR") if name in ("party_id", "provenance") else sql_type
        if name not in ("party_type", "epoch"):
            found.append((name, f"{quote_name(name)}::{text_type}"))
    return found


def _range(part: int, parts: int) -> str:
    """Return the condition for one of several equal ranges of party_id; ids are hashes, so ranges are even."""
    bounds = []
    if part > 0:
        bounds.append(f"party_id >= '{UUID(int=part * _UUID_SPACE // parts)}'::uuid")
    if part + 1 < parts:
        bounds.append(f"party_id < '{UUID(int=(part + 1) * _UUID_SPACE // parts)}'::uuid")
    return " and ".join(bounds) or "true"


def _write_file(
    con: duckdb.DuckDBPyConnection, query: str, folder: Path, path: str, party_type: str
) -> ExportedFile:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    (rows,) = con.execute(
        f"copy ({query}) to {quote_text(str(target))} (format parquet, compression zstd, row_group_size 122880)"
    ).fetchone() or (0,)
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ExportedFile(
        path=path, party_type=party_type, rows=rows, bytes=target.stat().st_size, sha256=digest
    )


def _describe(
    con: duckdb.DuckDBPyConnection,
    config: HubConfig,
    release: Release,
    golden: str,
    files: list[ExportedFile],
) -> Manifest:
    columns = ", ".join(f"{text} as {quote_name(name)}" for name, text in _exported(con, golden))
    described = con.execute(f"describe select {columns}, party_type from {quote_name(golden)}").fetchall()
    return Manifest(
        run_key=run_key_of(release),
        hub=config.name,
        release=release.number,
        released_at=release.released_at.astimezone(UTC),
        head_epoch=release.head_epoch,
        snapshot=release.snapshot,
        models=release.models,
        config_hash=release.config_hash,
        columns=[ExportedColumn(name=name, type=sql_type) for name, sql_type, *_ in described],
        rows=sum(file.rows for file in files),
        bytes=sum(file.bytes for file in files),
        files=files,
    )


def _remove_old_runs(place: Place, keep: int, current: str) -> None:
    """Delete runs that are not whole, and whole ones beyond the newest `keep`; never the current one."""
    whole = [key for key in place.run_keys() if place.manifest(key) is not None]
    kept = {current, *whole[-keep:]}
    for key in place.run_keys():
        if key not in kept:
            place.remove_run(key)
