"""One run's hold on the lake: where it lies, an open connection, and what to call the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.copies import Copies
from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.lake.snapshots import Changes, read_changes
from partyhub_dagster.lake.tables import SOURCE_PARTIES

FEW_RECORDS = 50_000
"""In a hub of fewer, tables are read from copies, and a stage that takes up a small change works on one thread.

DuckDB hands every look-up in the catalog around its threads, and a small change is look-ups for the most part: on two
cores one thread takes a quarter less. From some 100,000 records on the scans of whole tables make up for it.
"""

FEW_CHANGES = 2_000
"""A change of so many records is no small one."""


@dataclass(frozen=True, slots=True)
class Session:
    """What every stage is given."""

    place: LakePlace
    con: duckdb.DuckDBPyConnection
    run_id: str
    full: bool = False  # treat everything as changed; still writes only what differs
    copies: Copies = field(default_factory=Copies)

    def read_copies(self, tables: Mapping[str, Table]) -> None:
        """Read these tables from copies from here on, if the hub is small enough. Not inside a transaction."""
        if not self.copies.in_use and self.changes().written.get(SOURCE_PARTIES.name, 0) < FEW_RECORDS:
            self.copies.begin(self.place, self.con, tables)

    def changes(self) -> Changes:
        """Return the head and what changed when, of the state that names of tables show. Not inside a transaction."""
        if self.copies.in_use:
            return self.copies.changes(self.place, self.con)
        return read_changes(self.con)

    def count(self, relation: str) -> int:
        """Count the rows of a relation, or of a query in parentheses."""
        row = self.con.execute(f"select count(*) from {relation}").fetchone()
        return int(row[0]) if row else 0

    def fit_threads(self, records: int | None, changed: int = 0) -> None:
        """Work on one thread for a small change to a hub of few records, else on all that the place allows.

        `records` of None: the change is all there is.
        """
        if records is not None and records < FEW_RECORDS and changed < FEW_CHANGES:
            self.con.execute("set threads = 1")
        elif self.place.threads is not None:
            self.con.execute(f"set threads = {self.place.threads}")
        else:
            self.con.execute("reset threads")

    def drop(self, *tables: str) -> None:
        """Drop temp tables that are no longer needed, so that long runs do not hold them."""
        for table in tables:
            self.con.execute(f"drop table if exists temp.main.{table}")
