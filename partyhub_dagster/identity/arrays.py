"""The array types of this package. All codes, weights and sequences are 64-bit integers."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
FloatArray: TypeAlias = npt.NDArray[np.float64]

ABSENT = -1
"""The label of a key that has no live record."""


def run_starts(*columns: IntArray) -> IntArray:
    """Find where each run of equal rows begins in columns that are sorted together."""
    changes = np.zeros(len(columns[0]), dtype=np.bool_)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)
