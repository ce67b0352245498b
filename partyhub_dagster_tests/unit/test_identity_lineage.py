"""What is told of ids that come, go and change, and where old ids lead."""

import itertools
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest

from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.identity.arrays import ABSENT
from partyhub_dagster.identity.lineage import (
    Cause,
    EventType,
    LineageEvent,
    derive_events,
    redirects,
    replay,
    resolve,
)
from partyhub_dagster_tests.identity_world import named

KEYS = np.arange(4)
X = ABSENT


def told(
    old: list[int], new: list[int], ever: Iterable[int] = (), seen: list[int] | None = None
) -> list[LineageEvent[int]]:
    """Derive events for keys 0..3, each first seen in code order unless said otherwise."""
    was_party_id = np.isin(KEYS, list(ever))
    return named(
        derive_events(np.array(old), np.array(new), np.array(seen or [0, 1, 2, 3]), was_party_id), KEYS
    )


def event(
    name: str, party: int, other: int | None = None, members: tuple[int, ...] = ()
) -> LineageEvent[int]:
    return LineageEvent(EventType[name], party, other, members)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([0, 0, 2, 2], [0, 0, 2, 2], []),
        ([X, X, X, X], [0, 0, 2, X], [event("CREATED", 0, None, (0, 1)), event("CREATED", 2, None, (2,))]),
        ([0, 0, 2, 2], [0, 0, 0, 0], [event("MEMBERS_CHANGED", 0, None, (0, 1, 2, 3)), event("MERGED", 2, 0)]),
        ([0, 0, 0, 0], [0, 0, 2, 2], [event("MEMBERS_CHANGED", 0, None, (0, 1)), event("SPLIT", 2, 0, (2, 3))]),
        ([0, 0, 0, 3], [X, 1, 1, 3], [event("RENAMED", 0, 1), event("SPLIT", 1, 0, (1, 2))]),
        ([0, 0, X, 3], [X, X, X, 3], [event("RETIRED", 0)]),
        ([0, 0, X, X], [0, X, X, X], [event("MEMBERS_CHANGED", 0, None, (0,))]),
        ([0, 0, 2, 2], [0, 1, 0, 0], [event("MEMBERS_CHANGED", 0, None, (0, 2, 3)),
            event("SPLIT", 1, 0, (1,)), event("MERGED", 2, 0)]),
    ],
    ids=["nothing", "created", "merged", "split", "renamed", "retired", "member left", "split and merged"],
)  # fmt: skip
def test_each_id_gets_the_event_that_fits(
    old: list[int], new: list[int], expected: list[LineageEvent[int]]
) -> None:
    assert told(old, new) == expected


def test_an_id_merged_away_still_answers_after_its_record_is_deleted() -> None:
    merged = told([0, X, 2, X], [0, X, 0, X])
    deleted = told([0, X, 0, X], [0, X, X, X], ever={0, 2})
    assert deleted == [event("MEMBERS_CHANGED", 0, None, (0,)), event("RENAMED", 2, 0)]
    assert resolve(2, {0: 0}, redirects([*merged, *deleted])) == 0


def test_a_deleted_record_that_never_named_a_party_is_not_told_of() -> None:
    assert told([0, 0, X, X], [0, X, X, X], ever={0}) == [event("MEMBERS_CHANGED", 0, None, (0,))]


def test_a_deleted_id_leads_to_its_earliest_seen_fellow_wherever_that_is_now() -> None:
    events = told([0, 0, 0, 3], [X, 3, 2, 3], seen=[0, 2, 1, 3])
    assert events[0] == event("RENAMED", 0, 2)


def test_old_ids_are_followed_through_several_deletions() -> None:
    events = [event("RENAMED", 0, 1), event("RENAMED", 1, 2), event("RETIRED", 3)]
    assert resolve(0, {2: 2}, redirects(events)) == 2
    assert resolve(3, {2: 2}, redirects(events)) is None


def test_a_record_that_returns_takes_its_id_back() -> None:
    events = [*told([0, 0, X, X], [X, 1, X, X]), *told([X, 1, X, X], [0, 0, X, X], ever={0, 1})]
    assert resolve(0, {0: 0, 1: 0}, redirects(events)) == 0
    assert events[-2:] == [event("CREATED", 0, None, (0, 1)), event("MERGED", 1, 0)]


def test_an_id_that_nobody_ever_had_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        resolve(9, {0: 0}, {})


def test_lineage_replayed_from_nothing_gives_the_assignment() -> None:
    steps = [[X, X, X, X], [0, 0, 2, 3], [0, 1, 1, 3], [X, 1, 1, 1]]
    events = [event for old, new in itertools.pairwise(steps) for event in told(old, new, ever={0, 1, 2, 3})]
    assert replay(events) == {1: frozenset({1, 2, 3})}


def test_the_strongest_cause_at_a_member_is_the_cause() -> None:
    causes = np.array([Cause.NEIGHBOUR, Cause.PAIR, Cause.DECISION, Cause.NEIGHBOUR])
    events = derive_events(np.array([0, 1, 2, X]), np.array([0, 0, 2, 2]), KEYS, KEYS >= 0, causes)
    assert [Cause(c).name for c in events.cause] == ["PAIR", "PAIR", "DECISION"]


def test_events_are_written_with_record_ids() -> None:
    events = derive_events(np.array([0, 1, X, X]), np.array([0, 0, X, X]), KEYS, KEYS >= 0)
    table = events.to_arrow(pa.array(["a", "b", "c", "d"]))
    assert table["event_type"].to_pylist() == ["MEMBERS_CHANGED", "MERGED"]
    assert table["party_id"].to_pylist() == ["a", "b"]
    assert table["other_party_id"].to_pylist() == [None, "a"]
    assert table["members"].to_pylist() == [["a", "b"], []]
    assert table["cause"].to_pylist() == ["NEIGHBOUR", "NEIGHBOUR"]
