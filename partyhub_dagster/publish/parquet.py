"""Golden records of a release as Parquet files by party type and bucket, those that did not change used again."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.publish.buckets import (
    Bucket,
    FilePlan,
    Prefix,
    bucket_of,
    changed_prefixes,
    earlier_release,
    plan_files,
    slices,
)
from partyhub_dagster.publish.manifest import FORMAT, ExportedColumn, ExportedFile, Manifest
from partyhub_dagster.publish.place import DATA, Place, open_place, write_errors
from partyhub_dagster.publish.s3 import S3Client, client_from_environment

ROWS_AT_ONCE = 1_000_000
"""Rows that are sorted together."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what its manifest says."""

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class Export:
    """What an export did: its manifest, and how many of the files were written for it."""

    manifest: Manifest
    files_written: int
    bytes_written: int
    files_removed: int


def export_release(
    con: duckdb.DuckDBPyConnection,
    config: HubConfig,
    home: Path,
    release: Release,
    golden: str,
    s3_client: S3Client = client_from_environment,
    *,
    full: bool = False,
) -> Export:
    """Export the golden records of a release and make that export the current one.

    Reads `golden`: golden_parties as it is in `release`. Writes below `publish.parquet`; `full` writes every file.
    Guarantees: files named by a manifest never change; a killed export leaves the pointer where it was, and so does
    one that another overtook; rows are sorted by party_id within a file.

    Raises:
        StaleError: another export moved the pointer meanwhile; that one stays.
    """
    place = open_place(config, home, s3_client)
    with write_errors():
        found = place.current()
        before = None if found.manifest is None else _without_lost_files(place, found.manifest)
        columns = _columns(con, golden)
        if before is not None and before.columns != columns:
            before = None
        dirty = None if full else _dirty(con, golden, release, before)
        plan = plan_files(con, golden, config.publish.rows_per_file, before, dirty)
        with place.staging() as folder:
            written = [
                file
                for group in slices(plan.written, ROWS_AT_ONCE)
                for file in _write_group(con, golden, place, folder, plan, group)
            ]
        manifest = _describe(config, release, columns, plan, written)
        if manifest != found.manifest:
            place.switch(manifest, found)
        removed = place.clean(config.publish, manifest, datetime.now(UTC))
    return Export(manifest, len(written), sum(file.bytes for file in written), removed)


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


def read_manifest(config: HubConfig, home: Path, s3_client: S3Client = client_from_environment) -> Manifest:
    """Read the manifest of the current export.

    Raises:
        NotFoundError: nothing was exported yet.
    """
    return _require_manifest(open_place(config, home, s3_client))


def check_export(
    config: HubConfig, home: Path, s3_client: S3Client = client_from_environment
) -> list[Damage]:
    """Read every file of the current export and list those that are missing or differ from the manifest."""
    place = open_place(config, home, s3_client)
    sizes = place.sizes()
    return [
        Damage(file.path, problem)
        for file in _require_manifest(place).files
        if (problem := _problem(place, file, sizes)) is not None
    ]


def _require_manifest(place: Place) -> Manifest:
    manifest = place.current().manifest
    if manifest is None:
        raise NotFoundError("There is no export yet.", remedy="Run `partyhub build`, then `partyhub export`.")
    return manifest


def _problem(place: Place, file: ExportedFile, sizes: dict[str, int]) -> str | None:
    if file.path not in sizes:
        return "missing"
    if sizes[file.path] != file.bytes:
        return "size differs"
    with place.store.open(file.path) as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return None if digest.hexdigest() == file.sha256 else "content differs"


def _without_lost_files(place: Place, manifest: Manifest) -> Manifest:
    """Leave out files that are gone or were cut short: they are written again."""
    sizes = place.sizes()
    there = [file for file in manifest.files if sizes.get(file.path) == file.bytes]
    return manifest.model_copy(update={"files": there})


