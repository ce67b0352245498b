"""The delta protocol that every stage follows: read what changed, compute outside, write differences, advance.

Method: DESIGN's section on deltas. A stage is dirty as a whole when it has no watermark or its fingerprint (its
part of hub.yaml, its code, the libraries that make its values) has changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from partyhub_dagster.errors import StaleError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.lake.tables import WATERMARKS
from partyhub_dagster.lake.write import WriteTransaction, Written, head_epoch, write_transaction


@dataclass(frozen=True, slots=True)
class Delta:
    """What a stage has to look at: changes in the half-open interval (since, head], or everything."""

    stage: str
    fingerprint: str
    since: int
    head: int
    everything: bool
    watermark: int | None  # as stored; the compare-and-set of the write

    def changed(self, table: Table, key: str, removed_key: str | None = None, where: str = "true") -> str:
        """Return a query of the distinct `key` expressions of rows changed in or removed from `table`.

        `key` is an expression over the table's columns, `removed_key` the same over `key` of removed_keys
        (default: the whole key as a UUID). `where` narrows the rows; of removed ones only the key is known.
        """
        if self.everything:
            return f"select distinct {key} as record_id from {table.name} where {where}"
        gone = removed_key or "key::uuid"
        return (
            f"select {key} as record_id from {table.name}"
            f" where {where} and epoch > {self.since} and epoch <= {self.head}"
            f" union select {gone} from removed_keys where table_name = '{table.name}'"
            f" and epoch > {self.since} and epoch <= {self.head}"
        )

    def is_empty(self, con: duckdb.DuckDBPyConnection, inputs: Sequence[Table]) -> bool:
        """Tell whether nothing in `inputs` changed since the watermark."""
        if self.everything:
            return False
        names = ", ".join(f"'{table.name}'" for table in inputs)
        parts = [
            f"select 1 from {t.name} where epoch > {self.since} and epoch <= {self.head}" for t in inputs
        ]
        parts.append(
            f"select 1 from removed_keys where table_name in ({names})"
            f" and epoch > {self.since} and epoch <= {self.head}"
        )
        query = " union all ".join(f"(select 1 from ({part}) limit 1)" for part in parts)
        return con.execute(query).fetchone() is None


def read_delta(con: duckdb.DuckDBPyConnection, stage: str, fingerprint: str, *, full: bool = False) -> Delta:
    """Return what `stage` has not yet consumed; `full` asks for everything."""
    row = con.execute(
        "select watermark, fingerprint from watermarks where stage = $s", {"s": stage}
    ).fetchone()
    head = head_epoch(con)
    if row is None:
        return Delta(stage, fingerprint, 0, head, everything=True, watermark=None)
    fresh = full or row[1] != fingerprint
    return Delta(stage, fingerprint, int(row[0]), head, everything=fresh, watermark=int(row[0]))


def write_stage(
    place: LakePlace,
    con: duckdb.DuckDBPyConnection,
    delta: Delta,
    write: Callable[[WriteTransaction], list[Written]],
) -> list[Written]:
    """Write a stage's output and advance its watermark in one transaction.

    Raises:
        StaleError: another run advanced the watermark meanwhile; nothing was written.
    """
    with write_transaction(place, con) as transaction:
        row = con.execute("select watermark from watermarks where stage = $s", {"s": delta.stage}).fetchone()
        if (None if row is None else int(row[0])) != delta.watermark:
            raise StaleError(
                f"Stage {delta.stage} was advanced by another run; nothing was written.",
                remedy="Run the build again; it starts from what the other run left.",
            )
        written = write(transaction)
        con.execute(
            "create or replace temp table next_watermark as"
            " select $stage as stage, $head::bigint as watermark, $fingerprint as fingerprint",
            {"stage": delta.stage, "head": delta.head, "fingerprint": delta.fingerprint},
        )
        transaction.upsert(WATERMARKS, "next_watermark")
    return written
