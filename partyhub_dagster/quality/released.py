"""What the newest release held, beside the head: the views that the impact guard compares with."""

from collections.abc import Mapping

import duckdb

from partyhub_dagster.lake.metadata import Table, quote_name
from partyhub_dagster.lake.rollbacks import counting
from partyhub_dagster.lake.snapshots import CATALOG, Changes
from partyhub_dagster.lake.tables import NORMALIZED_PARTIES, PARTY_CLUSTERS
from partyhub_dagster.quality.copies import is_small

COMPARED = (NORMALIZED_PARTIES.name, PARTY_CLUSTERS.name, "golden_parties")
"""Tables of which rules can read `released_TABLE`: its rows as the release holds them."""


def show_released(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], changes: Changes) -> None:
    """Create the temp relations `released` (head_epoch; one row) and `released_TABLE` of every compared table.

    The release is the newest one older than the last change of what a release shows, so that releasing a state does
    not change what is said of it; one that was rolled back is passed over. Without one, head_epoch is that of the
    head and the tables are empty: nothing has changed against nothing.
    """
    snapshot, head_epoch = _release_before(con, changes.newest)
    con.execute(f"create or replace temp view released as select {head_epoch}::bigint as head_epoch")
    for name in COMPARED:
        source = f"lake.{name}" if snapshot is None else f"lake.{name} at (version => {snapshot})"
        selected = _selected(con, source, tables[name])
        none = " where false" if snapshot is None else ""
        form = "table" if is_small(con, changes, name) else "view"
        con.execute(f"create temp {form} released_{name} as select {selected} from {source}{none}")


def _release_before(con: duckdb.DuckDBPyConnection, newest: Mapping[str, int]) -> tuple[int | None, int]:
    changed = max(newest.get(name, 0) for name in (*COMPARED, "source_parties"))
    row = con.execute(
        "select snapshot, head_epoch from releases"
        f" where head_epoch < $changed and {counting(con)}"
        f" and snapshot in (select snapshot_id from {CATALOG}.ducklake_snapshot)"
        " order by number desc limit 1",
        {"changed": changed},
    ).fetchone()
    return (None, changed) if row is None or row[0] is None else (int(row[0]), int(row[1]))


def _selected(con: duckdb.DuckDBPyConnection, source: str, table: Table) -> str:
    """List today's columns; one that the release did not have, or of another type, is empty there."""
    held = {row[0]: row[1] for row in con.execute(f"describe select * from {source}").fetchall()}
    wanted = {row[0]: row[1] for row in con.execute(f"describe lake.{table.name}").fetchall()}
    return ", ".join(
        quote_name(name) if held.get(name) == sql_type else f"null::{sql_type} as {quote_name(name)}"
        for name, sql_type in wanted.items()
    )
