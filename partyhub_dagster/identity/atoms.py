"""What average linkage works on: atoms, the pairs between them, and the exclusive values that they hold.

An *atom* is what is one party before any weight is looked at: a SAME group's live records, or one record.
It is named after its smallest record, as is every cluster that grows out of it.
"""

from dataclasses import dataclass

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, IntArray
from partyhub_dagster.identity.decisions import Resolution
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.pairs import ClusterPairs, ScoredPairs
from partyhub_dagster.identity.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class AtomGraph:
    """Everything that clustering looks at, for the parts of one kind.

    Indexed by key code: `atom` (of every live record; else ABSENT), `part`, `size` (records of the atom
    with that name; 0 where there is none).
    """

    atom: IntArray
    part: IntArray
    size: IntArray
    pairs: ClusterPairs
    holds: Holdings


def build_atom_graph(
    part: IntArray, resolution: Resolution, holds: Holdings, pairs: ScoredPairs, limits: Thresholds
) -> AtomGraph:
    """Contract SAME groups to atoms; cap the pairs inside parts and sum them up between atoms."""
    atom = _name_atoms(part, resolution.same_group)
    inside = pairs.where((part[pairs.left] == part[pairs.right]) & (part[pairs.left] != ABSENT))
    one_each = np.ones(len(inside.left), dtype=np.int64)
    capped = np.minimum(inside.weight, limits.cap)
    scored = ClusterPairs(inside.left, inside.right, capped, one_each, one_each == 0)
    size = np.bincount(atom[atom != ABSENT], minlength=len(part)).astype(np.int64)
    both = scored.stacked_on(_pairs_kept_apart(part, atom, resolution))
    return AtomGraph(atom, part, size, both.between(atom), holds.held_by(atom))


def _name_atoms(part: IntArray, group: IntArray) -> IntArray:
    records = np.flatnonzero(part != ABSENT)
    smallest = np.full(len(part), len(part), dtype=np.int64)
    np.minimum.at(smallest, group[records], records)
    atom = np.full(len(part), ABSENT, dtype=np.int64)
    atom[records] = smallest[group[records]]
    return atom


def _pairs_kept_apart(part: IntArray, atom: IntArray, resolution: Resolution) -> ClusterPairs:
    """Turn NOT_SAME between groups into NOT_SAME between the atoms that are in one part."""
    atom_of_group = np.full(len(part), ABSENT, dtype=np.int64)
    records = np.flatnonzero(atom != ABSENT)
    atom_of_group[resolution.same_group[records]] = atom[records]
    ends = atom_of_group[np.array(list(resolution.apart), dtype=np.int64).reshape(-1, 2)]
    ends = ends[(ends != ABSENT).all(axis=1)]
    ends = ends[part[ends[:, 0]] == part[ends[:, 1]]]
    unscored = np.zeros(len(ends), dtype=np.int64)
    return ClusterPairs(ends[:, 0], ends[:, 1], unscored, unscored, unscored == 0)
