"""Average linkage under constraints: the pair of clusters with the highest mean weight merges first.

The mean runs over all record pairs between two clusters, weights capped, pairs never scored at `miss`.
A merge needs the mean that `Thresholds.asked` says. It is refused if a NOT_SAME stands between the two, or if
both hold values of one exclusive scheme and share none. Ties go to the pair with the smallest codes, so the result is a
function of the part alone.

`cluster_greedy` is the definition, in exact integers. `cluster_rounds` merges, for all parts at once, every
two clusters that are each other's best. Both agree because the order is *reducible*: a merged cluster is
never closer to a third than the closer of its two halves was. Means, their ties and NOT_SAME are, and so is a
mean that is asked, because a larger cluster is asked no less; exclusive values are as long as no atom holds several
of one scheme. `cluster_parts` sends each part where it belongs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, BoolArray, FloatArray, IntArray
from partyhub_dagster.identity.atoms import AtomGraph
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.greedy import merge_greedily
from partyhub_dagster.identity.pairs import ClusterPairs
from partyhub_dagster.identity.thresholds import Thresholds

LARGEST_EXACT_PART = 2**16
"""Records of a part in which two clusters have fewer than 2^31 pairs between them."""


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
    slow = needs_greedy(graph)[graph.part[graph.pairs.lo]]
    if not slow.any():
        return cluster_rounds(graph, limits)
    fast = cluster_rounds(replace(graph, pairs=graph.pairs.where(~slow)), limits)
    exact = cluster_greedy(replace(graph, pairs=graph.pairs.where(slow)), limits)
    merged_greedily = exact.weakest == exact.weakest
    return Linkage(
        np.minimum(fast.cluster, exact.cluster), np.where(merged_greedily, exact.weakest, fast.weakest)
    )


def needs_greedy(graph: AtomGraph) -> BoolArray:
    """Mark, by part label, the parts whose order is not reducible, and those beyond exact 64-bit means."""
    flagged = np.zeros(len(graph.part), dtype=np.bool_)
    flagged[graph.part[graph.holds.several()]] = True
    records = np.bincount(graph.part[graph.part != ABSENT], minlength=len(graph.part))
    return np.asarray(flagged | (records > LARGEST_EXACT_PART), dtype=np.bool_)


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
    parent = np.arange(len(graph.atom), dtype=np.int64)
    weakest = np.full(len(graph.atom), np.inf)
    for left, right, mean in merge_in_rounds(graph, limits):
        parent[right] = left
        weakest[left] = np.minimum(np.minimum(weakest[left], weakest[right]), mean)
    return _linkage(graph, parent, weakest)


def merge_in_rounds(graph: AtomGraph, limits: Thresholds) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
    """Yield the merges of each round (left, right, mean weight); right becomes part of left, the smaller code."""
    keys, pairs = len(graph.atom), graph.pairs
    size, held = graph.size.copy(), _one_value_each(graph.holds, keys)
    parent = np.arange(keys, dtype=np.int64)
    moving = np.zeros(keys, dtype=np.bool_)
    scratch = np.empty(keys, dtype=np.int64)
    while len(pairs.lo):
        total, between = pairs.sums(size, limits.miss)
        asked = asked_of(np.minimum(size[pairs.lo], size[pairs.hi]), limits)
        allowed = np.flatnonzero((total >= asked * between) & ~pairs.apart & ~_clash(held, pairs))
        merging = allowed[
            _mutually_best(pairs.lo[allowed], pairs.hi[allowed], total[allowed], between[allowed], scratch)
        ]
        left, right = pairs.lo[merging], pairs.hi[merging]
        yield left, right, total[merging] / between[merging]
        parent[right] = left
        size[left] += size[right]
        held[:, left] = np.maximum(held[:, left], held[:, right])
        moving[graph.part[left]] = True
        pairs, finished = pairs.where(moving[graph.part[pairs.lo]]), graph.part[left]
        moving[finished] = False
        pairs = pairs.between(parent)


def asked_of(smaller: IntArray, limits: Thresholds) -> IntArray:
    """Return what `Thresholds.asked` says of many merges, by the records of the smaller cluster of each."""
    by_doublings = np.array([limits.asked(1 << n, 1 << n) for n in range(63)])
    return np.asarray(by_doublings[np.frexp(smaller)[1] - 1])


def _mutually_best(
    lo: IntArray, hi: IntArray, total: IntArray, between: IntArray, scratch: IntArray
) -> IntArray:
    """Find the rows whose two clusters are each other's best: highest mean, then smallest partner.

    `scratch` has a place per key and any content.
    """
    row, node = np.tile(np.arange(len(lo)), 2), np.concatenate([lo, hi])
    whole, rest = np.divmod(total, between)
    tied = _is_best(whole[row], node, scratch)
    row, node = row[tied], node[tied]
    tied = _is_best(_fraction_digits(rest[row], between[row]), node, scratch)
    row, node = row[tied], node[tied]
    scratch[node] = len(scratch)
    np.minimum.at(scratch, node, lo[row] + hi[row] - node)
    return np.flatnonzero((scratch[lo] == hi) & (scratch[hi] == lo))


def _is_best(value: IntArray, node: IntArray, scratch: IntArray) -> BoolArray:
    scratch[node] = np.iinfo(np.int64).min
    np.maximum.at(scratch, node, value)
    return np.asarray(value == scratch[node], dtype=np.bool_)


def _fraction_digits(rest: IntArray, between: IntArray) -> IntArray:
    """Give the first 62 binary digits of rest / between (0 <= rest < between < 2^31), by long division.

    Two different such fractions differ by more than 2^-62, so they compare as their digits do.
    """
    high, rest = np.divmod(rest << 31, between)
    return (high << 31) | (rest << 31) // between


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
