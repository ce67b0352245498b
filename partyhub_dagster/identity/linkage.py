"""Average linkage under constraints: the pair of clusters with the highest mean weight merges first.

The mean runs over all record pairs between two clusters, weights capped, pairs never scored at `miss`.
Merging stops below `cut`. A merge is refused if a NOT_SAME stands between the two, or if both hold values
of one exclusive scheme and share none. Ties go to the pair with the smallest codes, so the result is a
function of the part alone.

`cluster_greedy` is the definition, in exact integers. `cluster_rounds` merges, for all parts at once, every
two clusters that are each other's best. Both agree because the order is *reducible*: a merged cluster is
never closer to a third than the closer of its two halves was. Means, their ties and NOT_SAME are; exclusive
values are as long as no atom holds several of one scheme. `cluster_parts` sends each part where it belongs.
"""

from dataclasses import dataclass, replace

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, BoolArray, FloatArray, IntArray
from partyhub_dagster.identity.atoms import AtomGraph
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.greedy import merge_greedily
from partyhub_dagster.identity.pairs import ClusterPairs
from partyhub_dagster.identity.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Linkage:
    """Which cluster every record is in, and how sure its weakest merge was.

    Indexed by key code: `cluster` is the smallest code of the record's cluster (ABSENT without a record);
    `weakest` the smallest mean weight, in millibits, at which two pieces of that cluster merged (NaN if no
    weight did: one record, or a SAME group).
    """

    cluster: IntArray
    weakest: FloatArray


def cluster_parts(graph: AtomGraph, limits: Thresholds) -> Linkage:
    """Cluster every part: in rounds where that is exact, else greedily."""
    slow = needs_greedy(graph, limits)[graph.part[graph.pairs.lo]]
    if not slow.any():
        return cluster_rounds(graph, limits)
    fast = cluster_rounds(replace(graph, pairs=graph.pairs.where(~slow)), limits)
    exact = cluster_greedy(replace(graph, pairs=graph.pairs.where(slow)), limits)
    merged_greedily = exact.weakest == exact.weakest
    return Linkage(
        np.minimum(fast.cluster, exact.cluster), np.where(merged_greedily, exact.weakest, fast.weakest)
    )


def needs_greedy(graph: AtomGraph, limits: Thresholds) -> BoolArray:
    """Mark, by part label, the parts whose order is not reducible or whose means outgrow a float.

    Two different means of a part with n records differ by at least 1 / (n^2 / 4)^2. While the spacing of
    floats of their magnitude is smaller, correctly rounded means compare exactly as the fractions do.
    """
    flagged = np.zeros(len(graph.part), dtype=np.bool_)
    if len(graph.part) == 0:
        return flagged
    flagged[graph.part[graph.holds.several()]] = True
    scored = graph.pairs.count > 0
    means = np.abs(graph.pairs.total[scored]) / graph.pairs.count[scored]
    largest = float(means.max(initial=float(max(abs(limits.miss), abs(limits.cut)))))
    records = np.flatnonzero(graph.atom != ABSENT)
    between = np.bincount(graph.part[records], minlength=len(graph.part)).astype(np.float64) ** 2 / 4
    return np.asarray(flagged | (between**2 * np.spacing(largest) >= 1), dtype=np.bool_)


def cluster_greedy(graph: AtomGraph, limits: Thresholds) -> Linkage:
    """Cluster by the definition, one globally best merge after the other."""
    parent = np.arange(len(graph.atom), dtype=np.int64)
    weakest = np.full(len(graph.atom), np.inf)
    for left, right, mean in merge_greedily(graph, limits):
        parent[right] = left
        weakest[left] = min(weakest[left], weakest[right], mean)
    return _linkage(graph, parent, weakest)


def cluster_rounds(graph: AtomGraph, limits: Thresholds) -> Linkage:
    """Cluster all parts at once, in rounds of mutually-best merges.

    Guarantees: equals `cluster_greedy` wherever `needs_greedy` does not say otherwise.
    """
    keys, pairs = len(graph.atom), graph.pairs
    size, held = graph.size.copy(), _one_value_each(graph.holds, keys)
    parent, weakest = np.arange(keys, dtype=np.int64), np.full(keys, np.inf)
    moving = np.zeros(keys, dtype=np.bool_)
    scratch = np.empty(keys), np.empty(keys, dtype=np.int64)
    while len(pairs.lo):
        mean = pairs.mean(size, limits.miss)
        mean[pairs.apart | _clash(held, pairs) | (mean < limits.cut)] = -np.inf
        merging = _mutually_best(pairs, mean, *scratch)
        left, right, mean = pairs.lo[merging], pairs.hi[merging], mean[merging]
        parent[right] = left
        size[left] += size[right]
        held[:, left] = np.maximum(held[:, left], held[:, right])
        weakest[left] = np.minimum(np.minimum(weakest[left], weakest[right]), mean)
        moving[graph.part[left]] = True
        pairs, finished = pairs.where(moving[graph.part[pairs.lo]]), graph.part[left]
        moving[finished] = False
        pairs = pairs.between(parent)
    return _linkage(graph, parent, weakest)


def _mutually_best(pairs: ClusterPairs, mean: FloatArray, best: FloatArray, partner: IntArray) -> IntArray:
    """Find the rows whose two clusters are each other's best; `best` and `partner` are scratch."""
    best[pairs.lo] = best[pairs.hi] = -np.inf
    np.maximum.at(best, pairs.lo, mean)
    np.maximum.at(best, pairs.hi, mean)
    possible = mean > -np.inf
    for_lo = np.flatnonzero(possible & (mean == best[pairs.lo]))
    for_hi = np.flatnonzero(possible & (mean == best[pairs.hi]))
    partner[pairs.lo] = partner[pairs.hi] = len(partner)
    np.minimum.at(partner, pairs.lo[for_lo], pairs.hi[for_lo])
    np.minimum.at(partner, pairs.hi[for_hi], pairs.lo[for_hi])
    return np.flatnonzero(possible & (partner[pairs.lo] == pairs.hi) & (partner[pairs.hi] == pairs.lo))


def _one_value_each(holds: Holdings, keys: int) -> IntArray:
    """Lay exclusive values out as one row per scheme; ABSENT where a key holds none."""
    schemes, row = np.unique(holds.scheme, return_inverse=True)
    held = np.full((len(schemes), keys), ABSENT, dtype=np.int64)
    held[row, holds.holder] = holds.value
    return held


def _clash(held: IntArray, pairs: ClusterPairs) -> BoolArray:
    clash = np.zeros(len(pairs.lo), dtype=np.bool_)
    for values in held:
        one, other = values[pairs.lo], values[pairs.hi]
        clash |= (one != ABSENT) & (other != ABSENT) & (one != other)
    return clash


def _linkage(graph: AtomGraph, parent: IntArray, weakest: FloatArray) -> Linkage:
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            break
        parent = above
    present = graph.atom != ABSENT
    cluster = np.where(present, parent[graph.atom], ABSENT)
    weight = np.where(present, weakest[cluster], np.nan)
    return Linkage(cluster, np.where(np.isinf(weight), np.nan, weight))
