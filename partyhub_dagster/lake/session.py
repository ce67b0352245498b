"""One run's hold on the lake: where it lies, an open connection, and what to call the run."""

from dataclasses import dataclass

import duckdb

from partyhub_dagster.lake.connection import LakePlace

FEW_RECORDS = 50_000
"""In a hub of fewer, a stage that takes up a change works on one thread.

DuckDB hands every look-up in the catalog around its threads, and a small change is look-ups for the most part: on two
cores one thread takes a quarter less. From some 100,000 records on the scans of whole tables make up for it.
"""


@dataclass(frozen=True, slots=True)
class Session:
    """What every stage is given."""

    place: LakePlace
    con: duckdb.DuckDBPyConnection
    run_id: str
    full: bool = False  # treat everything as changed; still writes only what differs

    def count(self, relation: str) -> int:
        """Count the rows of a relation, or of a query in parentheses."""
        row = self.con.execute(f"select count(*) from {relation}").fetchone()
        return int(row[0]) if row else 0

    def fit_threads(self, records: int | None) -> None:
        """Work on one thread for a change to a hub of few records, else (also None) on all that the place allows."""
        if records is not None and records < FEW_RECORDS:
            self.con.execute("set threads = 1")
        elif self.place.threads is not None:
            self.con.execute(f"set threads = {self.place.threads}")
        else:
            self.con.execute("reset threads")

    def drop(self, *tables: str) -> None:
        """Drop temp tables that are no longer needed, so that long runs do not hold them."""
        for table in tables:
            self.con.execute(f"drop table if exists temp.main.{table}")
