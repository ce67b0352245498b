"""The merges that made a party, one after the other: so that each can be shown, doubted and undone.

Clustering keeps of them only the lowest mean. They come back by clustering the members of the party alone: what merges
inside a cluster is the best merge of the whole part at that moment, so it is the best among the members, too, and
who is not in the cluster at the end has no say in it.
"""

from dataclasses import dataclass, replace

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, BoolArray, IntArray
from partyhub_dagster.identity.atoms import AtomGraph, build_atom_graph
from partyhub_dagster.identity.decisions import resolve
from partyhub_dagster.identity.greedy import merge_greedily
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.state import ClusterInputs


@dataclass(frozen=True, slots=True)
class Merge:
    """Two pieces of a party that became one, best first; `left` holds the smallest code of the two.

    Units: `mean`, and `asked` of it by `Thresholds.asked`, in millibits. The pieces are members by key code, ascending.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    mean: float
    asked: int

    @property
    def margin(self) -> float:
        """What the mean has to spare: the merge holds until it has lost more."""
        return self.mean - self.asked

    @property
    def pairs(self) -> int:
        """Record pairs between the two pieces."""
        return len(self.left) * len(self.right)


@dataclass(frozen=True, slots=True)
class PartyMerges:
    """What made the wanted clusters: groups bound by SAME, then merges by weight in the order they happened."""

    bound: tuple[tuple[int, ...], ...]
    merges: tuple[Merge, ...]


@dataclass(frozen=True, slots=True)
class Across:
    """What is known of the record pairs between two sides: weights capped, pairs never scored at `miss`.

    Units: millibits. `strongest` is the best scored pair of key codes, None if none was scored.
    """

    mean: float
    scored: int
    pairs: int
    strongest: tuple[int, int] | None
    strongest_weight: int | None
    weakest_weight: int | None


def merges_of(inputs: ClusterInputs, cluster: IntArray, wanted: BoolArray) -> PartyMerges:
    """Replay how the clusters of the wanted records came about.

    `inputs` hold all pairs inside those clusters and the whole ledger of their SAME groups; `cluster` is the outcome.
    Guarantees: the pieces add up to the clusters, and the smallest mean of a cluster is its `weakest`.
    """
    resolution = resolve(inputs.decisions, inputs.kind)
    bound: list[tuple[int, ...]] = []
    merges: list[Merge] = []
    for kind, limits in inputs.thresholds.items():
        part = np.where(wanted & inputs.live & (inputs.kind == kind), cluster, ABSENT)
        graph = build_atom_graph(part, resolution, inputs.exclusive, inputs.pairs, limits)
        held = _members_of_atoms(graph)
        bound += [members for members in held.values() if len(members) > 1]
        for left, right, mean in merge_greedily(graph, limits):
            asked = limits.asked(len(held[left]), len(held[right]))
            merges.append(Merge(held[left], held[right], mean, asked))
            held[left] = tuple(sorted(held[left] + held.pop(right)))
    return PartyMerges(tuple(bound), tuple(merges))


def _members_of_atoms(graph: AtomGraph) -> dict[int, tuple[int, ...]]:
    held: dict[int, tuple[int, ...]] = {}
    for record in np.flatnonzero(graph.atom != ABSENT).tolist():
        atom = int(graph.atom[record])
        held[atom] = (*held.get(atom, ()), record)
    return held


def pairs_across(inputs: ClusterInputs, left: tuple[int, ...], right: tuple[int, ...]) -> Across:
    """Sum up the pairs between two sides of one kind, as clustering does."""
    limits = inputs.thresholds[int(inputs.kind[left[0]])]
    pairs = pairs_between(inputs, left, right)
    between = len(left) * len(right)
    capped = np.minimum(pairs.weight, limits.cap)
    mean = (int(capped.sum()) + limits.miss * (between - len(capped))) / between
    if not len(capped):
        return Across(mean, 0, between, None, None, None)
    best = int(np.argmax(pairs.weight))
    strongest = int(pairs.left[best]), int(pairs.right[best])
    weights = int(pairs.weight[best]), int(pairs.weight.min())
    return Across(mean, len(capped), between, strongest, *weights)


def pairs_between(inputs: ClusterInputs, left: tuple[int, ...], right: tuple[int, ...]) -> ScoredPairs:
    """Keep the scored pairs with one end on each side."""
    return inputs.pairs.where(_lie_between(inputs, left, right))


def without_margin(inputs: ClusterInputs, merge: Merge) -> ClusterInputs:
    """Take from the pairs across a merge, in equal shares, just so much that it would be refused."""
    across = _lie_between(inputs, merge.left, merge.right)
    capped = np.minimum(inputs.pairs.weight, inputs.thresholds[int(inputs.kind[merge.left[0]])].cap)
    share = int(merge.margin * merge.pairs) // int(across.sum()) + 1
    weight = np.where(across, capped - share, inputs.pairs.weight)
    return replace(inputs, pairs=replace(inputs.pairs, weight=weight))


def _lie_between(inputs: ClusterInputs, left: tuple[int, ...], right: tuple[int, ...]) -> BoolArray:
    side = np.zeros(len(inputs.live), dtype=np.int64)
    side[list(left)], side[list(right)] = 1, 2
    return np.asarray(side[inputs.pairs.left] * side[inputs.pairs.right] == 2, dtype=np.bool_)


def merge_between(merges: PartyMerges, one: int, other: int) -> Merge | None:
    """Find the merge that brought two members together; None if SAME binds them."""
    return next(
        (
            merge
            for merge in merges.merges
            if (one in merge.left and other in merge.right) or (other in merge.left and one in merge.right)
        ),
        None,
    )


def weakest_of(merges: PartyMerges) -> Merge | None:
    """Find the merge with the least to spare, the last of several; None if no weight merged anything."""
    return min(reversed(merges.merges), key=lambda merge: merge.margin, default=None)
