"""Copies of small tables that rules read: a look at a table of the lake costs some 10 ms, at a copy under 1."""

from collections import Counter
from collections.abc import Collection, Sequence

import duckdb

from partyhub_dagster.lake.snapshots import Changes
from partyhub_dagster.quality.rule import Rule

_SMALL = 20_000  # rows


def is_small(con: duckdb.DuckDBPyConnection, changes: Changes, table: str) -> bool:
    """Tell whether a table is worth a copy; rows are counted only if more were ever put in."""
    if changes.written.get(table, 0) <= _SMALL:
        return True
    row = con.execute(f"select count(*) from lake.{table}").fetchone()
    return row is not None and row[0] <= _SMALL


def copy_small_tables(
    con: duckdb.DuckDBPyConnection, rules: Sequence[Rule], changes: Changes, copied: Collection[str]
) -> None:
    """Create temp tables that hide tables of the lake: small ones that several rules read, and all that are empty.

    Those that are `copied` already are left out.

    Inside a transaction that is rolled back, and the copies with it. It halves what the checks of a small hub take.
    """
    readers = Counter(name for rule in rules for name in rule.reads)
    for name, written in changes.written.items():
        if name in copied:
            continue
        if changes.newest[name] == 0 and written <= 1:  # the row that every new table had
            con.execute(f"create temp table {name} as from lake.{name} where false")
        elif readers[name] > 1 and is_small(con, changes, name):
            con.execute(f"create temp table {name} as from lake.{name}")
