"""What a build did, by stage, and how long each took."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from partyhub_dagster.identity.stage import ClusterChanges
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.matching.stage import MatchChanges
from partyhub_dagster.normalize.stage import NormalizedChanges
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster.survivorship.stage import GoldenChanges

Progress = Callable[[str], None]
Outcome = TypeVar("Outcome")
_COUNTED = (LoadCounts, NormalizedChanges, MatchChanges, ClusterChanges, GoldenChanges)


@dataclass(slots=True)
class BuildReport:
    """What a build did, by stage, and how long each took."""

    progress: Progress
    outcomes: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    release: Release | None = None
    warnings: list[str] = field(default_factory=list)

    def run(self, stage: str, work: Callable[[], Outcome]) -> Outcome:
        """Run one stage and note its outcome and time."""
        self.progress(stage)
        began = time.monotonic()
        outcome = work()
        self.outcomes[stage] = outcome
        self.seconds[stage] = round(time.monotonic() - began, 3)
        return outcome

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a program reads it: counts and seconds by stage."""
        stages = {}
        for stage, outcome in self.outcomes.items():
            counts = asdict(outcome) if isinstance(outcome, _COUNTED) else {}
            stages[stage] = {"seconds": self.seconds[stage], **counts}
        number = None if self.release is None else self.release.number
        return {"release": number, "stages": stages, "warnings": self.warnings}
