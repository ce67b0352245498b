"""Copies of the lake's tables in the memory of a session, which follow every write.

A look at a table of the lake costs 10 ms, however few its rows: nearly all of it goes into the catalog. A copy is a
temp table, which hides the table of the lake under its name, and costs less than 1 ms. What a session writes it writes
to both, in one transaction; what others write is noticed by the epoch, and everything is copied anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.lake.snapshots import Changes, read_changes

NEVER_COPIED = "hub_epoch"
"""The gate itself: what tells whether copies are the head must not be one."""

MOST_ROWS_WRITTEN = 100_000
"""A table that more rows are written to at once is read from the lake from then on.

DuckDB 1.5.5 loses an insert of 122,880 rows or more into a temp table of the same transaction, if an insert or query
before it gave the table no row. And who writes so much does not wait for look-ups.
"""


@dataclass(slots=True)
class Copies:
    """The tables that a session reads from copies; none until `begin`."""

    names: set[str] = field(default_factory=set)
    _tables: Mapping[str, Table] = field(default_factory=dict)
    _let_go: set[str] = field(default_factory=set)
    _changes: Changes | None = None
    """Of the state of the lake that the copies are; None: not known."""
    _stamp: object = None
    _writing: bool = False

    def begin(self, place: LakePlace, con: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> None:
        """Read these tables from copies from here on. Not inside a transaction."""
        self._tables = {name: table for name, table in tables.items() if name != NEVER_COPIED}
        self.follow(place, con)

    @property
    def in_use(self) -> bool:
        """Whether anything is read from copies."""
        return bool(self._tables)

    def changes(self, place: LakePlace, con: duckdb.DuckDBPyConnection) -> Changes:
        """Return what changed when, of the state that the copies are: the head, unless somebody writes this moment."""
        self.follow(place, con)
        return self._changes or read_changes(con)

    def follow(self, place: LakePlace, con: duckdb.DuckDBPyConnection) -> None:
        """Copy everything anew if somebody else has written. Not inside a transaction, unless it is our own write."""
        if self._writing or not self._tables:
            return
        stamp = place.stamp()  # before looking: what is written meanwhile is seen the next time
        if self._changes is None or (stamp != self._stamp and _epoch(con) != self._changes.head):
            con.execute("begin")
            try:
                self._copy(con)
            except BaseException:
                con.execute("rollback")
                raise
            con.execute("commit")
        self._stamp = stamp

    def begin_write(self, con: duckdb.DuckDBPyConnection, epoch: int) -> None:
        """Catch up with what was written before this epoch, inside the transaction that writes it."""
        self._writing = True
        if self._tables and (self._changes is None or self._changes.head != epoch - 1):
            self._copy(con)

    def end_write(self, epoch: int, touched: Mapping[str, int], place: LakePlace) -> None:
        """Take note of a commit; the gate is still held, so that the lake's files are as we left them."""
        self._writing = False
        if self._changes is not None:
            held = self._changes
            written = {name: held.written.get(name, 0) + rows for name, rows in touched.items()}
            newest = dict.fromkeys(touched, epoch)
            self._changes = Changes(epoch, {**held.newest, **newest}, {**held.written, **written})
            self._stamp = place.stamp()

    def abandon_write(self) -> None:
        """Take note of a rollback; copies went back with it, and are made anew before they are read."""
        self._writing = False
        self._changes = None

    def let_go(self, con: duckdb.DuckDBPyConnection, name: str) -> None:
        """Read a table from the lake from here on, also if the transaction that this is in does not hold."""
        self._tables = {held: table for held, table in self._tables.items() if held != name}
        self._let_go.add(name)
        self.names.discard(name)
        con.execute(f"drop table temp.main.{name}")

    def _copy(self, con: duckdb.DuckDBPyConnection) -> None:
        changes = read_changes(con)
        for name in self._let_go:
            con.execute(f"drop table if exists temp.main.{name}")
        for name, table in self._tables.items():
            if (
                changes.newest.get(name, 0) == 0 and changes.written.get(name, 0) <= 1
            ):  # never had a row of ours
                con.execute(f"create or replace temp table {name} {table.definition}")
            else:
                con.execute(f"create or replace temp table {name} as from lake.{name}")
        self.names, self._changes = set(self._tables), changes


def _epoch(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("select epoch from lake.hub_epoch").fetchall()[0][0])
