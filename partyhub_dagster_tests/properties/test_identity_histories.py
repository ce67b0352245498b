"""However records and decisions come, change and go: stored equals rebuilt, and every id ever given answers."""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise, product

import pytest
from hypothesis import Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.identity import components, decisions, lineage, state
from partyhub_dagster.identity.lineage import EventType, LineageEvent, redirects, replay, resolve
from partyhub_dagster_tests.identity_oracle import expected_parties, settle
from partyhub_dagster_tests.identity_world import CONTENTS, KEYS, World, weight_table

keys = st.integers(0, KEYS - 1)
contents = st.integers(0, CONTENTS - 1)
members = st.lists(keys, min_size=2, max_size=5, unique=True)
values = st.frozensets(st.integers(0, 2), min_size=1, max_size=2)


class Hub(RuleBasedStateMachine):
    """Any history of inserts, updates, deletes, decisions and revocations, processed in any batches."""

    @initialize(seed=st.integers(0, 30), first=st.lists(st.tuples(keys, contents), min_size=4, max_size=KEYS))
    def open(self, seed: int, first: list[tuple[int, int]]) -> None:
        self.world = World(weight_table(seed))
        self.leads_to: dict[int, int | None] = {}
        self.groups: list[range] = []  # numbers of the decisions of each
        for key, content in first:
            self.world.put(key, content)
        self.process()

    @rule(key=keys, content=contents)
    def put(self, key: int, content: int) -> None:
        self.world.put(key, content)

    @rule(key=keys, content=contents, kind=st.integers(0, 1), scheme=st.integers(0, 1), held=values)
    def put_with_identifier(
        self, key: int, content: int, kind: int, scheme: int, held: frozenset[int]
    ) -> None:
        self.world.put(key, content, kind, {scheme: held})

    @rule(key=keys)
    def delete(self, key: int) -> None:
        self.world.delete(key)

    @rule(kind_of=st.sampled_from(["SAME", "SAME", "NOT_SAME"]), left=keys, right=keys)
    def decide(self, kind_of: str, left: int, right: int) -> None:
        self.world.decide(kind_of, left, right)

    @precondition(lambda self: self.world.ledger)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        self.world.decide("REVOKE", revokes=data.draw(st.integers(1, len(self.world.ledger))))

    @rule(members=members, left=st.integers(1, 4), apart=st.booleans())
    def decide_on_parties(self, members: list[int], left: int, apart: bool) -> None:
        """Write a group, as `decide same` and `decide split` do of the members of two parties."""
        sides = [side for side in (members[:left], members[left:]) if side]
        first = len(self.world.ledger) + 1
        for side in sides if apart else [members]:
            for one, other in pairwise(side):
                self.world.decide("SAME", one, other)
        for one, other in product(*sides) if apart and len(sides) == 2 else []:
            self.world.decide("NOT_SAME", one, other)
        self.groups.append(range(first, len(self.world.ledger) + 1))

    @precondition(lambda self: self.groups)
    @rule(data=st.data())
    def undo_a_group(self, data: st.DataObject) -> None:
        for decision in data.draw(st.sampled_from(self.groups)):
            self.world.decide("REVOKE", revokes=decision)

    @rule()
    def process(self) -> None:
        before = dict(self.world.party)
        events = self.world.process()
        note(f"{len(events)} events: {[event.event_type.name for event in events]}")
        self.stored_equals_rebuilt()
        self.parties_are_those_of_the_oracle()
        self.decisions_bind()
        self.one_event_tells_each_change(before, events)
        self.every_id_ever_given_answers(before)
        self.lineage_gives_the_parties()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.process()
            assert self.world.process() == []  # nothing new: nothing is told

    def stored_equals_rebuilt(self) -> None:
        assert not self.world.differs_from_rebuild()

    def parties_are_those_of_the_oracle(self) -> None:
        world = self.world
        limits = {0: world.limits, 1: world.limits}
        expected = {
            key: (party.component, party.anchor, math.nan if party.weakest is None else float(party.weakest))
            for party in expected_parties(world.records, world.weights, world.ledger, limits)
            for key in party.members
        }
        found = {key: (world.component[key], world.party[key], world.weakest[key]) for key in world.party}
        assert str(sorted(found.items())) == str(sorted(expected.items()))

    def decisions_bind(self) -> None:
        party = self.world.party
        same, apart = settle(self.world.ledger, self.world.records)
        assert all(party[a] == party[b] for a, b in same if {a, b} <= party.keys())
        assert all(party[a] != party[b] for a, b in apart if {a, b} <= party.keys())

    def one_event_tells_each_change(self, before: dict[int, int], events: list[LineageEvent[int]]) -> None:
        told = {event.party_id: event for event in events}
        assert len(told) == len(events)
        old, new = (members_by_party(assignment.items()) for assignment in (before, self.world.party))
        for party in old.keys() | new.keys():
            event = told.get(party)
            if old.get(party) == new.get(party):
                assert event is None
            elif party in new:
                assert event is not None
                assert event.members == tuple(sorted(new[party]))
                came_from = before.get(party) if party not in old else None
                kinds = {EventType.MEMBERS_CHANGED} if party in old else {EventType.SPLIT, EventType.CREATED}
                assert event.event_type in kinds
                assert event.other_party_id == came_from
            else:
                assert event is not None
                assert (event.event_type == EventType.MERGED) == (party in self.world.party)
                assert event.other_party_id == self.world.party.get(party, event.other_party_id)

    def every_id_ever_given_answers(self, before: dict[int, int]) -> None:
        world = self.world
        for gone in before.keys() - world.party.keys():
            fellows = [key for key in world.party if before.get(key) == before[gone]]
            heir = min(fellows, key=lambda key: world.first_seen[key], default=None)
            self.leads_to[gone] = None if heir is None else world.party[heir]
        led = redirects(world.told)
        for party in world.ever:
            if party in world.party:
                assert resolve(party, world.party, led) == world.party[party]
            else:
                assert led[party] == self.leads_to[party]
                assert resolve(party, world.party, led) in {None, *world.party.values()}

    def lineage_gives_the_parties(self) -> None:
        parties = replay(self.world.told)
        assert {party: set(members) for party, members in parties.items()} == members_by_party(
            self.world.party.items()
        )


