"""What the catalog knows of snapshots, and the leases that keep one for whoever reads it.

A lease is a shared OS lock on a file named after the snapshot: the system frees it when the reader dies, however it
dies. Upkeep takes the same lock alone before it lets a snapshot go.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import duckdb

from partyhub_dagster.lake.connection import LakePlace

CATALOG = "__ducklake_metadata_lake"
"""Under this name DuckLake attaches the catalog of the lake attached as `lake`."""
_FOLDER = "leases"


class Changes(NamedTuple):
    """The head epoch, by table the epoch of its newest change (0: none yet), and how many rows were ever put in."""

    head: int
    newest: dict[str, int]
    written: dict[str, int]


def snapshot_is_kept(con: duckdb.DuckDBPyConnection, snapshot: int) -> bool:
    """Tell whether the lake can still be read as of a snapshot."""
    return kept_snapshots(con, [snapshot]) == {snapshot}


def kept_snapshots(con: duckdb.DuckDBPyConnection, asked: Iterable[int]) -> set[int]:
    """Return those of the snapshots asked for that the lake can still be read as of."""
    listed = ", ".join(str(int(snapshot)) for snapshot in asked)
    rows = con.execute(
        f"select snapshot_id from {CATALOG}.ducklake_snapshot where snapshot_id in ({listed or 'null'})"
    ).fetchall()
    return {int(row[0]) for row in rows}


def read_changes(con: duckdb.DuckDBPyConnection) -> Changes:
    """Return the head epoch, and by table the epoch in which a row of it was last written or removed.

    The catalog knows the greatest epoch ever written to a table: no table is looked at. It sees what is committed,
    not what an open transaction has written.
    """
    rows = con.execute(_CHANGES).fetchall()
    newest = {name: epoch for name, epoch, _ in rows}
    return Changes(newest.pop(""), newest, {name: written for name, _, written in rows if name})


_CHANGES = f"""
    with head as (select epoch from lake.hub_epoch),
    written as (  -- rows of which the catalog knows no greatest epoch may be of today
        select t.table_name, coalesce(try_cast(c.max_value as bigint), (from head)) as epoch, s.record_count
        from {CATALOG}.ducklake_table as t
        join {CATALOG}.ducklake_table_stats as s using (table_id)
        left join (
            from {CATALOG}.ducklake_table_column_stats semi join (
                from {CATALOG}.ducklake_column where column_name = 'epoch' and end_snapshot is null
            ) using (table_id, column_id)
        ) as c using (table_id)
        where t.end_snapshot is null and s.record_count > 0
    ),
    removed as (
        select table_name, max(epoch) as epoch, 0 as record_count from lake.removed_keys group by table_name
    )
    select '' as name, epoch, 0::bigint from head
    union all
    select table_name, max(epoch), max(record_count)::bigint from (from written union all from removed)
    group by table_name
"""


@contextmanager
def lease(place: LakePlace, snapshot: int) -> Iterator[None]:
    """Keep a snapshot from upkeep while it is read; ends with the process at the latest."""
    folder = place.home / _FOLDER
    folder.mkdir(exist_ok=True, mode=0o700)
    handle = os.open(folder / str(snapshot), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def take_unleased(place: LakePlace, snapshots: Iterable[int]) -> Iterator[set[int]]:
    """Yield those of the snapshots that nobody reads; while inside, nobody can begin to.

    A reader that waits for one finds afterwards that it is gone, and takes another.
    """
    folder = place.home / _FOLDER
    held: dict[int, int] = {}
    files = {int(file.name) for file in folder.iterdir()} if folder.is_dir() else set()
    folder.mkdir(exist_ok=True, mode=0o700)
    wanted = set(snapshots)
    free = set(wanted)
    try:
        for snapshot in sorted(wanted & files):
            handle = os.open(folder / str(snapshot), os.O_RDWR)
            held[snapshot] = handle
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                free.discard(snapshot)
        yield free
        for snapshot in free & set(held):
            with suppress(OSError):
                (folder / str(snapshot)).unlink()
    finally:
        for handle in held.values():
            os.close(handle)
