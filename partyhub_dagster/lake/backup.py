"""A copy of the embedded lake that can be taken while builds go on, and putting it back.

The catalog is copied under the write lock, so the copy is a state between two writes; the files that it names never
change, and upkeep, which alone deletes them, waits until they are copied too. A backup is a folder or one
`.tar.zst`: catalog.sqlite, data/, hub.yaml as it was, and manifest.json with the checksum of every file.
"""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath

import duckdb
from pydantic import BaseModel, ValidationError

from partyhub_dagster.errors import LakeError
from partyhub_dagster.lake.archive import CHUNK_BYTES, pack, unpack
from partyhub_dagster.lake.catalog import (
    copy_catalog,
    forget_scheduled_files,
    named_files,
    problem_of,
    settle_catalog,
)
from partyhub_dagster.lake.connection import LakePlace, locked
from partyhub_dagster.lake.fingerprints import release_fingerprints
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.lake.snapshots import CATALOG
from partyhub_dagster.lake.tables import SCHEMA_VERSION
from partyhub_dagster.lake.upkeep import FILES_LOCK

MANIFEST = "manifest.json"
CATALOG_FILE = "catalog.sqlite"
CONFIG_FILE = "hub.yaml"


class BackedUpFile(BaseModel):
    """One file of a backup."""

    path: str
    bytes: int
    sha256: str


class BackedUpTable(BaseModel):
    """What a table said at a snapshot when it was backed up."""

    snapshot: int
    name: str
    rows: int
    fingerprint: str


class BackupManifest(BaseModel):
    """What a backup holds."""

    format: int = 1
    created_at: datetime
    schema_version: int
    duckdb: str
    release: int | None
    tables: list[BackedUpTable]
    files: list[BackedUpFile]


def back_up(place: LakePlace, config: Path, out: Path, now: datetime) -> BackupManifest:
    """Copy the lake and its hub.yaml to a new folder, or a new file where `out` ends in .tar.zst.

    Guarantees: whole or not there; works beside a build.

    Raises:
        LakeError: there is no hub, `out` is there already, or it cannot be written.
        BusyError: upkeep or another backup is at work.
    """
    if out.exists():
        raise LakeError(
            f"{out} is there already; nothing was backed up.", remedy="Name a new file or folder."
        )
    with place.connect(read_only=True) as con, locked(
        place.home / FILES_LOCK, wait=False, holder="upkeep or backup"
    ), _staging(place) as staging, _told(out):  # fmt: skip
        with locked(place.home / "write.lock", wait=True, holder="writer"):
            copy_catalog(place.catalog, staging / CATALOG_FILE)
            (snapshot,) = con.execute(
                f"select max(snapshot_id) from {CATALOG}.ducklake_snapshot"
            ).fetchone() or (0,)
        forget_scheduled_files(staging / CATALOG_FILE)
        shutil.copyfile(config, staging / CONFIG_FILE)
        sources = {CATALOG_FILE: staging / CATALOG_FILE, CONFIG_FILE: staging / CONFIG_FILE}
        sources |= {f"data/{path}": place.data / path for path in named_files(staging / CATALOG_FILE)}
        manifest = _describe(con, int(snapshot), sources, now)
        (staging / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        pack({**sources, MANIFEST: staging / MANIFEST}, out)
    return manifest


def restore(place: LakePlace, backup: Path, *, force: bool) -> BackupManifest:
    """Put a backup in the place of a hub that is gone or, with `force`, of the one that is there.

    Guarantees: the hub is what the backup says, or nothing has changed: everything is checked before.

    Raises:
        LakeError: there is a hub and no `force`; or the backup is damaged or of other tables.
        BusyError: a run, upkeep or a backup is at work on the hub.
    """
    if not backup.exists():
        raise LakeError(f"There is no backup at {backup}.", remedy="Name the folder or file of a backup.")
    if place.catalog.exists() and not force:
        raise LakeError(
            f"There is a hub in {place.home} already; nothing was restored.",
            remedy="Set PARTYHUB_HOME to an empty folder, or replace that hub with --force.",
        )
    place.prepare()
    with (
        locked(place.home / "run.lock", wait=False, holder="run"),
        locked(place.home / FILES_LOCK, wait=False, holder="upkeep or backup"),
        _staging(place) as staging,
        _told(place.home),
    ):
        unpack(backup, staging)
        manifest = _read_manifest(staging)
        _check_files(staging, manifest)
        _check_tables(LakePlace(staging, place.threads, place.memory_limit), manifest)
        with locked(place.home / "write.lock", wait=True, holder="writer"):
            _move_in(place, staging, manifest)
    return manifest


@contextmanager
def _staging(place: LakePlace) -> Iterator[Path]:
    folder = place.home / f"backup-{uuid.uuid4()}.partial"
    for left in place.home.glob(
        "backup-*.partial"
    ):  # of a process that was killed: the lock says nobody is at work
        shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _told(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"{where} could not be read or written ({type(error).__name__}); nothing was left half-done.",
            remedy="Check permissions and disk space, then try again.",
        ) from None


def _describe(
    con: duckdb.DuckDBPyConnection, snapshot: int, sources: dict[str, Path], now: datetime
) -> BackupManifest:
    release = shown_release(con)
    snapshots = sorted({snapshot} | (set() if release is None else {release.snapshot}))
    return BackupManifest(
        created_at=now,
        schema_version=SCHEMA_VERSION,
        duckdb=duckdb.__version__,
        release=None if release is None else release.number,
        tables=_tables(con, snapshots),
        files=[
            BackedUpFile(path=name, bytes=file.stat().st_size, sha256=_sha256(file))
            for name, file in sources.items()
        ],
    )


def _tables(con: duckdb.DuckDBPyConnection, snapshots: list[int]) -> list[BackedUpTable]:
    return [
        BackedUpTable(snapshot=at, name=name, rows=rows, fingerprint=str(total))
        for (at, name), (rows, total) in release_fingerprints(con, snapshots).items()
    ]


def _read_manifest(folder: Path) -> BackupManifest:
    try:
        manifest = BackupManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, ValidationError):
        raise _damaged("it has no manifest that can be read") from None
    if manifest.schema_version != SCHEMA_VERSION:
        raise LakeError(
            f"The backup's tables have schema version {manifest.schema_version}; this program reads version"
            f" {SCHEMA_VERSION}; nothing was restored.",
            remedy="Restore it with the version of `partyhub` that made it.",
        )
    return manifest


