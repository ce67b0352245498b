"""What happened to every party id between two assignments, and where an old id leads today.

Events follow from the old and the new assignment only. A party id is the record_id of some record, so a
live record answers for its own id; the events RENAMED and RETIRED answer for the ids of deleted ones.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.identity.arrays import ABSENT, BoolArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

Id = TypeVar("Id", bound=Hashable)


class EventType(IntEnum):
    """What became of an id; UPDATED, values alone, is the golden stage's to add."""

    CREATED = 0  # a new id; its record was in no party before
    SPLIT = 1  # a new id; its record was in party `other`
    MEMBERS_CHANGED = 2
    MERGED = 3  # the id's record is now in party `other`
    RENAMED = 4  # the id's record was deleted; `other` is the party of its earliest-seen former fellow
    RETIRED = 5  # the id's record was deleted, and no former fellow lives


class Cause(IntEnum):
    """Why, the strongest first: what had changed at one of the members, before or after."""

    DECISION = 0
    MODEL = 1
    DELETION = 2
    RECORD = 3
    PAIR = 4
    NEIGHBOUR = 5  # nothing at the members themselves, but elsewhere in their component


@dataclass(frozen=True, slots=True)
class Events:
    """Lineage events of one run.

    Grain: one row per party id, in code order: so at most one event per id and run. `other` is ABSENT where
    the type names no other party. Members of row i: `member[start[i]:start[i + 1]]`, in code order; all of
    them for CREATED, SPLIT and MEMBERS_CHANGED, none else.
    """

    event_type: IntArray
    party: IntArray
    other: IntArray
    cause: IntArray
    start: IntArray
    member: IntArray

    def to_arrow(self, record_ids: "pa.Array[Any]") -> "pa.Table":
        """Name codes by record_id: (event_type, party_id, other_party_id, members, cause)."""
        import pyarrow as pa

        names = pa.array([t.name for t in EventType]), pa.array([c.name for c in Cause])
        other = pa.array(self.other, mask=self.other == ABSENT)
        members = pa.ListArray.from_arrays(
            pa.array(self.start, pa.int32()), record_ids.take(pa.array(self.member))
        )
        columns = {
            "event_type": names[0].take(pa.array(self.event_type)),
            "party_id": record_ids.take(pa.array(self.party)),
            "other_party_id": record_ids.take(other),
            "members": members,
            "cause": names[1].take(pa.array(self.cause)),
        }
        return pa.table(columns)


def derive_events(
    old: IntArray,
    new: IntArray,
    first_seen: IntArray,
    was_party_id: BoolArray,
    cause_of_key: IntArray | None = None,
) -> Events:
    """Tell what became of every party id, from the party of every key before and after (ABSENT: no record).

    `was_party_id` marks the keys whose id was ever a party_id: the deletion of such a record is told even
    if the party already went by another id. `cause_of_key` is the strongest `Cause` at each key.
    Guarantees: at most one event per id; none if nothing moved; `replay` of all events gives the assignment.
    """
    was_id, is_id = _ids_in(old), _ids_in(new)
    deleted = (old != ABSENT) & (new == ABSENT)
    touched = np.zeros(len(old), dtype=np.bool_)
    moved = np.flatnonzero(old != new)
    touched[old[moved][old[moved] != ABSENT]] = True
    touched[new[moved][new[moved] != ABSENT]] = True
    touched |= deleted & (was_party_id | was_id)
    party = np.flatnonzero(touched)
    heir = _party_of_earliest_fellow(old, new, first_seen)[party]
    before, after = old[party], new[party]
    conditions = [
        is_id[party] & was_id[party],
        is_id[party] & (before != ABSENT),
        is_id[party],
        after != ABSENT,
        heir != ABSENT,
    ]
    told = (
        EventType.MEMBERS_CHANGED,
        EventType.SPLIT,
        EventType.CREATED,
        EventType.MERGED,
        EventType.RENAMED,
    )
    nobody = np.full(len(party), ABSENT, dtype=np.int64)
    event_type = np.select(conditions, [np.int64(t) for t in told], np.int64(EventType.RETIRED))
    other = np.select(conditions, [nobody, before, nobody, after, heir], nobody)
    cause = _cause_of_party(old, new, cause_of_key)[party]
    start, member = _members_of(party[is_id[party]], new)
    sizes = np.zeros(len(party), dtype=np.int64)
    sizes[is_id[party]] = np.diff(start)
    return Events(event_type, party, other, cause, np.concatenate([[0], np.cumsum(sizes)]), member)


