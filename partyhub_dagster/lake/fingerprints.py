"""What a snapshot says, in one figure a table: keys and the write that last changed each, in no order."""

from collections.abc import Iterable

import duckdb

from partyhub_dagster.lake.metadata import quote_name
from partyhub_dagster.lake.tables import all_tables

Fingerprints = dict[tuple[int, str], tuple[int, int]]


def release_fingerprints(con: duckdb.DuckDBPyConnection, snapshots: Iterable[int]) -> Fingerprints:
    """Return rows and a sum of hashes by snapshot and table.

    Every row carries the epoch that last wrote it, so key and epoch stand for the row.
    """
    found: Fingerprints = {}
    for snapshot in snapshots:
        parts = [
            f"select '{name}', count(*)::bigint, coalesce(sum(hash({keys}, epoch)::hugeint), 0)::hugeint"
            f" from lake.{name} at (version => {snapshot})"
            for name, keys in _tables_at(con, snapshot).items()
        ]
        for name, rows, total in con.execute(" union all ".join(parts)).fetchall():
            found[snapshot, name] = (rows, total)
    return found


def _tables_at(con: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, str]:
    present = {
        row[0]
        for row in con.execute(
            "select table_name from __ducklake_metadata_lake.ducklake_table"
            f" where begin_snapshot <= {snapshot} and (end_snapshot is null or end_snapshot > {snapshot})"
        ).fetchall()
    }
    tables = all_tables(())
    return {
        name: ", ".join(quote_name(key) for key in tables[name].key) for name in sorted(present & set(tables))
    }
