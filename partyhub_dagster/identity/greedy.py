"""The definition of average linkage in exact integers: always the best merge of all, one at a time."""

from collections import defaultdict
from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import numpy as np

from partyhub_dagster.identity.atoms import AtomGraph
from partyhub_dagster.identity.exclusive import clashing_schemes
from partyhub_dagster.identity.thresholds import Thresholds


class _Candidate:
    """A possible merge. The smaller one comes first: higher mean, then smaller codes; no rounding."""

    __slots__ = ("hi", "lo", "pairs", "sizes", "total")

    def __init__(self, lo: int, hi: int, total: int, sizes: tuple[int, int]) -> None:
        self.lo, self.hi, self.total, self.sizes = lo, hi, total, sizes
        self.pairs = sizes[0] * sizes[1]

    def __lt__(self, other: "_Candidate") -> bool:
        mine, theirs = self.total * other.pairs, other.total * self.pairs
        return mine > theirs if mine != theirs else (self.lo, self.hi) < (other.lo, other.hi)


def merge_greedily(graph: AtomGraph, limits: Thresholds) -> Iterator[tuple[int, int, float]]:
    """Yield merges (left, right, mean weight), best first; right becomes part of left, the smaller code.

    One queue serves all parts: no pair crosses parts, so each part sees its own merges best first. A refused
    candidate can be forgotten, because a cluster that changes later brings all its pairs anew.
    """
    clusters = _Clusters(graph, limits)
    queue = clusters.candidates()
    heapify(queue)
    while queue:
        best = heappop(queue)
        if best.total < limits.cut * best.pairs:
            return
        if clusters.is_current(best) and not clusters.refuse(best):
            clusters.merge(best.lo, best.hi)
            for other in clusters.scored[best.lo]:
                heappush(queue, clusters.candidate(best.lo, other))
            yield best.lo, best.hi, best.total / best.pairs


class _Clusters:
    """The clusters so far, by the smallest code of each."""

    def __init__(self, graph: AtomGraph, limits: Thresholds) -> None:
        self.limits = limits
        self.size = {int(atom): int(graph.size[atom]) for atom in np.flatnonzero(graph.size)}
        self.scored: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
        self.apart: dict[int, set[int]] = defaultdict(set)
        self.held = graph.holds.as_sets()
        pairs = graph.pairs
        columns = (pairs.lo, pairs.hi, pairs.total, pairs.count, pairs.apart)
        for lo, hi, total, count, apart in zip(*(column.tolist() for column in columns), strict=True):
            if count:
                self.scored[lo][hi] = self.scored[hi][lo] = (total, count)
            if apart:
                self.apart[lo].add(hi)
                self.apart[hi].add(lo)

    def candidates(self) -> list[_Candidate]:
        return [self.candidate(lo, hi) for lo, others in self.scored.items() for hi in others if lo < hi]

    def candidate(self, one: int, other: int) -> _Candidate:
        lo, hi = min(one, other), max(one, other)
        total, count = self.scored[lo][hi]
        sizes = self.size[lo], self.size[hi]
        return _Candidate(lo, hi, total + self.limits.miss * (sizes[0] * sizes[1] - count), sizes)

    def is_current(self, candidate: _Candidate) -> bool:
        return (self.size.get(candidate.lo), self.size.get(candidate.hi)) == candidate.sizes

    def refuse(self, candidate: _Candidate) -> bool:
        lo, hi = candidate.lo, candidate.hi
        return (
            candidate.total < self.limits.asked(*candidate.sizes) * candidate.pairs
            or hi in self.apart[lo]
            or bool(clashing_schemes(self.held.get(lo, {}), self.held.get(hi, {})))
        )

    def merge(self, lo: int, hi: int) -> None:
        self.size[lo] += self.size.pop(hi)
        for other, (total, count) in self.scored.pop(hi).items():
            del self.scored[other][hi]
            if other != lo:
                known_total, known_count = self.scored[lo].get(other, (0, 0))
                summed = total + known_total, count + known_count
                self.scored[lo][other] = self.scored[other][lo] = summed
        for other in self.apart.pop(hi, set()):
            self.apart[other].discard(hi)
            self.apart[other].add(lo)
            self.apart[lo].add(other)
        for scheme, values in self.held.pop(hi, {}).items():
            self.held.setdefault(lo, {}).setdefault(scheme, set()).update(values)