def _ids_in(assignment: IntArray) -> BoolArray:
    present = np.zeros(len(assignment), dtype=np.bool_)
    present[assignment[assignment != ABSENT]] = True
    return present


def _party_of_earliest_fellow(old: IntArray, new: IntArray, first_seen: IntArray) -> IntArray:
    """For every key, find today's party of the earliest-seen record that still lives of its old party."""
    stayed = np.flatnonzero((old != ABSENT) & (new != ABSENT))
    latest_first = stayed[np.lexsort((stayed, first_seen[stayed]))[::-1]]
    fellow_party = np.full(len(old) + 1, ABSENT, dtype=np.int64)  # one more: the place of ABSENT, never set
    fellow_party[old[latest_first]] = new[latest_first]  # the last one written is the earliest seen
    return fellow_party[old]


def _cause_of_party(old: IntArray, new: IntArray, cause_of_key: IntArray | None) -> IntArray:
    cause = np.full(len(old), Cause.NEIGHBOUR, dtype=np.int64)
    if cause_of_key is not None:
        for assignment in (old, new):
            keys = np.flatnonzero(assignment != ABSENT)
            np.minimum.at(cause, assignment[keys], cause_of_key[keys])
        np.minimum.at(cause, np.arange(len(old)), cause_of_key)
    return cause


def _members_of(parties: IntArray, assignment: IntArray) -> tuple[IntArray, IntArray]:
    """List the members of sorted parties, as offsets and one run of keys after the other."""
    wanted = np.zeros(len(assignment) + 1, dtype=np.bool_)
    wanted[parties] = True
    keys = np.flatnonzero(wanted[assignment])
    keys = keys[np.argsort(assignment[keys], kind="stable")]
    start = np.searchsorted(assignment[keys], np.append(parties, len(assignment)))
    return start.astype(np.int64), keys


@dataclass(frozen=True, slots=True)
class LineageEvent(Generic[Id]):
    """One stored event, ids as stored."""

    event_type: EventType
    party_id: Id
    other_party_id: Id | None = None
    members: tuple[Id, ...] = ()


def replay(events: Iterable[LineageEvent[Id]]) -> dict[Id, frozenset[Id]]:
    """Rebuild party -> members from nothing but the events, in the order of their sequence."""
    parties: dict[Id, frozenset[Id]] = {}
    for event in events:
        if event.event_type in {EventType.MERGED, EventType.RENAMED, EventType.RETIRED}:
            parties.pop(event.party_id, None)
        else:
            parties[event.party_id] = frozenset(event.members)
    return parties


def redirects(events: Iterable[LineageEvent[Id]]) -> dict[Id, Id | None]:
    """Collect where the id of a deleted record leads: its last RENAMED, or None if RETIRED."""
    ends = {EventType.RENAMED, EventType.RETIRED}
    return {e.party_id: e.other_party_id for e in events if e.event_type in ends}


def resolve(party_id: Id, party_of: Mapping[Id, Id], redirected: Mapping[Id, Id | None]) -> Id | None:
    """Answer which party an id, however old, means today; None if it was retired.

    `party_of` is the assignment of live records, `redirected` comes from `redirects`. It ends, because every
    redirection leads to a record that lived when it was written.

    Raises:
        NotFoundError: the id never was a party's nor is it a live record's.
    """
    at: Id | None = party_id
    while at is not None and at not in party_of:
        if at not in redirected:
            raise NotFoundError(
                "No party ever had this id.", remedy="Check the id, or search by source record."
            )
        at = redirected[at]
    return None if at is None else party_of[at]
