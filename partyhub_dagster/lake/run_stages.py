"""How long the stages of a run took and what they changed: noted as they end, written once, with the release.

A run that changes nothing writes nothing. Writing with the release costs one statement and no transaction.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import duckdb

from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import RUN_STAGES
from partyhub_dagster.lake.write import WriteTransaction, write_transaction

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class StageTime:
    """What one stage took and did in one run."""

    seconds: float
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class StageTimes:
    """The stages of a run so far, in the order in which they first ran."""

    noted: dict[str, StageTime] = field(default_factory=dict)

    def time(self, stage: str, work: Callable[[], Outcome]) -> Outcome:
        """Do the work of a stage and note it; what a stage does twice in a run is added up."""
        began = time.monotonic()
        outcome = work()
        self.note(stage, time.monotonic() - began, outcome)
        return outcome

    def note(self, stage: str, seconds: float, outcome: object = None) -> None:
        """Note a stage that has ended; its outcome says what it changed."""
        held = self.noted.get(stage, StageTime(0, 0, 0))
        changed = getattr(outcome, "changed", getattr(outcome, "stored", 0))
        removed = getattr(outcome, "removed", getattr(outcome, "deletions", 0))
        self.noted[stage] = StageTime(held.seconds + seconds, held.changed + changed, held.removed + removed)

    def something_changed(self) -> bool:
        """Tell whether any stage wrote a row."""
        return any(stage.changed or stage.removed for stage in self.noted.values())

    def write(self, transaction: WriteTransaction, run_id: str) -> None:
        """Append what was noted, in one statement, and begin anew. A release that stands alone is no run."""
        noted, now = dict(self.noted), datetime.now(UTC).isoformat()
        self.noted.clear()
        if noted.keys() <= {"release"}:
            return
        rows = ", ".join(
            f"({quote_text(run_id)}, {quote_text(stage)}, {place}, {held.seconds:.3f}::double, {held.changed},"
            f" {held.removed}, '{now}'::timestamptz, {transaction.epoch})"
            for place, (stage, held) in enumerate(noted.items())
        )
        names = ", ".join((*RUN_STAGES.column_names, "epoch"))
        transaction.insert(RUN_STAGES.name, f"({names}) values {rows}")

    def write_alone(self, session: Session) -> None:
        """Append what was noted in a transaction of its own: for runs that change something and release nothing."""
        if self.something_changed():
            with write_transaction(session) as transaction:
                self.write(transaction, session.run_id)


def last_run(con: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Return the stages of the last run that changed something, by name, with seconds and rows; None without one."""
    try:
        rows = con.execute(
            "select run_id, written_at, stage, seconds, changed, removed from lake.run_stages"
            " where written_at = (select max(written_at) from lake.run_stages) order by run_id, place"
        ).fetchall()
    except duckdb.CatalogException:
        return None  # a hub of before there was the table
    if not rows:
        return None
    return {
        "run_id": rows[0][0],
        "ended_at": rows[0][1].isoformat(timespec="seconds"),
        "seconds": round(sum(row[3] for row in rows), 3),
        "stages": {stage: {"seconds": s, "changed": c, "removed": r} for _, _, stage, s, c, r in rows},
    }
