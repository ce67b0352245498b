"""One run's hold on the lake: where it lies, an open connection, and what to call the run."""

from dataclasses import dataclass

import duckdb

from partyhub_dagster.lake.connection import LakePlace


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

    def drop(self, *tables: str) -> None:
        """Drop temp tables that are no longer needed, so that long runs do not hold them."""
        for table in tables:
            self.con.execute(f"drop table if exists temp.main.{table}")
