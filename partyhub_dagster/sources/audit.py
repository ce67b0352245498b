"""One row of load_audit per load: what came in and what became of it, or why nothing did."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import LOAD_AUDIT
from partyhub_dagster.lake.write import WriteTransaction, write_transaction

_COUNTS = (
    "rows_in", "rows_stored", "rows_unchanged", "rows_quarantined", "rows_late", "version_conflicts", "deletions",
    "deletions_refused",
)  # fmt: skip


def write_audit(transaction: WriteTransaction, known: Mapping[str, object]) -> None:
    """Append the audit row of a load; counts that are not given are 0, the rest is null."""
    names = [column.name for column in LOAD_AUDIT.columns if column.name != "load_order"]
    values = {name: known.get(name, 0 if name in _COUNTS else None) for name in names}
    types = {column.name: column.sql_type for column in LOAD_AUDIT.columns}
    selected = ", ".join(f"${name}::{types[name]} as {name}" for name in names)
    con = transaction.con
    con.execute(
        f"create or replace temp table audit_row as select {selected},"
        " (select coalesce(max(load_order), 0) + 1 from load_audit) as load_order",
        values,
    )
    transaction.append(LOAD_AUDIT, "audit_row")
    con.execute("drop table audit_row")


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """A file of which nothing was loaded, and why: its newest load failed or was refused."""

    source: str
    file: str
    status: str
    error: str


def files_not_loaded(con: duckdb.DuckDBPyConnection) -> list[NotLoaded]:
    """List the files whose newest load brought nothing in, by source and name."""
    rows = con.execute(
        "select source, file, status, error from load_audit qualify row_number() over"
        " (partition by source, file order by load_order desc) = 1 and status in ('failed', 'refused')"
        " order by source, file"
    ).fetchall()
    return [NotLoaded(*row) for row in rows]


def audit_failure(session: Session, known: Mapping[str, object]) -> None:
    """Write the audit row of a load that failed, unless the same file failed for the same reason just before.

    Every build tries such a file again; a build that changes nothing writes nothing.
    """
    told = session.con.execute(
        "select 1 from (select * from load_audit where source = $source and file = $file"
        " order by load_order desc limit 1) where status = $status and error = $error"
        " and file_hash is not distinct from $file_hash",
        {name: known[name] for name in ("source", "file", "status", "error", "file_hash")},
    ).fetchone()
    if told is None:
        with write_transaction(session) as transaction:
            write_audit(transaction, known)


def audit_withdrawals(session: Session, source: str, present: Collection[str]) -> None:
    """Note which files that were not loaded are no longer there: nothing waits for them any more."""
    gone = [
        held.file
        for held in files_not_loaded(session.con)
        if held.source == source and held.file not in present
    ]
    if gone:
        with write_transaction(session) as transaction:
            for file in gone:
                withdrawn = {"load_id": uuid.uuid4(), "source": source, "file": file, "status": "withdrawn"}
                write_audit(transaction, {**withdrawn, "started_at": datetime.now(UTC).isoformat()})