def _dirty(
    con: duckdb.DuckDBPyConnection, golden: str, release: Release, before: Manifest | None
) -> set[Prefix] | None:
    earlier = earlier_release(con, before)
    run_key = None if earlier is None else run_key_of(earlier)
    return changed_prefixes(con, golden, release, before, run_key)


def _columns(con: duckdb.DuckDBPyConnection, golden: str) -> list[ExportedColumn]:
    selected = ", ".join(f"{text} as {quote_name(name)}" for name, text in _exported(con, golden))
    described = con.execute(f"describe select {selected}, party_type from {quote_name(golden)}").fetchall()
    return [ExportedColumn(name=name, type=sql_type) for name, sql_type, *_ in described]


def _exported(con: duckdb.DuckDBPyConnection, golden: str) -> list[tuple[str, str]]:
    """Name the exported columns with their expressions. Ids go out as text: not every reader knows UUID."""
    described = con.execute(f"describe select * from {quote_name(golden)}").fetchall()
    found = []
    for name, sql_type, *_ in described:
        text_type = sql_type.replace("UUID", "VARCHAR") if name in ("party_id", "provenance") else sql_type
        if name not in ("party_type", "epoch"):
            found.append((name, f"{quote_name(name)}::{text_type}"))
    return found


def _write_group(
    con: duckdb.DuckDBPyConnection,
    golden: str,
    place: Place,
    folder: Path,
    plan: FilePlan,
    group: Sequence[Bucket],
) -> list[ExportedFile]:
    """Sort the rows of some buckets once, then write and put their files."""
    columns = ", ".join(f"{text} as {quote_name(name)}" for name, text in _exported(con, golden))
    wanted = ", ".join(f"({quote_text(bucket.party_type)}, {bucket.number})" for bucket in group)
    number = bucket_of(plan.buckets)
    con.execute(
        f"create or replace temp table exported_rows as select {columns} from {quote_name(golden)}"
        f" where (party_type, {number}) in ({wanted}) order by party_type, {number}, party_id"
    )
    files, at = [], 0
    for bucket in group:
        rows = plan.written[bucket]
        files.append(_write_file(con, folder, plan, bucket, range(at, at + rows)))
        at += rows
    con.execute("drop table exported_rows")
    place.store.put_files([(folder / file.path, file.path) for file in files])
    return files


def _write_file(
    con: duckdb.DuckDBPyConnection, folder: Path, plan: FilePlan, bucket: Bucket, rows: range
) -> ExportedFile:
    target = folder / "being-written.parquet"
    con.execute(
        f"copy (select * from exported_rows where rowid between {rows.start} and {rows.stop - 1} order by rowid)"
        f" to {quote_text(str(target))} (format parquet, compression zstd, row_group_size 122880)"
    )
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    count = plan.buckets[bucket.party_type]
    name = f"bucket-{bucket.number:04d}-of-{count:04d}-{digest[:16]}.parquet"
    path = f"{DATA}/party_type={bucket.party_type}/{name}"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    size = target.stat().st_size
    target.rename(folder / path)
    return ExportedFile(
        path=path,
        party_type=bucket.party_type,
        bucket=bucket.number,
        rows=len(rows),
        bytes=size,
        sha256=digest,
    )


def _describe(
    config: HubConfig,
    release: Release,
    columns: list[ExportedColumn],
    plan: FilePlan,
    written: list[ExportedFile],
) -> Manifest:
    files = sorted([*plan.kept, *written], key=lambda file: (file.party_type, file.bucket))
    return Manifest(
        run_key=run_key_of(release),
        hub=config.name,
        release=release.number,
        released_at=release.released_at.astimezone(UTC),
        head_epoch=release.head_epoch,
        snapshot=release.snapshot,
        lineage_seq=release.lineage_seq,
        models=release.models,
        config_hash=release.config_hash,
        buckets=dict(plan.buckets),
        columns=columns,
        rows=sum(file.rows for file in files),
        bytes=sum(file.bytes for file in files),
        files=files,
    )
