"""The ledger as rows: read at head, appended to through the write gate."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb

from partyhub_dagster.identity.decisions import Decision, DecisionKind, unrevoked
from partyhub_dagster.lake.ids import RecordId, record_id
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import DECISION_GROUPS, DECISIONS
from partyhub_dagster.lake.write import write_transaction

_GROUPS = UUID("6a1f1d3e-5d0b-4b0e-9d35-0c7f6f0a8f11")
"""Namespace of the ids of named groups: fixed for ever, so that a name always means one group."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; `left` and `right` are SOURCE:RECORD."""

    verdict: DecisionKind
    author: str
    reason: str = field(repr=False)
    left: str | None = field(default=None, repr=False)
    right: str | None = field(default=None, repr=False)
    attribute: str | None = None
    value: str | None = field(default=None, repr=False)
    group_id: UUID | None = None
    revokes: UUID | None = None
    decision_id: UUID = field(default_factory=uuid.uuid4)

    @property
    def keys(self) -> tuple[str, ...]:
        """The records that it speaks of."""
        return tuple(key for key in (self.left, self.right) if key is not None)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry that was written."""

    sequence: int
    decided_at: datetime
    entry: Entry


def group_id_of(name: str) -> UUID:
    """Return the id of the group of this name; a group's id stands for itself."""
    try:
        return UUID(name)
    except ValueError:
        return uuid.uuid5(_GROUPS, name)


def id_of_key(key: str) -> RecordId:
    """Return the record_id of SOURCE:RECORD."""
    source, _, record = key.partition(":")
    return record_id(source, record)


def read_ledger(con: duckdb.DuckDBPyConnection) -> list[Line]:
    """List every decision, oldest first."""
    rows = con.execute(
        "select sequence, epoch_us(decided_at), verdict, author, reason, left_key, right_key, attribute, value,"
        " group_id, revokes, decision_id from decisions order by sequence, decision_id"
    ).fetchall()
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return [
        Line(row[0], start + timedelta(microseconds=row[1]), Entry(DecisionKind(row[2]), *row[3:]))
        for row in rows
    ]


def standing_ids(lines: Iterable[Line]) -> set[UUID]:
    """Collect the decisions that stand: not revoked, or revoked by a revocation that was revoked."""
    ledger = [
        Decision(
            line.entry.decision_id, line.sequence, line.entry.verdict,
            revokes=line.entry.revokes, group_id=line.entry.group_id,
        )
        for line in lines
    ]  # fmt: skip
    return {decision.decision_id for decision in unrevoked(ledger)}


def read_group_names(con: duckdb.DuckDBPyConnection) -> dict[UUID, str]:
    """Return the names of groups that have one."""
    return dict(con.execute("select group_id, name from decision_groups").fetchall())


def append_entries(
    session: Session,
    entries: Sequence[Entry],
    group_names: Mapping[UUID, str] | None = None,
) -> int:
    """Append entries in their order, all or none; return how many are new.

    Writes decisions and decision_groups, also while a pipeline run is at work: the run that reads the ledger next
    takes them up. Guarantees: an entry whose decision_id is in the ledger is not written again.
    """
    con = session.con
    con.register("entries_given", entries_table(entries))
    try:
        with write_transaction(session) as transaction:
            con.execute(
                "create or replace temp table entries_new as select * exclude (place), now() as decided_at,"
                " row_number() over (order by place) + (select coalesce(max(sequence), 0) from decisions) as sequence"
                " from entries_given where decision_id::uuid not in (select decision_id from decisions)"
            )
            written = transaction.append(DECISIONS, "entries_new")
            _collect_names(con, group_names or {})
            transaction.append(DECISION_GROUPS, "names_new")
    finally:
        con.unregister("entries_given")
        con.execute("drop table if exists temp.main.entries_new; drop table if exists temp.main.names_new")
    return written


def _collect_names(con: duckdb.DuckDBPyConnection, names: Mapping[UUID, str]) -> None:
    con.execute("create or replace temp table names_new (group_id uuid, name varchar)")
    for group_id, name in names.items():
        if str(group_id) != name.lower():  # an id is no name
            con.execute(
                "insert into names_new select $id::uuid, $name"
                " where $id::uuid not in (select group_id from decision_groups)",
                {"id": str(group_id), "name": name},
            )


def entries_table(entries: Sequence[Entry]) -> Any:
    """Return the entries as an Arrow table with the columns of decisions that are known before the write."""
    import pyarrow as pa

    def text(value: object) -> str | None:
        return None if value is None else str(value)

    def ids(keys: Iterable[str | None]) -> list[str | None]:
        return [None if key is None else str(id_of_key(key)) for key in keys]

    columns: dict[str, list[str | None]] = {
        "decision_id": [text(e.decision_id) for e in entries],
        "verdict": [e.verdict.value for e in entries],
        "left_id": ids(e.left for e in entries),
        "right_id": ids(e.right for e in entries),
        "left_key": [e.left for e in entries],
        "right_key": [e.right for e in entries],
        "attribute": [e.attribute for e in entries],
        "value": [e.value for e in entries],
        "group_id": [text(e.group_id) for e in entries],
        "revokes": [text(e.revokes) for e in entries],
        "author": [e.author for e in entries],
        "reason": [e.reason for e in entries],
    }
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return pa.table({"place": pa.array(range(len(entries)), pa.int64()), **arrays})
