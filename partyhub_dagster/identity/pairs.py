"""Pairs with weights: of records, as scored, and of clusters, summed."""

from dataclasses import dataclass

import numpy as np

from partyhub_dagster.identity.arrays import BoolArray, IntArray, run_starts


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """Pairs of records that matching scored at or above `keep`. Grain: a pair of key codes, once.

    Units: weight in millibits.
    """

    left: IntArray
    right: IntArray
    weight: IntArray

    def where(self, wanted: BoolArray) -> "ScoredPairs":
        """Keep the rows wanted."""
        return ScoredPairs(self.left[wanted], self.right[wanted], self.weight[wanted])


@dataclass(frozen=True, slots=True)
class ClusterPairs:
    """Summed weights between clusters, each pair of clusters once.

    Grain: (lo, hi), lo < hi, sorted. `total` and `count` sum its scored record pairs; `apart` says that a
    NOT_SAME stands between the two.
    """

    lo: IntArray
    hi: IntArray
    total: IntArray
    count: IntArray
    apart: BoolArray

    def where(self, wanted: BoolArray) -> "ClusterPairs":
        """Keep the rows wanted."""
        return ClusterPairs(
            self.lo[wanted], self.hi[wanted], self.total[wanted], self.count[wanted], self.apart[wanted]
        )

    def stacked_on(self, other: "ClusterPairs") -> "ClusterPairs":
        """Put the rows of both under each other, as input to `between`."""
        return ClusterPairs(
            np.concatenate([self.lo, other.lo]),
            np.concatenate([self.hi, other.hi]),
            np.concatenate([self.total, other.total]),
            np.concatenate([self.count, other.count]),
            np.concatenate([self.apart, other.apart]),
        )

    def between(self, root: IntArray) -> "ClusterPairs":
        """Sum the pairs up to those between roots; what is inside a root is dropped."""
        one, other = root[self.lo], root[self.hi]
        lo, hi = np.minimum(one, other), np.maximum(one, other)
        outside = np.flatnonzero(lo != hi)
        order = outside[np.argsort(lo[outside] * len(root) + hi[outside], kind="stable")]
        lo, hi = lo[order], hi[order]
        starts = run_starts(lo, hi)
        if len(starts) == 0:
            return self.where(np.zeros(len(self.lo), dtype=np.bool_))
        return ClusterPairs(
            lo[starts],
            hi[starts],
            np.add.reduceat(self.total[order], starts),
            np.add.reduceat(self.count[order], starts),
            np.logical_or.reduceat(self.apart[order], starts),
        )

    def sums(self, size: IntArray, miss: int) -> tuple[IntArray, IntArray]:
        """Give summed weight and number of all record pairs, those never scored at `miss`; their ratio is the mean."""
        between = size[self.lo] * size[self.hi]
        return self.total + miss * (between - self.count), between
