"""One row of load_audit per load: what came in and what became of it, or why nothing did."""

from collections.abc import Mapping

from partyhub_dagster.lake.tables import LOAD_AUDIT
from partyhub_dagster.lake.write import WriteTransaction

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
