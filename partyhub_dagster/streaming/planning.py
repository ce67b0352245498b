"""What to do next about a topic, from facts alone: launch a run, wait, or stop until a person has acted.

Pure: no broker, no lake, no Dagster, no clock. The offsets stored in the lake are the only truth about what was read;
a pending batch is a plan that is dropped as soon as they disagree with it. What Dagster says of runs decides only
whether one is at work and how often a batch was tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from partyhub_dagster.streaming.batches import Batch, carrying_batch, first_unread, next_batch
from partyhub_dagster.streaming.losses import Stop, find_loss, find_other_topic
from partyhub_dagster.streaming.ranges import PartitionState


class AttemptState(Enum):
    """How far a run is."""

    UNFINISHED = auto()
    SUCCEEDED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that was launched for a batch of the topic."""

    number: int
    """Counts the attempts of the topic, whatever their batch: no two have the same run key."""
    batch_id: str
    run_id: str
    state: AttemptState
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Pending:
    """The batch that is planned, frozen until it is stored: every attempt reads the same offsets."""

    batch: Batch
    first_attempt: int
    """Number of its first attempt. Attempts before it were of an earlier plan and do not count any more."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """All that a plan is made from."""

    topic: str
    partitions: Sequence[PartitionState]
    """All that the lake or the broker knows of; one that the broker lost has low = high = 0."""
    attempts: Sequence[Attempt]
    """The latest runs of the topic, newest first."""
    released: bool
    """Readers see everything that is stored."""
    busy: bool
    """Somebody holds the hub: a build, upkeep, a run that was started by hand."""
    now: datetime
    stored_id: str | None = None
    """The topic's id when the hub first read it."""
    broker_id: str | None = None
    """The topic's id by the broker; None if it does not tell."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once, and how often."""

    batch_offsets: int = 5_000
    attempts: int = 5
    first_delay: timedelta = timedelta(seconds=10)
    longest_delay: timedelta = timedelta(minutes=5)

    def delay_after(self, failed: int) -> timedelta:
        """Return how long to wait after so many failed attempts: twice as long each time."""
        doubled: int = 2 ** min(failed - 1, 30)
        return min(self.longest_delay, self.first_delay * doubled)


@dataclass(frozen=True, slots=True)
class Launch:
    """Start this run."""

    pending: Pending
    attempt: int

    @property
    def run_key(self) -> str:
        """The batch and the attempt: asking twice for the same attempt starts one run."""
        return f"{self.pending.batch.batch_id}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class Wait:
    """Start nothing now."""

    pending: Pending | None
    reason: str


Plan = Launch | Wait | Stop


class _Standing(Enum):
    UNREAD = auto()
    STORED = auto()
    OVERTAKEN = auto()


def name_run_at_work(topic: str, attempts: Sequence[Attempt]) -> str | None:
    """Return the reason to wait if a run of the topic has not ended."""
    at_work = next((a for a in attempts if a.state is AttemptState.UNFINISHED), None)
    return None if at_work is None else f"Run {_short(at_work)} is at work on {topic}."


def plan_tick(facts: TopicFacts, pending: Pending | None, limits: Limits) -> Plan:
    """Decide what to do about a topic.

    Guarantees: at most one run of the topic at a time; a run starts exactly where the lake stands; what the broker no
    longer has is never passed over; a batch is tried at most `limits.attempts` times in a row.
    """
    at_work = name_run_at_work(facts.topic, facts.attempts)
    if at_work is not None:
        return Wait(pending, at_work)
    if facts.busy:
        return Wait(pending, "Another run is at work on the hub; it goes first.")
    loss = find_other_topic(facts.topic, facts.stored_id, facts.broker_id)
    if loss is None:
        loss = find_loss(facts.topic, facts.partitions, None if pending is None else pending.batch)
    if loss is not None:
        return loss
    if pending is not None:
        tried = _tried(facts.attempts, pending)
        match _standing(facts, pending):
            case _Standing.UNREAD:
                return _try_again(facts, pending, tried, limits)
            case _Standing.STORED if not (facts.released or _succeeded(tried)):
                return _try_again(facts, pending, tried, limits)
            case _:
                pass  # all done, or others have read meanwhile: the plan is void
    return _plan_anew(facts, limits)


def _standing(facts: TopicFacts, pending: Pending) -> _Standing:
    states = {state.partition: state for state in facts.partitions}
    held = [(r, states.get(r.partition)) for r in pending.batch.ranges]
    if all(state is not None and state.stored == r.end for r, state in held):
        return _Standing.STORED
    if all(state is not None and first_unread(state) == r.start for r, state in held):
        return _Standing.UNREAD
    return _Standing.OVERTAKEN


def _tried(attempts: Sequence[Attempt], pending: Pending) -> list[Attempt]:
    batch_id = pending.batch.batch_id
    return [a for a in attempts if a.batch_id == batch_id and a.number >= pending.first_attempt]


def _succeeded(tried: Sequence[Attempt]) -> bool:
    return bool(tried) and tried[0].state is AttemptState.SUCCEEDED


def _try_again(facts: TopicFacts, pending: Pending, tried: Sequence[Attempt], limits: Limits) -> Plan:
    if len(tried) >= limits.attempts:
        return _given_up(facts, pending, tried)
    if tried and tried[0].ended is not None:
        due = tried[0].ended + limits.delay_after(len(tried))
        if facts.now < due:
            return Wait(
                pending,
                f"Run {_short(tried[0])} {_outcome(tried[0])}: attempt {len(tried) + 1} of {limits.attempts} follows at"
                f" {due:%H:%M:%S} UTC.",
            )
    return Launch(pending, _next_number(facts))


def _given_up(facts: TopicFacts, pending: Pending, tried: Sequence[Attempt]) -> Stop:
    batch = pending.batch
    what = f"Batch {batch.batch_id} of {facts.topic} ({batch.offsets:,} offsets) was tried {len(tried)} times"
    if _standing(facts, pending) is _Standing.STORED:
        return Stop(
            f"{what}. Its messages are in the lake, but no release shows them; no further messages are read.",
            remedy=f"See why run {_short(tried[0])} failed and what `partyhub checks` says. Correct it and run"
            " `partyhub build`, or accept it: `partyhub release --accept CHECK --reason TEXT`. Reading goes on by"
            " itself as soon as there is a release.",
        )
    return Stop(
        f"{what} and is not in the lake; no further messages are read.",
        remedy=f"See why run {_short(tried[0])} failed and mend it. Then re-execute that run, or reset the cursor of"
        " this sensor: it plans anew from the stored offsets, so that nothing is lost or read twice.",
    )


def _plan_anew(facts: TopicFacts, limits: Limits) -> Plan:
    batch = next_batch(facts.topic, facts.partitions, limits.batch_offsets)
    if batch is None:
        newest = facts.attempts[0] if facts.attempts else None
        if facts.released or newest is None or newest.state is not AttemptState.FAILED:
            return Wait(None, f"No new messages on {facts.topic}.")
        batch = carrying_batch(facts.topic, facts.partitions)  # stored by a run that died before its release
    number = _next_number(facts)
    return Launch(Pending(batch, number), number)


def _next_number(facts: TopicFacts) -> int:
    return 1 + max((attempt.number for attempt in facts.attempts), default=0)


def _outcome(attempt: Attempt) -> str:
    return "failed" if attempt.state is AttemptState.FAILED else "ended, but the lake does not hold its batch"


def _short(attempt: Attempt) -> str:
    return attempt.run_id[:8]
