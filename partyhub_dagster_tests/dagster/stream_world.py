"""A broker and a lake as the sensor of a topic sees them, and daemons that tick; for the tests of this folder."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.stream_jobs import BatchConfig
from partyhub_dagster.orchestration.stream_sensor import stream_sensors
from partyhub_dagster.streaming.looking import TopicLook
from partyhub_dagster.streaming.ranges import PartitionState

TOPIC = "party.events.raw"
Span = tuple[int, int, int]


@dg.op
def take_batch(config: BatchConfig) -> None:
    """Take what the real run does; the test says how it ends."""


@dg.job
def stream_run() -> None:
    """Stand in for the real job, which has the same config."""
    take_batch()


@dataclass
class World:
    """A broker and a lake as a sensor sees them, and one or more daemons on a Dagster instance."""

    hub: Hub
    instance: dg.DagsterInstance
    high: dict[int, int] = field(default_factory=lambda: {0: 0, 1: 0})
    low: dict[int, int] = field(default_factory=lambda: {0: 0, 1: 0})
    stored: dict[int, int] = field(default_factory=dict)
    released: bool = True
    busy: bool = False
    topic_id: str = "first"
    stored_id: str | None = None
    trouble: Exception | None = None
    later: timedelta = timedelta()
    cursors: dict[str, str | None] = field(default_factory=dict)
    """Daemon -> cursor. Daemons with a storage of their own do not see one another's."""

    def look(self, topic: str) -> TopicLook:
        if self.trouble is not None:
            raise self.trouble
        states = tuple(
            PartitionState(topic, p, self.stored.get(p), self.low[p], self.high[p]) for p in self.high
        )
        return TopicLook(topic, states, self.stored_id, self.topic_id, self.released, self.busy)

    def tick(self, daemon: str = "one") -> dg.SensorResult | dg.SkipReason:
        """Evaluate once as the daemon does: keep the cursor, start a run for a key that has none."""
        (sensor,) = stream_sensors(self.hub, self.look, lambda: datetime.now(UTC) + self.later)
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursors.get(daemon)) as context:
            found = sensor(context)
        assert isinstance(found, dg.SensorResult | dg.SkipReason)
        if isinstance(found, dg.SensorResult):
            self.cursors[daemon] = found.cursor or self.cursors.get(daemon)
            for request in found.run_requests or []:
                self.start(request)
        return found

    def start(self, request: dg.RunRequest) -> None:
        known = dg.RunsFilter(tags={"dagster/run_key": str(request.run_key)})
        if self.instance.get_runs(known):
            return
        tags = {**request.tags, "dagster/run_key": str(request.run_key)}
        run = self.instance.create_run_for_job(stream_run, run_config=request.run_config, tags=tags)
        self.instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, stream_run.name), run.run_id
        )

    def reason(self, daemon: str = "one") -> str:
        found = self.tick(daemon)
        reason = found.skip_reason if isinstance(found, dg.SensorResult) else found
        assert reason is not None, "a run was started"
        return str(reason.skip_message)

    def launched(self, daemon: str = "one") -> list[Span]:
        """Tick, and return the ranges of the run that this has started."""
        found = self.tick(daemon)
        assert isinstance(found, dg.SensorResult)
        (request,) = found.run_requests or []
        return self.ranges(request.run_config)

    @staticmethod
    def ranges(run_config: dict[str, Any]) -> list[Span]:
        return [tuple(r) for r in run_config["ops"]["take_batch"]["config"]["ranges"]]

    @property
    def runs(self) -> list[dg.DagsterRun]:
        """All runs, oldest first."""
        return list(self.instance.get_runs())[::-1]

    def store(self, run: dg.DagsterRun) -> bool:
        """Compare and set, as a run does."""
        ranges = self.ranges(dict(run.run_config))
        if any(self.stored.get(p, start) not in (start, end) for p, start, end in ranges):
            return False
        self.stored |= {p: end for p, _, end in ranges}
        self.stored_id = self.stored_id or self.topic_id
        return True

    def succeed(self) -> None:
        """End the newest run as planned."""
        run = self.runs[-1]
        assert self.store(run)
        self.released = True
        self.instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, stream_run.name), run.run_id
        )

    def fail(self, run: dg.DagsterRun | None = None, *, stored: bool = False) -> None:
        """End the newest run before or after it has stored its messages."""
        run = run or self.runs[-1]
        if stored:
            assert self.store(run)
            self.released = False
        self.instance.report_run_failed(run, "killed")
