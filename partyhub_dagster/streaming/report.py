"""What a run took from Kafka and what came of it, for people and for Dagster."""

from dataclasses import dataclass, field
from typing import Any

from partyhub_dagster.build_report import BuildReport
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster.streaming.taking import Taken


@dataclass(slots=True)
class StreamReport:
    """What a run took from Kafka and what it released."""

    taken: list[Taken] = field(default_factory=list)
    release: Release | None = None
    seconds: float = 0
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by stage, over all batches."""
    dead_letters_sent: int = 0
    confirmations_sent: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def counts(self) -> LoadCounts:
        """What became of all messages."""
        return sum((taken.counts for taken in self.taken), LoadCounts())

    def add(self, report: BuildReport) -> None:
        """Add the stages that followed a batch."""
        self.release = report.release
        for stage, seconds in report.seconds.items():
            self.spend(stage, seconds)

    def spend(self, stage: str, seconds: float) -> None:
        """Add seconds to those of a stage."""
        self.stages[stage] = round(self.stages.get(stage, 0) + seconds, 3)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a program reads it."""
        counts = self.counts
        return {
            "batches": [{"batch_id": t.batch_id, "offsets": t.offsets, "already": t.already} for t in self.taken],
            "messages": counts.rows_in, "stored": counts.stored, "unchanged": counts.unchanged,
            "quarantined": counts.quarantined, "late": counts.late, "version_conflicts": counts.version_conflicts,
            "dead_letters_sent": self.dead_letters_sent, "confirmations_sent": self.confirmations_sent,
            "release": None if self.release is None else self.release.number,
            "seconds": round(self.seconds, 3), "stages": self.stages, "warnings": self.warnings,
        }  # fmt: skip
