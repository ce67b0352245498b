"""What the planner decides about a topic, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from partyhub_dagster.streaming.batches import Batch, carrying_batch, next_batch, share_out
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
    plan_tick,
)
from partyhub_dagster.streaming.ranges import OffsetRange, PartitionState

TOPIC = "party.events.raw"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = Limits(batch_offsets=100, attempts=3)


def at(partition: int, stored: int | None, low: int, high: int) -> PartitionState:
    return PartitionState(TOPIC, partition, stored, low, high)


def batch_of(*ranges: tuple[int, int, int]) -> Batch:
    return Batch(TOPIC, tuple(OffsetRange(TOPIC, *held) for held in ranges))


def facts(*partitions: PartitionState, attempts: tuple[Attempt, ...] = (), **other: object) -> TopicFacts:
    held = TopicFacts(TOPIC, partitions, attempts, released=True, busy=False, now=NOON)
    return replace(held, **other)  # type: ignore[arg-type]


def attempt(
    number: int, batch: Batch, state: AttemptState = AttemptState.FAILED, ended: datetime | None = NOON
) -> Attempt:
    return Attempt(number, batch.batch_id, f"{number:08}-run", state, ended)


def plan(held: TopicFacts, pending: Pending | None = None) -> Plan:
    return plan_tick(held, pending, LIMITS)


def ranges_of(found: Plan) -> list[tuple[int, int, int]]:
    assert isinstance(found, Launch), found
    return [(r.partition, r.start, r.end) for r in found.pending.batch.ranges]


def later(minutes: int = 60) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_a_new_topic_is_read_from_the_first_message_that_the_broker_has() -> None:
    assert ranges_of(plan(facts(at(0, None, 7, 9), at(1, None, 0, 0)))) == [(0, 7, 9), (1, 0, 0)]


def test_reading_goes_on_where_the_lake_stands() -> None:
    assert ranges_of(plan(facts(at(0, 40, 0, 90), at(1, 12, 0, 12)))) == [(0, 40, 90)]


def test_nothing_new_starts_nothing() -> None:
    found = plan(facts(at(0, 9, 0, 9)))
    assert found == Wait(None, "No new messages on party.events.raw.")


@pytest.mark.parametrize(
    ("waiting", "limit", "shares"),
    [
        ({0: 10, 1: 10}, 100, {0: 10, 1: 10}),
        ({0: 500, 1: 500}, 100, {0: 50, 1: 50}),
        ({0: 1, 1: 500, 2: 500}, 101, {0: 1, 1: 50, 2: 50}),
        ({0: 0, 1: 500}, 100, {0: 0, 1: 100}),
        ({0: 5, 1: 5, 2: 5}, 2, {0: 1, 1: 1, 2: 1}),  # each gets one, or the last would never be read
    ],
)
def test_a_long_partition_leaves_the_short_ones_their_share(
    waiting: dict[int, int], limit: int, shares: dict[int, int]
) -> None:
    assert share_out(waiting, limit) == shares


def test_one_batch_at_a_time_is_pending() -> None:
    batch = batch_of((0, 0, 10))
    found = plan(
        facts(at(0, 0, 0, 50), attempts=(attempt(4, batch, AttemptState.UNFINISHED, None),)),
        Pending(batch, 4),
    )
    assert found == Wait(Pending(batch, 4), "Run 00000004 is at work on party.events.raw.")


def test_a_run_of_an_unknown_plan_is_waited_for_too() -> None:
    """The cursor was reset while a run is at work."""
    found = plan(
        facts(at(0, 0, 0, 50), attempts=(attempt(4, batch_of((0, 0, 10)), AttemptState.UNFINISHED, None),))
    )
    assert isinstance(found, Wait)


def test_a_build_by_hand_goes_first() -> None:
    found = plan(facts(at(0, 0, 0, 50), busy=True))
    assert found == Wait(None, "Another run is at work on the hub; it goes first.")


def test_a_failed_batch_is_tried_again_with_the_same_offsets_and_a_fresh_key() -> None:
    batch = batch_of((0, 0, 10))
    tried = plan(facts(at(0, 0, 0, 50), attempts=(attempt(4, batch),), now=later()), Pending(batch, 4))
    assert tried == Launch(Pending(batch, 4), 5)
    assert isinstance(tried, Launch)
    assert tried.run_key == f"{batch.batch_id}-5"


def test_each_further_attempt_waits_twice_as_long() -> None:
    batch = batch_of((0, 0, 10))
    attempts = (attempt(5, batch), attempt(4, batch))
    held = facts(at(0, 0, 0, 50), attempts=attempts, now=NOON + timedelta(seconds=19))
    found = plan(held, Pending(batch, 4))
    assert found == Wait(Pending(batch, 4), "Run 00000005 failed: attempt 3 of 3 follows at 12:00:20 UTC.")
    assert plan(replace(held, now=NOON + timedelta(seconds=20)), Pending(batch, 4)) == Launch(
        Pending(batch, 4), 6
    )


def test_after_the_last_attempt_a_stop_says_what_to_do() -> None:
    batch = batch_of((0, 0, 10))
    attempts = tuple(attempt(number, batch) for number in (6, 5, 4))
    found = plan(facts(at(0, 0, 0, 50), attempts=attempts, now=later()), Pending(batch, 4))
    assert isinstance(found, Stop)
    assert "was tried 3 times and is not in the lake" in found.message
    assert "reset the cursor" in found.remedy


def test_a_reset_cursor_after_a_stop_gives_the_same_batch_new_attempts() -> None:
    batch = batch_of((0, 0, 50))
    attempts = tuple(attempt(number, batch) for number in (6, 5, 4))
    found = plan(facts(at(0, 0, 0, 50), attempts=attempts))
    assert found == Launch(Pending(batch, 7), 7)


def test_a_stored_batch_is_settled_whatever_its_run_says() -> None:
    batch = batch_of((0, 0, 10))
    held = facts(at(0, 10, 0, 50), attempts=(attempt(4, batch),))
    assert ranges_of(plan(held, Pending(batch, 4))) == [(0, 10, 50)]


def test_a_run_that_died_between_storing_and_releasing_is_followed_by_another() -> None:
    batch = batch_of((0, 0, 10))
    held = facts(at(0, 10, 0, 50), attempts=(attempt(4, batch),), released=False, now=later())
    assert plan(held, Pending(batch, 4)) == Launch(Pending(batch, 4), 5)


def test_such_a_run_is_followed_by_another_after_a_reset_cursor_without_new_messages_too() -> None:
    batch = batch_of((0, 0, 10))
    held = facts(at(0, 10, 0, 10), attempts=(attempt(4, batch),), released=False)
    found = plan(held)
    assert ranges_of(found) == [(0, 10, 10)]
    assert isinstance(found, Launch)
    assert plan(replace(held, released=True), found.pending) == Wait(None, f"No new messages on {TOPIC}.")


def test_a_state_that_files_left_unreleased_starts_nothing() -> None:
    batch = batch_of((0, 0, 10))
    held = facts(at(0, 10, 0, 10), attempts=(attempt(4, batch, AttemptState.SUCCEEDED),), released=False)
    assert isinstance(plan(held), Wait)
    assert isinstance(plan(held, Pending(batch, 4)), Wait)


def test_a_stop_for_want_of_a_release_ends_with_the_release() -> None:
    batch = batch_of((0, 0, 10))
    attempts = tuple(attempt(number, batch) for number in (6, 5, 4))
    held = facts(at(0, 10, 0, 50), attempts=attempts, released=False, now=later())
    found = plan(held, Pending(batch, 4))
    assert isinstance(found, Stop)
    assert "no release shows them" in found.message
    assert "partyhub release --accept" in found.remedy
    assert ranges_of(plan(replace(held, released=True), Pending(batch, 4))) == [(0, 10, 50)]


@pytest.mark.parametrize("stored", [5, 20])
def test_a_plan_that_the_lake_disagrees_with_is_dropped(stored: int) -> None:
    """Another daemon has read part of it or more, or the lake is an older backup."""
    held = facts(at(0, stored, 0, 50), attempts=(attempt(4, batch_of((0, 10, 15))),))
    assert ranges_of(plan(held, Pending(batch_of((0, 10, 15)), 4))) == [(0, stored, 50)]


def test_a_lake_restored_from_an_older_backup_reads_again_under_a_fresh_key() -> None:
    batch = batch_of((0, 0, 50))
    held = facts(at(0, 0, 0, 50), attempts=(attempt(4, batch, AttemptState.SUCCEEDED),))
    assert plan(held) == Launch(Pending(batch, 5), 5)


@pytest.mark.parametrize(
    ("partitions", "told"),
    [
        ([at(0, 10, 12, 50)], "partition 0 from 10 to 11"),
        ([at(0, 10, 0, 50), at(1, None, 3, 9)], "partition 1 from 0 to 2"),
        ([at(0, 10, 30, 30)], "partition 0 from 10 to 29"),  # time retention left nothing at all
        ([at(p, 1, 3, 9) for p in range(7)], "; 4 from 1 to 2, and 2 partitions more"),
    ],
)
def test_messages_that_were_deleted_before_they_were_read_stop_the_topic(
    partitions: list[PartitionState], told: str
) -> None:
    found = plan(facts(*partitions))
    assert isinstance(found, Stop)
    assert "were deleted before the hub read them" in found.message
    assert told in found.message
    assert "partyhub stream restart party.events.raw" in found.remedy


@pytest.mark.parametrize("partition", [at(0, 10, 0, 9), at(0, 10, 0, 0)])
def test_offsets_that_went_back_stop_the_topic(partition: PartitionState) -> None:
    found = plan(facts(partition, at(1, 5, 0, 80)))
    assert isinstance(found, Stop)
    assert "went back" in found.message


def test_a_topic_made_anew_stops_although_its_offsets_have_caught_up() -> None:
    held = facts(at(0, 10, 0, 50), stored_id="first", broker_id="second")
    found = plan(held)
    assert isinstance(found, Stop)
    assert "is not the topic that the hub has read" in found.message
    assert isinstance(plan(replace(held, broker_id="first")), Launch)
    assert isinstance(plan(replace(held, broker_id=None)), Launch)  # an old broker has no ids


def test_a_planned_end_that_the_topic_no_longer_reaches_stops_it() -> None:
    found = plan(facts(at(0, 10, 0, 19)), Pending(batch_of((0, 10, 20)), 1))
    assert isinstance(found, Stop)
    assert "0 ends at 19, the hub had reached 20" in found.message


def test_the_planned_start_of_a_first_batch_must_still_be_there() -> None:
    found = plan(facts(at(0, None, 4, 20)), Pending(batch_of((0, 0, 20)), 1))
    assert isinstance(found, Stop)


def test_a_batch_is_named_by_its_ranges_alone() -> None:
    state = [at(1, 5, 0, 9), at(0, 3, 0, 4)]
    first, second = next_batch(TOPIC, state, 9), next_batch(TOPIC, reversed(state), 9)
    assert first is not None
    assert second is not None
    assert first.batch_id == second.batch_id
    assert first.batch_id != batch_of((0, 3, 4), (1, 5, 8)).batch_id
    assert first.batch_id != replace(first, topic="other").batch_id
    assert carrying_batch(TOPIC, state).offsets == 0
