"""Write transactions through the gate, and the one function that writes only what differs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb

from partyhub_dagster.errors import InvariantError, LakeError
from partyhub_dagster.lake.connection import locked
from partyhub_dagster.lake.copies import MOST_ROWS_WRITTEN, Copies
from partyhub_dagster.lake.metadata import Table, quote_name
from partyhub_dagster.lake.session import Session

Given = dict[str, Any] | None
"""Values bound to the `$names` of a statement."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one call wrote to one table."""

    table: str
    changed: int
    removed: int

    @property
    def rows(self) -> int:
        """Rows touched in all."""
        return self.changed + self.removed


@dataclass(frozen=True, slots=True)
class WriteTransaction:
    """An open write transaction: everything in it lands in one epoch, or not at all."""

    con: duckdb.DuckDBPyConnection
    epoch: int
    copies: Copies = field(default_factory=Copies)
    touched: dict[str, int] = field(default_factory=dict)
    """Table -> rows written; 0 where rows were only removed."""

    def write_differences(self, table: Table, rows: str, scope: str | None, where: str = "true") -> Written:
        """Make `table` equal to the relation `rows` inside `scope`, touching only rows that differ.

        `scope` is a relation whose columns are some of the key's, by name: the keys for which `rows` is the whole
        truth. None means every key. `where` narrows it to some rows. Deleted keys are appended to removed_keys.
        """
        con, source = self.con, self.name_of(table)
        keys = ", ".join(quote_name(k) for k in table.key)
        columns = ", ".join(quote_name(c) for c in table.column_names)
        held = f"(select {columns} from {source} where {where})"
        if scope is not None:  # one pass over the table; what is left is small
            inside = f"{source} semi join {scope} using ({_columns_of(con, scope)})"
            con.execute(
                f"create or replace temp table wd_held as select {columns} from (from {inside}) where {where}"
            )
            held = "wd_held"
        if not _has_rows(con, held):  # nothing to compare with
            return Written(table.name, self.upsert(table, rows), 0)
        con.execute(
            f"create or replace temp table wd_changed as select {columns} from {rows}"
            f" except all select {columns} from {held}"
        )
        con.execute(
            f"create or replace temp table wd_removed as select {keys} from {held} anti join {rows} using ({keys})"
        )
        changed, removed = _count(con, "wd_changed"), _count(con, "wd_removed")
        if changed or removed:  # a changed row may stand under its key outside of `where`
            gone = f"select ({keys}) from wd_removed union all select ({keys}) from wd_changed"
            self.delete(table.name, f"({keys}) in ({gone})")
        if removed:
            self.touched.setdefault(table.name, 0)
            self._run(  # literals: with bound values this one statement takes seconds
                "removed_keys",
                f"insert into {{table}} select '{table.name}', {table.key_text()}, {self.epoch} from wd_removed",
            )
        if changed:
            self.append(table, "wd_changed")
        con.execute("drop table if exists wd_held; drop table wd_changed; drop table wd_removed")
        return Written(table.name, changed, removed)

    def upsert(self, table: Table, rows: str) -> int:
        """Write `rows` over the rows of the same key, differing or not; return how many."""
        keys = ", ".join(quote_name(k) for k in table.key)
        if _has_rows(self.con, self.name_of(table)):
            self.delete(table.name, f"({keys}) in (select ({keys}) from {rows})")
        return self.append(table, rows)

    def append(self, table: Table, rows: str) -> int:
        """Append `rows`, whose keys are new by construction; return how many."""
        columns = ", ".join(quote_name(c) for c in table.column_names)
        return self.insert(table.name, f"({columns}, epoch) select {columns}, {self.epoch} from {rows}")

    def insert(self, table: str, what: str, given: Given = None) -> int:
        """Insert `what`, columns and a query that gives the same whenever it is run; return how many rows."""
        count = self._run(table, f"insert into {{table}} {what}", given)
        self.touched[table] = self.touched.get(table, 0) + count
        if count > MOST_ROWS_WRITTEN and table in self.copies.names:
            self.copies.let_go(self.con, table)
        return count

    def update(self, table: str, what: str, given: Given = None) -> int:
        """Update rows, as `what` says from `set` on; return how many."""
        count = self._run(table, f"update {{table}} {what}", given)
        self.touched[table] = self.touched.get(table, 0) + count
        return count

    def delete(self, table: str, where: str, given: Given = None) -> int:
        """Delete rows without a trace in removed_keys; return how many."""
        return self._run(table, f"delete from {{table}} where {where}", given)

    def name_of(self, table: Table) -> str:
        """Return how to read the table as this transaction has it so far."""
        return f"temp.main.{table.name}" if table.name in self.copies.names else f"lake.{table.name}"

    def _run(self, table: str, statement: str, given: Given = None) -> int:
        """Run a statement on the table and on its copy; return how many rows of the table it touched."""
        row = self.con.execute(statement.replace("{table}", f"lake.{table}"), given).fetchone()
        if table in self.copies.names:
            self.con.execute(statement.replace("{table}", f"temp.main.{table}"), given)
        return int(row[0]) if row else 0


def _has_rows(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return con.execute(f"select 1 from {relation} limit 1").fetchone() is not None


def _columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    found = con.execute(f"describe {relation}").fetchall()
    return ", ".join(quote_name(row[0]) for row in found)


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = con.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def head_epoch(con: duckdb.DuckDBPyConnection) -> int:
    """Return the epoch of the newest write that this connection sees."""
    row = con.execute("select epoch from hub_epoch").fetchone()
    if row is None:
        raise InvariantError(
            "The lake has no write gate.", remedy="Restore the hub from a backup or rebuild it."
        )
    return int(row[0])


@contextmanager
def write_transaction(session: Session) -> Iterator[WriteTransaction]:
    """Open the gate: take the OS lock, begin, take the next epoch; commit at the end, roll back on any error.

    The lock comes first, so that the transaction sees the newest state. An error of DuckDB is told by type only:
    its text can quote values.
    """
    place, con, copies = session.place, session.con, session.copies
    end_reading(con)
    with locked(place.home / "write.lock", wait=True, holder="writer"):
        con.execute("begin")
        try:
            con.execute("update lake.hub_epoch set epoch = epoch + 1")
            transaction = WriteTransaction(con, head_epoch(con), copies)
            copies.begin_write(con, transaction.epoch)
            yield transaction
            con.execute("commit")
            copies.end_write(transaction.epoch, transaction.touched, place)
        except duckdb.Error as error:
            _roll_back(session)
            raise LakeError(
                f"A write to the lake failed ({type(error).__name__}); nothing of it was kept.",
                remedy="Check disk space and permissions of the hub's folder and run again.",
            ) from None
        except BaseException:
            _roll_back(session)
            raise


@contextmanager
def reading(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Read one state of the lake until the first write, or the end.

    Besides being one state it is faster: outside a transaction every statement looks the catalog up anew. Not for
    stages, which fill temp tables: DuckDB 1.5.5 loses an insert of 122,880 rows or more into a table of the same
    transaction, without a word, if an insert or query before it gave the table no row.
    """
    end_reading(con)
    con.execute("begin")
    try:
        yield
    finally:
        end_reading(con)


def end_reading(con: duckdb.DuckDBPyConnection) -> None:
    """End the transaction that is open, if one is; temp tables stay."""
    with suppress(duckdb.TransactionException):
        con.execute("commit")


def _roll_back(session: Session) -> None:
    session.copies.abandon_write()
    with suppress(duckdb.Error):  # DuckDB may have ended the transaction already
        session.con.execute("rollback")
