"""What lineage must tell, and where every id ever given leads: from who was with whom before and after."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from partyhub_dagster_tests.pipeline.golden import ATTRIBUTES, Golden

Event = tuple[str, int, int | None, tuple[int, ...], tuple[str, ...]]
"""Type, party, other party, members, attributes."""


@dataclass
class Told:
    """The parties so far, by record and by their golden records, and the ids that deleted records left."""

    party: dict[int, int] = field(default_factory=dict)
    golden: dict[int, Golden] = field(default_factory=dict)
    ever: set[int] = field(default_factory=set)
    leads_to: dict[int, int | None] = field(default_factory=dict)

    def move(self, after: dict[int, int], first_seen: Callable[[int], int]) -> list[Event]:
        """Take a new assignment of records to parties; return what must be told of it."""
        before, self.party = self.party, after
        old, new = _members(before), _members(after)
        for gone in (before.keys() - after.keys()) & (self.ever | old.keys()):
            fellows = [key for key in after if before.get(key) == before[gone]]
            heir = min(fellows, key=first_seen, default=None)
            self.leads_to[gone] = None if heir is None else after[heir]
        ended = (before.keys() - after.keys()) & self.ever
        self.ever |= new.keys()
        events = [self._event(party, before, old, new) for party in old.keys() | new.keys() | ended]
        return [event for event in events if event is not None]

    def _event(
        self, party: int, before: Mapping[int, int], old: Mapping[int, set[int]], new: Mapping[int, set[int]]
    ) -> Event | None:
        if party in new:
            members = tuple(sorted(new[party]))
            if party not in old:
                came_from = before.get(party)
                return ("CREATED" if came_from is None else "SPLIT", party, came_from, members, ())
            return ("MEMBERS_CHANGED", party, None, members, ()) if old[party] != new[party] else None
        if party in self.party:
            return ("MERGED", party, self.party[party], (), ())
        heir = self.leads_to[party]
        return ("RETIRED" if heir is None else "RENAMED", party, heir, (), ())

    def say(self, after: dict[int, Golden]) -> list[Event]:
        """Take new golden records; return what must be told of values."""
        before, self.golden = self.golden, after
        events = []
        for party in before.keys() & after.keys():
            old, new = before[party], after[party]
            changed = ["party_type"] if old.party_type != new.party_type else []
            changed += [a for a in ATTRIBUTES if old.values[a] != new.values[a]]
            if changed:
                events.append(("UPDATED", party, None, (), tuple(changed)))
        return events

    def resolve(self, party: int) -> int | None:
        """Say which party an id means today; None if it is retired."""
        at: int | None = party
        while at is not None and at not in self.party:
            at = self.leads_to[at]
        return None if at is None else self.party[at]


def replayed(events: Iterable[Event]) -> dict[int, set[int]]:
    """Return the parties that the events lead to from nothing."""
    parties: dict[int, set[int]] = {}
    for kind, party, _, members, _ in events:
        if kind in {"CREATED", "SPLIT", "MEMBERS_CHANGED"}:
            parties[party] = set(members)
        elif kind != "UPDATED":
            parties.pop(party, None)  # an id may end after its party has
    return parties


def _members(assignment: Mapping[int, int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for key, party in assignment.items():
        found.setdefault(party, set()).add(key)
    return found
