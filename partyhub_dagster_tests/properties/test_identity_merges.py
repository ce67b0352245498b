"""The merges of a party, replayed from its members alone, are those by which clustering made it."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from partyhub_dagster.identity.arrays import ABSENT
from partyhub_dagster.identity.merges import PartyMerges, merges_of, pairs_across
from partyhub_dagster.identity.state import ClusterInputs, ClusterOutputs, cluster_affected
from partyhub_dagster_tests.identity_oracle import Record
from partyhub_dagster_tests.identity_world import inputs_of
from partyhub_dagster_tests.properties.test_identity_linkage import KEYS, LIMITS, Case, cases


def replayed(inputs: ClusterInputs, out: ClusterOutputs) -> tuple[dict[int, set[int]], dict[int, float]]:
    """Put the pieces of every cluster together, and note its weakest merge."""
    made = merges_of(inputs, out.cluster, inputs.live)
    pieces: dict[int, set[int]] = {key: {key} for key in np.flatnonzero(inputs.live).tolist()}
    weakest: dict[int, float] = {}
    sides: Iterable[tuple[tuple[int, ...], float]] = [
        *((group, math.nan) for group in made.bound),
        *((merge.left + merge.right, merge.mean) for merge in made.merges),
    ]
    for members, mean in sides:
        joined = set().union(*(pieces[key] for key in members))
        assert joined == set(members)
        before = [weakest[key] for key in members if key in weakest and not math.isnan(weakest[key])]
        for key in joined:
            pieces[key] = joined
            weakest[key] = min([*before, mean]) if not math.isnan(mean) else mean
    return pieces, weakest


def merges_are_those_of_clustering(case: Case) -> None:
    inputs = inputs_of(*case, LIMITS, KEYS)
    out = cluster_affected(inputs)
    pieces, weakest = replayed(inputs, out)
    for key, members in pieces.items():
        assert members == set(np.flatnonzero(out.cluster == out.cluster[key]).tolist())
        assert str(weakest.get(key, math.nan)) == str(float(out.weakest[key]))


@given(cases(values=2))
@settings(max_examples=60)
def test_replayed_merges_add_up_to_the_clusters_and_their_weakest_merge(case: Case) -> None:
    merges_are_those_of_clustering(case)


@given(cases())
@settings(max_examples=40)
def test_the_pairs_across_a_merge_have_the_mean_that_it_was_made_at(case: Case) -> None:
    inputs = inputs_of(*case, LIMITS, KEYS)
    out = cluster_affected(inputs)
    for merge in merges_of(inputs, out.cluster, out.cluster != ABSENT).merges:
        assert pairs_across(inputs, merge.left, merge.right).mean == pytest.approx(merge.mean)


def test_a_replay_with_another_mean_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    made = merges_of

    def uncapped(*given: Any) -> PartyMerges:
        found = made(*given)
        return PartyMerges(found.bound, tuple(replace(m, mean=20_000) for m in found.merges))

    monkeypatch.setitem(globals(), "merges_of", uncapped)
    with pytest.raises(AssertionError):
        merges_are_those_of_clustering(({0: Record(0), 1: Record(1)}, {(0, 1): 20_000}, []))
