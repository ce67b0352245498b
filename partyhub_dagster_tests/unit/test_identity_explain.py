"""Every verdict on two records names what decided."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from partyhub_dagster.identity.decisions import Decision
from partyhub_dagster.identity.explain import Verdict, Why, explain_parties
from partyhub_dagster.identity.merges import merges_of, weakest_of, without_margin
from partyhub_dagster.identity.state import cluster_affected
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster_tests.identity_oracle import Record
from partyhub_dagster_tests.identity_world import decided, inputs_of

LIMITS = Thresholds(link=0, cut=0, miss=-4_000, cap=15_000)
ALIKE = {key: Record(key) for key in range(4)}
Pairs = Mapping[tuple[int, int], int]


def held(*values: int) -> dict[int, Record]:
    return {key: Record(key, exclusive={7: frozenset({value})}) for key, value in enumerate(values)}


@pytest.mark.parametrize(
    ("records", "bits", "ledger", "limits", "expected"),
    [
        (ALIKE, {}, [decided(1, "SAME", 0, 1)], LIMITS, Verdict(Why.SAME_DECISION)),
        (ALIKE, {(0, 1): 9}, [], LIMITS, Verdict(Why.WEIGHT, 9_000.0, 1, 1, asked=0)),
        ({0: Record(0), 1: Record(1, kind=1)}, {}, [decided(1, "SAME", 0, 1)], LIMITS, Verdict(Why.KIND)),
        (ALIKE, {(0, 1): -1}, [], LIMITS, Verdict(Why.COMPONENT)),
        (
            ALIKE,
            {(0, 1): 9},
            [decided(1, "NOT_SAME", 0, 1)],
            LIMITS,
            Verdict(Why.NOT_SAME_DECISION, 9_000.0, 1, 1, UUID(int=1)),
        ),
        (held(1, 2), {(0, 1): 20}, [], LIMITS, Verdict(Why.EXCLUSIVE, 15_000.0, 1, 1, schemes=(7,))),
        (
            ALIKE,
            {(0, 2): 9, (1, 3): 9, (0, 1): 1},
            [],
            LIMITS,
            Verdict(Why.BELOW_CUT, -2_750.0, 1, 4, asked=0),
        ),
        (
            ALIKE,
            {(0, 2): 9, (1, 3): 9, (0, 1): 1},
            [],
            replace(LIMITS, max_part=2),
            Verdict(Why.PART, -2_750.0, 1, 4),
        ),
    ],
    ids=lambda value: value.why.value if isinstance(value, Verdict) else "",
)
def test_what_decided_about_records_0_and_1(
    records: dict[int, Record], bits: Pairs, ledger: list[Decision], limits: Thresholds, expected: Verdict
) -> None:
    weights = {pair: weight * 1_000 for pair, weight in bits.items()}
    inputs = inputs_of(records, weights, ledger, limits, 4)
    assert explain_parties(inputs, cluster_affected(inputs), 0, 1) == expected


def test_the_weakest_merge_has_the_least_to_spare_and_is_refused_without_it() -> None:
    limits = Thresholds(link=-2_000, cut=-3_000, miss=-4_000, cap=15_000, doubling=1_500)
    fifth = {(key, 4): -2_000 for key in range(4)}
    weights = {(0, 1): 9_000, (2, 3): 20_000, **{(a, b): -1_000 for a in (0, 1) for b in (2, 3)}, **fifth}
    inputs = inputs_of({key: Record(key) for key in range(5)}, weights, [], limits, 5)
    cluster = cluster_affected(inputs).cluster
    made = merges_of(inputs, cluster, cluster == 0)
    weakest = weakest_of(made)
    assert weakest is not None
    assert (weakest.left, weakest.right, weakest.margin) == ((0, 1), (2, 3), 500.0)
    assert made.merges[-1].mean < weakest.mean
    assert cluster_affected(without_margin(inputs, weakest)).cluster.tolist() == [0, 0, 2, 2, 0]
    kept = replace(weakest, asked=weakest.asked + 1)
    assert set(cluster_affected(without_margin(inputs, kept)).cluster.tolist()) == {0}
