"""Exclusive identifiers: two parties that hold different ones cannot be one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, BoolArray, IntArray, run_starts


@dataclass(frozen=True, slots=True)
class Holdings:
    """Which cluster holds which value of an exclusive identifier. Grain: (holder, scheme, value), sorted."""

    holder: IntArray
    scheme: IntArray
    value: IntArray

    def held_by(self, root: IntArray) -> "Holdings":
        """Hand every value to the root of its holder; values of holders without a root are dropped."""
        kept = root[self.holder] != ABSENT
        holder, scheme, value = root[self.holder[kept]], self.scheme[kept], self.value[kept]
        order = np.lexsort((value, scheme, holder))
        holder, scheme, value = holder[order], scheme[order], value[order]
        starts = run_starts(holder, scheme, value)
        return Holdings(holder[starts], scheme[starts], value[starts])

    def several(self) -> IntArray:
        """List the holders with more than one value of one scheme."""
        again = (self.holder[1:] == self.holder[:-1]) & (self.scheme[1:] == self.scheme[:-1])
        return np.unique(self.holder[1:][again])

    def where(self, wanted: BoolArray) -> "Holdings":
        """Keep the rows wanted."""
        return Holdings(self.holder[wanted], self.scheme[wanted], self.value[wanted])

    def as_sets(self) -> dict[int, dict[int, set[int]]]:
        """Lay the values out by holder and scheme."""
        sets: dict[int, dict[int, set[int]]] = {}
        columns = self.holder.tolist(), self.scheme.tolist(), self.value.tolist()
        for holder, scheme, value in zip(*columns, strict=True):
            sets.setdefault(holder, {}).setdefault(scheme, set()).add(value)
        return sets


def clashing_schemes(one: Mapping[int, set[int]], other: Mapping[int, set[int]]) -> list[int]:
    """List the schemes in which both sides hold values and share none."""
    return sorted(scheme for scheme in one.keys() & other.keys() if not one[scheme] & other[scheme])