def members_by_party(assignment: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    parties: dict[int, set[int]] = {}
    for key, party in assignment:
        parties.setdefault(party, set()).add(key)
    return parties


TestHub = Hub.TestCase


def drop_same_from_components(patch: pytest.MonkeyPatch) -> None:
    label = state._label
    patch.setattr(state, "_label", lambda inputs, _: label(inputs, []))


def drop_same_from_the_closure(patch: pytest.MonkeyPatch) -> None:
    closure = components.affected_closure
    patch.setattr(
        components,
        "affected_closure",
        lambda dirty, old, left, right: closure(dirty, old, left[:0], right[:0]),
    )


def drop_old_components_from_the_closure(patch: pytest.MonkeyPatch) -> None:
    closure = components.affected_closure
    patch.setattr(
        components, "affected_closure", lambda dirty, old, *same: closure(dirty, old * 0 - 1, *same)
    )


def drop_keys_of_decisions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decisions, "changed_keys", lambda *_: set())


def drop_ends_of_pairs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        World, "seen_weights", property(lambda world: world.weights, lambda *_: None), raising=False
    )


def forget_former_ids(patch: pytest.MonkeyPatch) -> None:
    derive = lineage.derive_events
    patch.setattr(lineage, "derive_events", lambda old, new, seen, ever: derive(old, new, seen, ever & False))


def name_parties_after_the_smallest_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(state, "assign_party_ids", lambda cluster, _: cluster)


def let_revocations_be_final(patch: pytest.MonkeyPatch) -> None:
    def unrevoked(ledger: Iterable[decisions.Decision]) -> list[decisions.Decision]:
        ledger = sorted(ledger, key=lambda d: d.sequence)
        revoked = {d.revokes: d.sequence for d in ledger}
        return [d for d in ledger if d.kind_of != "REVOKE" and d.sequence > revoked.get(d.decision_id, 0)]

    for module in (decisions, state):
        patch.setattr(module, "unrevoked", unrevoked)


@pytest.mark.parametrize(
    "plant",
    [
        drop_same_from_components,
        drop_same_from_the_closure,
        drop_old_components_from_the_closure,
        drop_keys_of_decisions,
        drop_ends_of_pairs,
        forget_former_ids,
        name_parties_after_the_smallest_id,
        let_revocations_be_final,
    ],
)
def test_the_machine_finds_a_planted_bug(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    hunt = settings(
        max_examples=600,
        stateful_step_count=25,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    with pytest.raises((AssertionError, LookupError, ValueError, NotFoundError)):
        run_state_machine_as_test(Hub, settings=hunt)
