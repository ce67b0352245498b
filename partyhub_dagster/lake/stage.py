"""The delta protocol that every stage follows: read what changed, compute outside, write differences, advance.

Method: DESIGN's section on deltas. A stage is dirty as a whole when it has no watermark or its fingerprint (its
part of hub.yaml, its code, the libraries that make its values) has changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from partyhub_dagster.errors import StaleError
from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.snapshots import Changes
from partyhub_dagster.lake.tables import SOURCE_PARTIES, WATERMARKS
from partyhub_dagster.lake.write import WriteTransaction, Written, write_transaction


@dataclass(frozen=True, slots=True)
class Delta:
    """What a stage has to look at: changes in the half-open interval (since, head], or everything."""

    stage: str
    fingerprint: str
    since: int
    head: int
    everything: bool
    watermark: int | None  # as stored; the compare-and-set of the write
    newest: Mapping[str, int] = field(default_factory=dict)  # table -> epoch of its newest change

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

    def is_empty(self, inputs: Sequence[Table]) -> bool:
        """Tell whether nothing in `inputs` changed since the watermark."""
        return not self.everything and all(self.newest.get(table.name, 0) <= self.since for table in inputs)


def read_delta(
    session: Session,
    stage: str,
    fingerprint: str,
    *,
    full: bool = False,
    changes: Changes | None = None,
) -> Delta:
    """Return what `stage` has not yet consumed; `full` asks for everything. `changes` saves looking for them.

    The session's threads are fitted to it.
    """
    head, newest, written = changes or session.changes()
    row = session.con.execute(
        "select watermark, fingerprint from watermarks where stage = $s", {"s": stage}
    ).fetchone()
    fresh = full or row is None or row[1] != fingerprint
    session.fit_threads(None if fresh else written.get(SOURCE_PARTIES.name, 0), _records_since(session, row))
    if row is None:
        return Delta(stage, fingerprint, 0, head, everything=True, watermark=None, newest=newest)
    watermark = int(row[0])
    return Delta(stage, fingerprint, watermark, head, everything=fresh, watermark=watermark, newest=newest)


def _records_since(session: Session, row: tuple[Any, ...] | None) -> int:
    """Count the records written since a watermark; 0 where a look at them is not worth it."""
    if row is None or not session.copies.in_use:
        return 0
    return session.count(f"(from source_parties where epoch > {row[0]})")


def write_stage(
    session: Session,
    delta: Delta,
    write: Callable[[WriteTransaction], list[Written]],
) -> list[Written]:
    """Write a stage's output and advance its watermark in one transaction.

    Raises:
        StaleError: another run advanced the watermark meanwhile; nothing was written.
    """
    return write_stages(session, [delta], write)


def write_stages(
    session: Session,
    deltas: Sequence[Delta],
    write: Callable[[WriteTransaction], list[Written]],
) -> list[Written]:
    """Write the output of several stages that share it, as `write_stage` does for one."""
    with write_transaction(session) as transaction:
        for delta in deltas:
            if not _advance(transaction, delta):
                raise StaleError(
                    f"Stage {delta.stage} was advanced by another run; nothing was written.",
                    remedy="Run the build again; it starts from what the other run left.",
                )
        return write(transaction)


def _advance(transaction: WriteTransaction, delta: Delta) -> bool:
    """Move the watermark from where the delta found it; tell whether it still was there."""
    con, table = transaction.con, WATERMARKS.name
    given = {
        "stage": delta.stage,
        "head": delta.head,
        "fingerprint": delta.fingerprint,
        "epoch": transaction.epoch,
    }
    if delta.watermark is None:
        row = con.execute("select 1 from watermarks where stage = $s", {"s": delta.stage}).fetchone()
        if row is None:
            columns = "(stage, watermark, fingerprint, epoch)"
            transaction.insert(table, f"{columns} select $stage, $head, $fingerprint, $epoch", given)
        return row is None
    moved = transaction.update(
        table,
        "set watermark = $head, fingerprint = $fingerprint, epoch = $epoch where stage = $stage and watermark = $was",
        given | {"was": delta.watermark},
    )
    return moved == 1
