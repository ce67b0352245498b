"""What people decided about records, and whether it stands: in the release that is read, and in the next one."""

from typing import Any
from uuid import UUID

import duckdb

from partyhub_dagster.identity.decisions import Decision, DecisionKind, unrevoked

_STATE = {
    (True, True): "stands",
    (False, True): "waits for the next build",
    (True, False): "taken back from the next build on",
    (False, False): "taken back",
}


def decisions_about(
    con: duckdb.DuckDBPyConnection, records: list[UUID], *, between: bool = False
) -> list[dict[str, Any]]:
    """List the decisions about any of some live records, or only those `between` two of them, oldest first."""
    rows = con.execute(
        "select decision_id, verdict, left_key, right_key, attribute, author, reason, decided_at"
        " from lake.decisions where list_contains($ids::uuid[], left_id)"
        f" {'and' if between else 'or'} list_contains($ids::uuid[], right_id) order by sequence",
        {"ids": [str(id_) for id_ in records]},
    ).fetchall()
    then, now = (_standing(con, table) if rows else set() for table in ("decisions", "lake.decisions"))
    return [
        {
            "decision_id": str(row[0]), "verdict": row[1], "left": row[2], "right": row[3], "attribute": row[4],
            "author": row[5], "reason": row[6], "decided_at": row[7].isoformat(),
            "state": _STATE[row[0] in then, row[0] in now],
        }
        for row in rows
    ]  # fmt: skip


def _standing(con: duckdb.DuckDBPyConnection, table: str) -> set[UUID]:
    rows = con.execute(
        f"select decision_id, sequence, verdict, revokes, group_id from {table} order by sequence, decision_id"
    ).fetchall()
    ledger = [Decision(row[0], row[1], DecisionKind(row[2]), revokes=row[3], group_id=row[4]) for row in rows]
    return {decision.decision_id for decision in unrevoked(ledger)}
