"""What stands, what is overruled, and by what."""

from uuid import UUID

import numpy as np
import pytest

from partyhub_dagster.identity.arrays import ABSENT
from partyhub_dagster.identity.decisions import (
    Decision,
    DecisionKind,
    Overruled,
    OverruledBy,
    Resolution,
    changed_keys,
    resolve,
    unrevoked,
)
from partyhub_dagster_tests.identity_world import decided

CHAIN = [
    decided(1, "SAME", 0, 1),
    decided(2, "SAME", 1, 2),
    decided(3, "SAME", 2, 3),
    decided(4, "SAME", 3, 4),
    decided(5, "NOT_SAME", 0, 4),
]


def settled(ledger: list[Decision], kinds: list[int] | None = None) -> Resolution:
    return resolve(ledger, np.array(kinds or [0] * 5, dtype=np.int64))


def groups(ledger: list[Decision], kinds: list[int] | None = None) -> list[int]:
    return settled(ledger, kinds).same_group.tolist()


def test_a_newer_not_same_overrules_the_oldest_same_between_its_ends() -> None:
    resolution = settled(CHAIN)
    assert resolution.same_group.tolist() == [0, 1, 1, 1, 1]
    assert resolution.overruled == (Overruled(UUID(int=1), OverruledBy.NOT_SAME, UUID(int=5)),)
    assert resolution.apart == {(0, 1): UUID(int=5)}


def test_revoking_a_same_in_the_middle_rejoins_what_it_had_kept_apart() -> None:
    ledger = [*CHAIN, decided(6, "REVOKE", revokes=3)]
    assert groups(ledger) == [0, 0, 0, 3, 3]
    assert settled(ledger).overruled == ()


def test_revoking_a_revocation_restores_the_decision() -> None:
    ledger = [*CHAIN, decided(6, "REVOKE", revokes=3), decided(7, "REVOKE", revokes=6)]
    assert groups(ledger) == groups(CHAIN)
    assert [d.sequence for d in unrevoked(ledger)] == [1, 2, 3, 4, 5]


def test_a_revocation_cannot_reach_what_is_decided_after_it() -> None:
    ledger = [decided(1, "REVOKE", revokes=2), decided(2, "SAME", 0, 1)]
    assert groups(ledger)[:2] == [0, 0]


def test_revoking_a_group_revokes_all_that_was_decided_with_it() -> None:
    group = UUID(int=99)
    ledger = [
        Decision(UUID(int=1), 1, DecisionKind.SAME, 0, 1, group_id=group),
        Decision(UUID(int=2), 2, DecisionKind.NOT_SAME, 1, 2, group_id=group),
        Decision(UUID(int=3), 3, DecisionKind.REVOKE, revokes=group),
        Decision(UUID(int=4), 4, DecisionKind.SAME, 3, 4, group_id=group),
    ]
    assert [d.sequence for d in unrevoked(ledger)] == [4]


def test_a_newer_same_overrules_a_not_same_and_names_the_decision_that_brought_the_two_together() -> None:
    ledger = [decided(1, "NOT_SAME", 0, 2), decided(2, "SAME", 1, 2), decided(3, "SAME", 0, 1)]
    assert settled(ledger).overruled == (Overruled(UUID(int=1), OverruledBy.SAME, UUID(int=2)),)


def test_not_same_holds_through_a_record_that_is_absent() -> None:
    kinds = [0, ABSENT, 0, 0, 0]
    ledger = [decided(1, "SAME", 0, 1), decided(2, "NOT_SAME", 1, 2)]
    assert settled(ledger, kinds).apart == {(0, 2): UUID(int=2)}
    assert groups([*ledger, decided(3, "SAME", 1, 3)], kinds) == [0, 0, 2, 0, 4]


def test_same_across_kinds_is_overruled_also_through_an_absent_record() -> None:
    kinds = [0, ABSENT, 1, 0, 0]
    resolution = settled([decided(1, "SAME", 0, 1), decided(2, "SAME", 1, 2)], kinds)
    assert resolution.same_group.tolist() == [0, 1, 1, 3, 4]
    assert resolution.overruled == (Overruled(UUID(int=1), OverruledBy.KIND),)


def test_a_record_is_not_apart_from_itself() -> None:
    assert settled([decided(1, "NOT_SAME", 2, 2)]).overruled == (Overruled(UUID(int=1), OverruledBy.ITSELF),)


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (decided(6, "SAME", 0, 3), {0, 3}),
        (decided(6, "REVOKE", revokes=2), {1, 2}),
        (decided(6, "PIN", 0, 0), set()),
        (decided(6, "REVOKE", revokes=77), set()),
    ],
)
def test_changed_keys_are_those_of_decisions_that_came_to_stand_or_ceased_to(
    added: Decision, expected: set[int]
) -> None:
    assert changed_keys(CHAIN, [*CHAIN, added]) == expected


def test_a_restored_decision_changes_its_keys() -> None:
    before = [*CHAIN, decided(6, "REVOKE", revokes=3)]
    assert changed_keys(before, [*before, decided(7, "REVOKE", revokes=6)]) == {2, 3}