def _check_files(folder: Path, manifest: BackupManifest) -> None:
    for held in manifest.files:
        file = folder / held.path
        if not file.is_file():
            raise _damaged(f"{PurePosixPath(held.path).name} is missing")
        if _sha256(file) != held.sha256:
            raise _damaged(f"the checksum of {PurePosixPath(held.path).name} differs")
    if problem := problem_of(folder / CATALOG_FILE):
        raise _damaged(f"the catalog is broken: {problem}")


def _check_tables(place: LakePlace, manifest: BackupManifest) -> None:
    with place.connect(read_only=True) as con:
        found = _tables(con, sorted({table.snapshot for table in manifest.tables}))
    same_hash = manifest.duckdb == duckdb.__version__
    told = [
        {(t.snapshot, t.name, t.rows, t.fingerprint if same_hash else "") for t in tables}
        for tables in (manifest.tables, found)
    ]
    if told[0] != told[1]:
        names = ", ".join(sorted({name for _, name, _, _ in told[0] ^ told[1]}))
        raise _damaged(f"tables do not hold what was backed up: {names}")


def _move_in(place: LakePlace, staging: Path, manifest: BackupManifest) -> None:
    """Let the catalog, which alone says what a hub is, be the last: until then the hub is what it was."""
    for held in manifest.files:
        if held.path.startswith("data/"):
            target = place.home / held.path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (staging / held.path).replace(target)
    (staging / CONFIG_FILE).replace(place.home / CONFIG_FILE)
    settle_catalog(staging / CATALOG_FILE)
    if place.catalog.exists():
        settle_catalog(place.catalog)
    for suffix in ("-wal", "-shm"):
        place.catalog.with_name(place.catalog.name + suffix).unlink(missing_ok=True)
    (staging / CATALOG_FILE).replace(place.catalog)
    handle = os.open(place.home, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _damaged(why: str) -> LakeError:
    return LakeError(
        f"The backup cannot be restored: {why}; nothing has changed.", remedy="Restore another backup."
    )
