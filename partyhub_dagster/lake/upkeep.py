"""Upkeep: what nothing needs any more goes; what a release, a watermark or a reader needs stays as it is.

Snapshots between releases and of old releases expire, small files are merged, deleted rows leave their files, and
files that nothing names are deleted after a time of grace. Under the write lock, and held against a copy: if a kept
release read otherwise afterwards, the catalog is put back and nothing has happened.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from partyhub_dagster.config.upkeep import Upkeep
from partyhub_dagster.errors import InvariantError, LakeError
from partyhub_dagster.lake.catalog import CatalogSize, catalog_size, copy_catalog, named_files, shrink_catalog
from partyhub_dagster.lake.connection import LakePlace, locked
from partyhub_dagster.lake.fingerprints import release_fingerprints
from partyhub_dagster.lake.rollbacks import counting, shown_release, standing_rollback
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.snapshots import CATALOG, take_unleased
from partyhub_dagster.lake.tables import (
    ACCEPTANCES,
    DQ_PARTS,
    DQ_RESULTS,
    REMOVED_KEYS,
    RUN_STAGES,
    STREAM_MESSAGES,
)
from partyhub_dagster.lake.write import end_reading, write_transaction

FILES_LOCK = "files.lock"
"""Held by whoever deletes files of the lake, or copies them."""
_COMPARED = ("normalized_parties", "party_clusters", "golden_parties", "source_parties")
_REWRITE_SHARE = 0.2
"""Files of which more than this share of the rows is deleted are written anew."""


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """What one upkeep did, or would do."""

    releases_kept: int
    snapshots_expired: int
    snapshots_leased: int
    removed_keys_pruned: int
    results_pruned: int
    files_deleted: int
    orphans_deleted: int
    before: CatalogSize
    after: CatalogSize
    data_bytes_before: int
    data_bytes_after: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Plan:
    releases: dict[int, int]
    """Snapshot of every release that stays, by number."""
    expiring: set[int]
    floor: int
    """Removed keys up to this epoch have been seen by everybody."""


def keep_up(session: Session, keep: Upkeep, now: datetime, *, dry_run: bool = False) -> UpkeepReport:
    """Do the upkeep, or say what it would do; return what was done.

    Raises:
        BusyError: a backup is being made.
        InvariantError: a kept release would have read otherwise; the catalog was put back.
    """
    began = time.monotonic()
    place, con = session.place, session.con
    with locked(place.home / FILES_LOCK, wait=False, holder="upkeep or backup"):
        before, bytes_before = catalog_size(place.catalog), _bytes_of(place.data)
        plan = _plan(con, keep, now)
        pruned = _prune(session, plan.floor, dry_run=dry_run)
        old_results, old_messages = (
            now - timedelta(days=days) for days in (keep.keep_results_days, keep.keep_messages_days)
        )
        results = _prune_results(session, old_results, old_messages, dry_run=dry_run)
        with take_unleased(place, plan.expiring) as free:
            if not dry_run:
                _compact(session, plan, free)
        deadline = now - timedelta(hours=keep.delete_after_hours)
        deleted = _delete(con, "ducklake_cleanup_old_files", place, deadline, dry_run=dry_run)
        orphans = _delete(con, "ducklake_delete_orphaned_files", place, deadline, dry_run=dry_run)
        if not dry_run:
            shrink_catalog(place.catalog)
        return UpkeepReport(
            releases_kept=len(plan.releases),
            snapshots_expired=len(free),
            snapshots_leased=len(plan.expiring - free),
            removed_keys_pruned=pruned,
            results_pruned=results,
            files_deleted=deleted,
            orphans_deleted=orphans,
            before=before,
            after=catalog_size(place.catalog),
            data_bytes_before=bytes_before,
            data_bytes_after=_bytes_of(place.data),
            seconds=round(time.monotonic() - began, 3),
        )


def _plan(con: duckdb.DuckDBPyConnection, keep: Upkeep, now: datetime) -> _Plan:
    shown, standing = shown_release(con), standing_rollback(con)
    named = {release for release in (shown and shown.number, standing and standing.release) if release}
    named |= _compared_release(con)
    rows = con.execute(
        "select number, snapshot, head_epoch from lake.releases"
        " where number > (select max(number) from lake.releases) - $n or released_at >= $since::timestamptz"
        f" or number in ({', '.join(map(str, named)) or 'null'})",
        {"n": keep.keep_releases, "since": (now - timedelta(days=keep.keep_days)).isoformat()},
    ).fetchall()
    present = {
        int(row[0]) for row in con.execute(f"select snapshot_id from {CATALOG}.ducklake_snapshot").fetchall()
    }
    releases = {number: snapshot for number, snapshot, _ in rows if snapshot in present}
    watermark = con.execute("select min(watermark) from lake.watermarks").fetchone()
    seen = [epoch for _, _, epoch in rows] + (
        [watermark[0]] if watermark and watermark[0] is not None else []
    )
    expiring = present - set(releases.values()) - {max(present)}
    return _Plan(releases, expiring, min(seen, default=0) if rows else 0)


def _compared_release(con: duckdb.DuckDBPyConnection) -> set[int]:
    """Return the release that the impact guard compares with: the newest before the last change of what it shows."""
    parts = " union all ".join(f"select max(epoch) as epoch from lake.{table}" for table in _COMPARED)
    gone = f"select max(epoch) from lake.removed_keys where table_name in {_COMPARED}"
    row = con.execute(
        f"select max(number) from lake.releases as releases where {counting(con)}"
        f" and head_epoch < (select max(epoch) from ({parts} union all {gone}))"
    ).fetchone()
    return {int(row[0])} if row and row[0] is not None else set()


def _prune(session: Session, floor: int, *, dry_run: bool) -> int:
    """Forget removed keys that every stage and every kept release has seen."""
    count = session.count(f"(from {REMOVED_KEYS.name} where epoch <= {floor})")
    if count and not dry_run:
        with write_transaction(session) as transaction:
            transaction.delete(REMOVED_KEYS.name, f"epoch <= {floor}")
    return count


def _prune_results(session: Session, until: datetime, messages_until: datetime, *, dry_run: bool) -> int:
    """Forget results of checks and times of stages of before `until`, and messages read before; return how many rows.

    The newest result of each check stays, since the gate and the next evaluation ask for it, and so does every one
    that a person accepted. A message in quarantine stays, as it may be replayed.
    """
    con, before = session.con, f"< '{until.isoformat()}'::timestamptz"
    con.execute(
        f"create or replace temp table old_results as select result_id from lake.{DQ_RESULTS.name}"
        f" where checked_at {before} and result_id not in (select result_id from lake.{ACCEPTANCES.name})"
        f" and result_id not in (select arg_max(result_id, epoch) from lake.{DQ_RESULTS.name} group by rule)"
    )
    old = {
        DQ_PARTS.name: "result_id in (from old_results)",
        DQ_RESULTS.name: "result_id in (from old_results)",
        RUN_STAGES.name: f"written_at {before}",
        STREAM_MESSAGES.name: "outcome <> 'quarantined' and load_id in (select load_id from lake.load_audit"
        f" where started_at < '{messages_until.isoformat()}'::timestamptz)",
    }
    count = sum(session.count(f"(from lake.{table} where {which})") for table, which in old.items())
    if count and not dry_run:
        with write_transaction(session) as transaction:
            for table, which in old.items():
                transaction.delete(table, which)
    session.drop("old_results")
    return count


def _compact(session: Session, plan: _Plan, expiring: set[int]) -> None:
    place, con = session.place, session.con
    end_reading(con)
    with locked(place.home / "write.lock", wait=True, holder="writer"), _kept_copy(place) as copy:
        newest = max(
            row[0]
            for row in con.execute(f"select max(snapshot_id) from {CATALOG}.ducklake_snapshot").fetchall()
        )
        snapshots = sorted({*plan.releases.values(), newest})
        told = release_fingerprints(con, snapshots)
        try:
            if expiring:
                listed = ", ".join(map(str, sorted(expiring)))
                con.execute(f"call ducklake_expire_snapshots('lake', versions => [{listed}])")
            con.execute("call ducklake_flush_inlined_data('lake')")
            con.execute("call ducklake_merge_adjacent_files('lake')")
            con.execute(f"call ducklake_rewrite_data_files('lake', delete_threshold => {_REWRITE_SHARE})")
            same = release_fingerprints(con, snapshots) == told
        except duckdb.Error as error:
            copy_catalog(copy, place.catalog)
            raise LakeError(
                f"Upkeep failed ({type(error).__name__}); the catalog was put back, and nothing has changed.",
                remedy="Check disk space and permissions of the hub's folder and run again.",
            ) from None
        if not same:
            copy_catalog(copy, place.catalog)
            raise InvariantError(
                "A kept release would have read otherwise after compaction; the catalog was put back,"
                " and nothing has changed.",
                remedy="Report it with the versions of DuckDB and its ducklake extension; builds are not affected.",
            )


@contextmanager
def _kept_copy(place: LakePlace) -> Iterator[Path]:
    copy = place.home / "catalog.before-upkeep.sqlite"
    copy.unlink(missing_ok=True)
    try:
        copy_catalog(place.catalog, copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _delete(
    con: duckdb.DuckDBPyConnection, function: str, place: LakePlace, deadline: datetime, *, dry_run: bool
) -> int:
    """Delete what a function of DuckLake lists; return how many files.

    Raises:
        InvariantError: it lists a file that a snapshot needs; nothing was deleted.
    """
    given = f"older_than => '{deadline.isoformat()}'::timestamptz"
    rows = con.execute(f"call {function}('lake', dry_run => true, {given})").fetchall()
    listed = {str(Path(row[0]).resolve()) for row in rows}
    needed = {str((place.data / path).resolve()) for path in named_files(place.catalog)}
    if listed & needed:
        raise InvariantError(
            f"{len(listed & needed)} files that a snapshot needs were listed as unused; none was deleted.",
            remedy="Report it with the versions of DuckDB and its ducklake extension.",
        )
    if listed and not dry_run:
        con.execute(f"call {function}('lake', {given})")
    return len(listed)


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
