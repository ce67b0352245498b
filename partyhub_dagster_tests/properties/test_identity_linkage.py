"""Average linkage: the fast way, the defined way and the oracle agree, whatever the graph and its constraints."""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from random import Random

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from partyhub_dagster.identity import linkage
from partyhub_dagster.identity.arrays import IntArray
from partyhub_dagster.identity.atoms import AtomGraph, build_atom_graph
from partyhub_dagster.identity.components import label_components
from partyhub_dagster.identity.decisions import Decision, resolve
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.linkage import (
    Linkage,
    cluster_greedy,
    cluster_parts,
    cluster_rounds,
    needs_greedy,
)
from partyhub_dagster.identity.pairs import ClusterPairs, ScoredPairs
from partyhub_dagster.identity.state import ClusterInputs, cluster_affected
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster_tests.identity_oracle import Pair, Record, expected_parties, settle
from partyhub_dagster_tests.identity_world import decided, inputs_of

KEYS = 9
LIMITS = Thresholds(link=-2_000, cut=-2_000, miss=-4_000, cap=15_000, max_part=6, doubling=1_000)
Case = tuple[dict[int, Record], dict[Pair, int], list[Decision]]


@st.composite
def cases(draw: st.DrawFn, values: int = 1) -> Case:
    """Draw records with exclusive values, weights full of ties, and contradicting decisions."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    keys = int(rng.integers(1, KEYS + 1))
    density = rng.choice([0.2, 0.5, 0.9])
    weights = rng.choice([-3_000, 0, 1, 2_000, 5_000, 9_000, 20_000], size=(keys, keys))
    pairs = {(a, b): int(weights[a, b]) for b in range(keys) for a in range(b) if rng.random() < density}
    records = {}
    for key in map(int, rng.permutation(keys)):
        held = {
            int(s): frozenset(rng.integers(0, 3, rng.integers(1, values + 1)).tolist())
            for s in rng.integers(0, 2, 1)
        }
        if rng.random() < 0.9:
            records[key] = Record(len(records), exclusive=held if rng.random() < 0.5 else {})
    pairs = {pair: weight for pair, weight in pairs.items() if {*pair} <= records.keys()}
    ledger = [
        decided(n + 1, rng.choice(["SAME", "NOT_SAME"]), *map(int, rng.integers(0, keys, 2)))
        for n in range(rng.integers(0, 5))
    ]
    return records, pairs, ledger


def graph_of(inputs: ClusterInputs) -> AtomGraph:
    """Build what clustering sees, the whole component being one part."""
    resolution = resolve(inputs.decisions, inputs.kind)
    same = np.array(
        [(d.left, d.right) for d in inputs.decisions if d.kind_of == "SAME"], dtype=np.int64
    ).reshape(-1, 2)
    left, right = (
        np.concatenate([inputs.pairs.left, same[:, 0]]),
        np.concatenate([inputs.pairs.right, same[:, 1]]),
    )
    part = label_components(inputs.live, left, right)
    return build_atom_graph(part, resolution, inputs.exclusive, inputs.pairs, LIMITS)


def assert_equal(one: Linkage, other: Linkage) -> None:
    np.testing.assert_array_equal(one.cluster, other.cluster)
    np.testing.assert_array_equal(one.weakest, other.weakest)


def rounds_equal_the_definition(case: Case) -> None:
    graph = graph_of(inputs_of(*case, LIMITS, KEYS))
    if not needs_greedy(graph).any():
        assert_equal(cluster_rounds(graph, LIMITS), cluster_greedy(graph, LIMITS))


def parts_are_clustered_by_the_definition(case: Case) -> None:
    graph = graph_of(inputs_of(*case, LIMITS, KEYS))
    assert_equal(cluster_parts(graph, LIMITS), cluster_greedy(graph, LIMITS))


@given(cases())
@settings(max_examples=150)
def test_rounds_of_mutually_best_merges_equal_the_definition(case: Case) -> None:
    rounds_equal_the_definition(case)


@given(cases(values=2))
@settings(max_examples=150)
def test_every_part_is_clustered_by_the_definition_whatever_it_holds(case: Case) -> None:
    parts_are_clustered_by_the_definition(case)


@given(cases(values=2))
@settings(max_examples=100)
def test_parties_are_those_of_the_oracle(case: Case) -> None:
    out = cluster_affected(inputs_of(*case, LIMITS, KEYS))
    found = [
        (key, *(column[key].item() for column in (out.component, out.party, out.weakest)))
        for key in sorted(case[0])
    ]
    expected = [
        (key, party.component, party.anchor, math.nan if party.weakest is None else float(party.weakest))
        for party in expected_parties(*case, {0: LIMITS, 1: LIMITS})
        for key in party.members
    ]
    assert str(found) == str(sorted(expected))


@given(cases(values=2), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_the_input_is_irrelevant(case: Case, random: Random) -> None:
    inputs = inputs_of(*case, LIMITS, KEYS)
    rows, held = list(range(len(inputs.pairs.left))), list(range(len(inputs.exclusive.holder)))
    ledger = list(inputs.decisions)
    for sequence in (rows, held, ledger):
        random.shuffle(sequence)
    turned = ScoredPairs(inputs.pairs.right[rows], inputs.pairs.left[rows], inputs.pairs.weight[rows])
    shuffled = replace(
        inputs,
        pairs=turned,
        exclusive=Holdings(
            *(c[held] for c in (inputs.exclusive.holder, inputs.exclusive.scheme, inputs.exclusive.value))
        ),
        decisions=ledger,
    )
    assert repr(cluster_affected(shuffled)) == repr(cluster_affected(inputs))


@given(cases(values=2))
@settings(max_examples=60)
def test_two_records_that_are_decided_not_same_are_never_one_party(case: Case) -> None:
    out = cluster_affected(inputs_of(*case, LIMITS, KEYS))
    _, apart = settle(case[2], case[0])
    overruled = {o.decision_id for o in out.overruled}
    standing = {
        (d.left, d.right) for d in case[2] if d.kind_of == "NOT_SAME" and d.decision_id not in overruled
    }
    assert standing == set(apart)
    assert all(out.party[a] != out.party[b] for a, b in standing if {a, b} <= case[0].keys())


@given(cases(values=2))
@settings(max_examples=60)
def test_nothing_but_a_stated_refusal_keeps_apart_what_reaches_the_cut(case: Case) -> None:
    records, weights, _ = case
    out = cluster_affected(inputs_of(*case, LIMITS, KEYS))
    stated = {(refusal.left, refusal.right): refusal for refusal in out.refusals}
    members = {
        c: [k for k in records if out.cluster[k] == c] for c in set(out.cluster[list(records)].tolist())
    }
    for (one, left), (other, right) in permutations(members.items(), 2):
        if one < other and out.part[one] == out.part[other]:
            pairs = [(min(a, b), max(a, b)) for a in left for b in right]
            mean = Fraction(sum(min(weights.get(p, LIMITS.miss), LIMITS.cap) for p in pairs), len(pairs))
            refusal = stated.get((one, other))
            assert mean < LIMITS.asked(len(left), len(right)) or refusal is not None
            if refusal is not None:
                assert refusal.weight == float(mean)
                assert refusal.schemes or refusal.decision_id is not None


@given(cases(values=2), cases(values=2), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_records_without_a_pair_that_links_change_nothing_in_a_component(
    case: Case, more: Case, seed: int
) -> None:
    """Pairs below link may run between the old records and the new ones: growth does not break."""
    rng = np.random.default_rng(seed)
    records, weights, ledger = case
    grown = {key + KEYS: record for key, record in more[0].items()}
    weights_grown = {(a + KEYS, b + KEYS): weight for (a, b), weight in more[1].items()}
    between = {(a, b): LIMITS.link - 1 for a in records for b in grown if rng.random() < 0.5}
    before = cluster_affected(inputs_of(records, weights, ledger, LIMITS, 2 * KEYS))
    after = cluster_affected(
        inputs_of({**records, **grown}, {**weights, **weights_grown, **between}, ledger, LIMITS, 2 * KEYS)
    )
    for name in ("component", "part", "cluster", "party", "weakest"):
        np.testing.assert_array_equal(getattr(before, name)[:KEYS], getattr(after, name)[:KEYS])


@given(st.integers(1, 2**31 - 1), st.integers(0, 50), st.integers(0, 2**31), st.integers(-3, 3))
@settings(max_examples=300)
def test_fractions_compare_as_their_digits_do(between: int, less: int, rest: int, more: int) -> None:
    """Neighbouring fractions over nearly equal numbers of pairs, as close as two means can be."""
    sizes = [between, max(1, between - less)]
    one = rest % sizes[0]
    rests = [one, min(sizes[1] - 1, max(0, one * sizes[1] // sizes[0] + more))]
    digits = linkage._fraction_digits(np.array(rests), np.array(sizes)).tolist()
    exact = [Fraction(rest, size) for rest, size in zip(rests, sizes, strict=True)]
    assert (digits[0] < digits[1], digits[0] == digits[1]) == (exact[0] < exact[1], exact[0] == exact[1])


def test_a_part_with_more_pairs_than_digits_can_tell_apart_is_clustered_greedily() -> None:
    def is_greedy(records: int) -> bool:
        none = np.zeros(0, dtype=np.int64)
        pairs = ClusterPairs(none, none, none, none, none > 0)
        same = np.zeros(records, dtype=np.int64)
        return bool(
            needs_greedy(AtomGraph(np.arange(records), same, same + 1, pairs, Holdings(none, none, none)))[0]
        )

    assert (linkage.LARGEST_EXACT_PART // 2) ** 2 < 2**31
    assert (is_greedy(linkage.LARGEST_EXACT_PART), is_greedy(linkage.LARGEST_EXACT_PART + 1)) == (False, True)


def hunt(check: Callable[[Case], None], values: int) -> None:
    """Look for a case that breaks a property, the same way every time."""
    thorough = settings(max_examples=3_000, derandomize=True, database=None, phases=[Phase.generate])
    thorough(given(cases(values=values))(check))()


def test_the_properties_catch_rounds_used_where_order_is_not_reducible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linkage, "needs_greedy", lambda graph: np.zeros(len(graph.part), dtype=np.bool_))
    with pytest.raises(AssertionError):
        hunt(parts_are_clustered_by_the_definition, values=2)


def test_the_properties_catch_merges_that_are_best_for_one_side_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_possible(lo: IntArray, *_: object) -> IntArray:
        return np.arange(len(lo))[:1]

    monkeypatch.setattr(linkage, "_mutually_best", first_possible)
    with pytest.raises(AssertionError):
        hunt(rounds_equal_the_definition, values=1)
