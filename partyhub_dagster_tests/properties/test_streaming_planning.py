"""Laws of the planner: shares are fair, and whatever happens around it every message is read exactly once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from partyhub_dagster.streaming import planning
from partyhub_dagster.streaming.batches import Batch, next_batch, share_out
from partyhub_dagster.streaming.losses import Stop
from partyhub_dagster.streaming.planning import (
    Attempt,
    AttemptState,
    Launch,
    Limits,
    Pending,
    Plan,
    TopicFacts,
    Wait,
)
from partyhub_dagster.streaming.ranges import PartitionState

TOPIC = "events"
LIMITS = Limits(batch_offsets=7, attempts=3, first_delay=timedelta(seconds=10))


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 1_000), max_size=12), st.integers(1, 2_000))
def test_shares_are_max_min_fair_and_use_the_limit(waiting: dict[int, int], limit: int) -> None:
    shares = share_out(waiting, limit)
    assert shares.keys() == waiting.keys()
    assert all(shares[p] <= waiting[p] for p in waiting)
    assert all(shares[p] >= 1 for p in waiting if waiting[p])
    wanted = sum(waiting.values())
    busy = sum(1 for lag in waiting.values() if lag)
    assert min(limit, wanted) <= sum(shares.values()) <= max(limit, busy)
    cut = [shares[p] for p in waiting if shares[p] < waiting[p]]
    if cut:
        assert max(shares.values()) <= max(cut)  # nobody has more than one who was cut short
        assert max(cut) - min(cut) <= 1


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6),
    st.integers(1, 60),
)
def test_a_batch_continues_every_partition_without_a_gap(
    drawn: list[tuple[int | None, int]], limit: int
) -> None:
    states = [PartitionState(TOPIC, p, s, 0, (s or 0) + lag) for p, (s, lag) in enumerate(drawn)]
    batch = next_batch(TOPIC, states, limit)
    assert (batch is None) == all(state.lag == 0 for state in states)
    if batch is not None:
        for held in batch.ranges:
            state = states[held.partition]
            assert held.start == (state.stored or 0)
            assert held.start <= held.end <= state.high
        taken = {held.partition for held in batch.ranges}
        assert taken >= {s.partition for s in states if s.lag or s.stored is None}


@dataclass
class Run:
    """A run in the model: what Dagster knows of it."""

    number: int
    batch: Batch
    state: AttemptState = AttemptState.UNFINISHED
    ended: datetime | None = None


@dataclass
class Lake:
    """The truth: how far each partition was read, and every message that was stored, in order."""

    stored: dict[int, int] = field(default_factory=dict)
    messages: list[tuple[int, int]] = field(default_factory=list)
    released: bool = True

    def copy(self) -> "Lake":
        return Lake(dict(self.stored), list(self.messages), self.released)


class Topic(RuleBasedStateMachine):
    """A broker, a lake, runs that die, sensors that forget, and backups that are restored."""

    partitions: ClassVar[int] = 3

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.low = dict.fromkeys(range(self.partitions), 0)
        self.high = dict.fromkeys(range(self.partitions), 0)
        self.began: dict[int, int] | None = None
        """Where the hub first read each partition."""
        self.lake, self.backup = Lake(), Lake()
        self.runs: list[Run] = []
        self.pending: Pending | None = None
        self.plan: Plan | None = None
        self.torn = False
        """The lake was restored from a backup made between storing and releasing: no run answers for that."""

    # -- what the planner sees --------------------------------------------------------------------------------------
    def facts(self) -> TopicFacts:
        states = [
            PartitionState(TOPIC, p, self.lake.stored.get(p), self.low[p], self.high[p]) for p in self.low
        ]
        attempts = [
            Attempt(r.number, r.batch.batch_id, f"run-{r.number}", r.state, r.ended) for r in self.runs
        ]
        return TopicFacts(TOPIC, states, attempts[::-1], self.lake.released, busy=False, now=self.now)

    @rule(seconds=st.sampled_from([5, 5, 5, 60, 600]))
    def tick(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        before = self.pending
        self.plan = planning.plan_tick(self.facts(), self.pending, LIMITS)
        match self.plan:
            case Launch(pending):
                assert not any(run.state is AttemptState.UNFINISHED for run in self.runs), "two runs at once"
                unread = before is not None and all(
                    self.lake.stored.get(r.partition, self.low[r.partition]) == r.start
                    for r in before.batch.ranges
                )
                if before is not None and unread and before.batch.offsets:
                    assert pending.batch == before.batch, "an unread plan is frozen"
                assert self.plan.attempt not in {run.number for run in self.runs}, "a key is used twice"
                self.pending = pending
                self.runs.append(Run(self.plan.attempt, pending.batch))
            case Wait(pending):
                self.pending = pending

    # -- what runs do -----------------------------------------------------------------------------------------------
    @property
    def at_work(self) -> Run | None:
        return next((run for run in self.runs if run.state is AttemptState.UNFINISHED), None)

    @precondition(lambda self: self.at_work)
    @rule()
    def keep_failing(self) -> None:
        """The batch itself is what kills its runs."""
        for _ in range(LIMITS.attempts + 2):
            if self.at_work is not None:
                self.finish("dies early")
            self.tick(600)
            self.attempts_are_bounded()

    @precondition(lambda self: self.at_work)
    @rule(
        how=st.sampled_from(
            ["done", "done", "done", "dies early", "dies in between", "dies stored", "nothing"]
        )
    )
    def finish(self, how: str) -> None:
        run = self.at_work
        assert run is not None
        share = {"dies early": 0.0, "dies in between": 0.5}.get(how, 1.0)
        stored = bool(share) and self.take(run.batch, share)
        succeeded = stored and how == "done"
        if succeeded:
            self.lake.released, self.torn = True, False
        run.state = AttemptState.SUCCEEDED if succeeded else AttemptState.FAILED
        run.ended = self.now

    def take(self, batch: Batch, share: float = 1.0) -> bool:
        """Compare and set, as the run's transactions do, or the first of them; False if the lake stands elsewhere."""
        stored = self.lake.stored
        if all(stored.get(r.partition) == r.end for r in batch.ranges):
            return True  # taken by an earlier attempt
        if any(
            stored.get(r.partition, r.start) != r.start or self.low[r.partition] > r.start
            for r in batch.ranges
        ):
            return False
        if self.began is None:
            self.began = {r.partition: r.start for r in batch.ranges}
        for held in batch.ranges:
            end = held.start + round(share * held.width)
            self.lake.messages += [(held.partition, offset) for offset in range(held.start, end)]
            stored[held.partition] = end
        self.lake.released = False
        return True

    # -- what happens around ----------------------------------------------------------------------------------------
    @initialize(lows=st.lists(st.integers(0, 3), min_size=3, max_size=3))
    def begin(self, lows: list[int]) -> None:
        self.low = dict(enumerate(lows))
        self.high = dict(enumerate(lows))

    @rule(partition=st.integers(0, 2), count=st.integers(1, 12))
    def produce(self, partition: int, count: int) -> None:
        self.high[partition] += count

    @rule()
    def reset_cursor(self) -> None:
        self.pending = None

    @rule()
    def back_up(self) -> None:
        self.backup = self.lake.copy()

    @rule()
    def restore(self) -> None:
        self.lake = self.backup.copy()
        self.torn = not self.lake.released
        if not self.lake.stored:
            self.began = None  # a hub that never read the topic begins anew

    @rule(partition=st.integers(0, 2), count=st.integers(1, 5))
    def another_daemon_reads(self, partition: int, count: int) -> None:
        """It plans by the same rules from a cursor of its own."""
        plan = planning.plan_tick(self.facts(), None, Limits(batch_offsets=partition + count))
        if isinstance(plan, Launch):
            self.take(plan.pending.batch)
            self.lake.released, self.torn = True, False

    @rule(partition=st.integers(0, 2), count=st.integers(1, 12))
    def retention_overtakes(self, partition: int, count: int) -> None:
        self.low[partition] = min(self.low[partition] + count, self.high[partition])

    # -- the laws ---------------------------------------------------------------------------------------------------
    @invariant()
    def nothing_is_lost_or_read_twice(self) -> None:
        assert len(set(self.lake.messages)) == len(self.lake.messages), "read twice"
        held: dict[int, set[int]] = {}
        for partition, offset in self.lake.messages:
            held.setdefault(partition, set()).add(offset)
        for partition, end in self.lake.stored.items():
            began = (self.began or {})[partition]
            assert held.get(partition, set()) == set(range(began, end)), "passed over"

    @invariant()
    def a_loss_is_told(self) -> None:
        gone = any(self.low[p] > offset for p, offset in self.lake.stored.items())
        if gone and self.at_work is None:
            assert isinstance(planning.plan_tick(self.facts(), self.pending, LIMITS), Stop)

    @invariant()
    def attempts_are_bounded(self) -> None:
        if self.pending is not None:
            batch_id, first = self.pending.batch.batch_id, self.pending.first_attempt
            tried = [r for r in self.runs if r.batch.batch_id == batch_id and r.number >= first]
            assert len(tried) <= LIMITS.attempts

    def teardown(self) -> None:
        """Undisturbed, and if nothing was lost, everything is read and released in the end."""
        if self.at_work is not None:
            self.finish("done")
        if isinstance(planning.plan_tick(self.facts(), self.pending, LIMITS), Stop):
            self.reset_cursor()  # what the remedy says
        if isinstance(planning.plan_tick(self.facts(), self.pending, LIMITS), Stop):
            return  # truly gone
        for _ in range(sum(self.high.values()) + 5):
            self.tick(600)
            if self.at_work is None:
                break
            self.finish("done")
        assert all(self.lake.stored.get(p, self.low[p]) == self.high[p] for p in self.low)
        assert self.lake.released or self.torn
        self.nothing_is_lost_or_read_twice()


def test_every_message_is_read_exactly_once_whatever_happens() -> None:
    run_state_machine_as_test(Topic, settings=settings(stateful_step_count=25))


def _from_high(topic: str, partitions: object, limit: int) -> Batch | None:
    """Plan what came since the last look, forgetting what was not read: the classic bug of a cursor that commits."""
    states = [PartitionState(s.topic, s.partition, max(0, s.high - 2), s.low, s.high) for s in partitions]  # type: ignore[attr-defined]
    return next_batch(topic, states, limit)


def _no_loss(*_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("name", "bug"),
    [
        ("next_batch", _from_high),
        ("find_loss", _no_loss),
        ("_next_number", lambda _: 1),
        ("_tried", lambda *_: []),
    ],
)
def test_the_machine_finds_planted_bugs(name: str, bug: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, name, bug)
    with pytest.raises((AssertionError, KeyError)):
        run_state_machine_as_test(
            Topic,
            settings=settings(
                max_examples=300, stateful_step_count=30, database=None, report_multiple_bugs=False,
                phases=[Phase.generate],
            ),
        )  # fmt: skip
