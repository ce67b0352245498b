"""What stood in the way: merges that were refused, and exclusive identifiers that a SAME overrode."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, BoolArray, IntArray
from partyhub_dagster.identity.atoms import AtomGraph
from partyhub_dagster.identity.decisions import Resolution
from partyhub_dagster.identity.exclusive import Holdings, clashing_schemes
from partyhub_dagster.identity.pairs import ClusterPairs
from partyhub_dagster.identity.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Refusal:
    """Two clusters of one part that pairs would bring together, and what keeps them apart.

    `left` < `right` are clusters by their smallest code, `weight` is their mean in millibits, `decision_id`
    the newest NOT_SAME between them, `schemes` the exclusive identifiers in which they differ.
    """

    left: int
    right: int
    weight: float
    decision_id: UUID | None
    schemes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """A SAME in force that joined records holding different values of exclusive schemes."""

    decision_id: UUID
    schemes: tuple[int, ...]


def find_refusals(
    graph: AtomGraph, cluster: IntArray, resolution: Resolution, limits: Thresholds
) -> list[Refusal]:
    """List the pairs of clusters kept apart although some of their atoms reach `cut` with each other.

    Guarantees: a function of the clusters alone. Every two clusters of a part whose mean is what merging asks
    are in it, for nothing else stops a merge.
    """
    total, between = graph.pairs.sums(graph.size, limits.miss)
    near = total >= limits.cut * between
    root = np.where(cluster == ABSENT, np.arange(len(cluster)), cluster)
    size = np.bincount(cluster[cluster != ABSENT], minlength=len(cluster)).astype(np.int64)
    pairs = graph.pairs.between(root)
    near_pairs = graph.pairs.where(near).between(root)
    pairs = pairs.where(_is_among(pairs, near_pairs, len(root)))
    held = graph.holds.held_by(root)
    suspects = pairs.where(pairs.apart | _holds_both(held, pairs, len(root)))
    held = held.where(np.isin(held.holder, np.concatenate([suspects.lo, suspects.hi])))
    values, decided = held.as_sets(), decisions_between(resolution, cluster)
    total, between = suspects.sums(size, limits.miss)
    refusals = []
    for lo, hi, weight in zip(
        suspects.lo.tolist(), suspects.hi.tolist(), (total / between).tolist(), strict=True
    ):
        schemes = tuple(clashing_schemes(values.get(lo, {}), values.get(hi, {})))
        decision_id = decided.get((lo, hi))
        if schemes or decision_id is not None:
            refusals.append(Refusal(lo, hi, weight, decision_id, schemes))
    return refusals


def find_overrides(resolution: Resolution, holds: Holdings) -> list[Override]:
    """List the SAME decisions, newest first, that joined two sides whose exclusive values differ."""
    decided = [key for decision in resolution.same_in_force for key in (decision.left, decision.right)]
    values = holds.where(np.isin(holds.holder, np.array(decided, dtype=np.int64))).as_sets()
    root: dict[int, int] = {}
    overrides = []
    for decision in resolution.same_in_force:
        one, other = (_root(root, key) for key in (decision.left, decision.right))
        if one == other:
            continue
        schemes = clashing_schemes(values.get(one, {}), values.get(other, {}))
        if schemes:
            overrides.append(Override(decision.decision_id, tuple(schemes)))
        root[other] = one
        for scheme, more in values.pop(other, {}).items():
            values.setdefault(one, {}).setdefault(scheme, set()).update(more)
    return overrides


def _root(root: dict[int, int], key: int) -> int:
    while key in root:
        key = root[key]
    return key


def _is_among(pairs: ClusterPairs, wanted: ClusterPairs, keys: int) -> BoolArray:
    return np.isin(pairs.lo * keys + pairs.hi, wanted.lo * keys + wanted.hi)


def _holds_both(held: Holdings, pairs: ClusterPairs, keys: int) -> BoolArray:
    holds_any = np.zeros(keys, dtype=np.bool_)
    holds_any[held.holder] = True
    return np.asarray(holds_any[pairs.lo] & holds_any[pairs.hi], dtype=np.bool_)


def decisions_between(resolution: Resolution, cluster: IntArray) -> Mapping[tuple[int, int], UUID]:
    """Find the newest NOT_SAME between every two clusters that have one."""
    cluster_of_group = np.full(len(cluster), ABSENT, dtype=np.int64)
    records = np.flatnonzero(cluster != ABSENT)
    cluster_of_group[resolution.same_group[records]] = cluster[records]
    between: dict[tuple[int, int], UUID] = {}
    for groups, decision_id in resolution.apart.items():
        lo, hi = sorted(int(cluster_of_group[group]) for group in groups)
        between.setdefault((lo, hi), decision_id)
    return between
