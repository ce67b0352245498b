"""From affected records to their parties: the one entry of clustering, a pure function.

The stage collects what `affected_closure` says, codes keys by the rank of their record_id, calls
`cluster_affected`, replaces those rows, and derives lineage from the old and the new party of every key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from partyhub_dagster.errors import ModelError
from partyhub_dagster.identity.arrays import ABSENT, BoolArray, FloatArray, IntArray
from partyhub_dagster.identity.assign import assign_party_ids
from partyhub_dagster.identity.atoms import build_atom_graph
from partyhub_dagster.identity.components import label_components, split_into_parts
from partyhub_dagster.identity.conflicts import Override, Refusal, find_overrides, find_refusals
from partyhub_dagster.identity.decisions import (
    Decision,
    DecisionKind,
    Overruled,
    Resolution,
    resolve,
    unrevoked,
)
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.linkage import cluster_parts
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class ClusterInputs:
    """All that the parties of the affected records depend on.

    Indexed by key code: `live`, `kind` (a code; ABSENT without a live record), `first_seen`.
    `exclusive`: identifiers (holder = key code of the record, scheme and value codes from 0). `pairs`: all
    kept pairs with both ends here. `decisions`: all with both keys here; revocations may be among them, or
    already be applied. `thresholds`: by kind code.
    """

    live: BoolArray
    kind: IntArray
    first_seen: IntArray
    exclusive: Holdings
    pairs: ScoredPairs
    decisions: Sequence[Decision]
    thresholds: Mapping[int, Thresholds]


@dataclass(frozen=True, slots=True)
class ClusterOutputs:
    """Who is with whom, and why.

    Indexed by key code, ABSENT (NaN) without a live record: `component`, `part` and `cluster` are smallest
    codes, `party` is the anchor's; `weakest` the mean weight in millibits of the weakest merge in the
    record's cluster, NaN if no weight merged it (one record, or SAME alone).
    """

    component: IntArray
    part: IntArray
    cluster: IntArray
    party: IntArray
    weakest: FloatArray
    largest_component: int
    largest_part: int
    overruled: tuple[Overruled, ...]
    overrides: tuple[Override, ...]
    refusals: tuple[Refusal, ...]


def cluster_affected(inputs: ClusterInputs) -> ClusterOutputs:
    """Assign every live record its component, cluster and party.

    Guarantees: a function of the inputs as sets; per component, of that component's inputs alone.

    Raises:
        ModelError: a kind of the records has no thresholds.
    """
    standing = unrevoked(inputs.decisions)
    resolution = resolve(standing, inputs.kind)
    component = _label(inputs, standing)
    part = np.full(len(inputs.live), ABSENT, dtype=np.int64)
    cluster, weakest = part.copy(), np.full(len(part), np.nan)
    refusals: list[Refusal] = []
    for kind in np.unique(inputs.kind[inputs.live]).tolist():
        found = _cluster_kind(inputs, kind, component, resolution)
        of_kind = found.part != ABSENT
        part[of_kind], cluster[of_kind], weakest[of_kind] = (
            column[of_kind] for column in (found.part, found.cluster, found.weakest)
        )
        refusals += found.refusals
    return ClusterOutputs(
        component=component,
        part=part,
        cluster=cluster,
        party=assign_party_ids(cluster, inputs.first_seen),
        weakest=weakest,
        largest_component=_largest(component),
        largest_part=_largest(part),
        overruled=resolution.overruled,
        overrides=tuple(find_overrides(resolution, inputs.exclusive)),
        refusals=tuple(refusals),
    )


@dataclass(frozen=True, slots=True)
class _OfKind:
    part: IntArray
    cluster: IntArray
    weakest: FloatArray
    refusals: list[Refusal]


def _label(inputs: ClusterInputs, standing: Sequence[Decision]) -> IntArray:
    link = np.full(int(inputs.kind.max(initial=0)) + 1, np.iinfo(np.int64).max)
    for kind, limits in inputs.thresholds.items():
        if kind < len(link):
            link[kind] = limits.link
    pairs = _comparable(inputs)
    pairs = pairs.where(pairs.weight >= link[inputs.kind[pairs.left]])
    same = [(d.left, d.right) for d in standing if d.kind_of == DecisionKind.SAME]
    ends = np.array(same, dtype=np.int64).reshape(-1, 2)
    left = np.concatenate([pairs.left, ends[:, 0]])
    right = np.concatenate([pairs.right, ends[:, 1]])
    return label_components(inputs.live, left, right)


def _cluster_kind(inputs: ClusterInputs, kind: int, component: IntArray, resolution: Resolution) -> _OfKind:
    limits = inputs.thresholds.get(kind)
    if limits is None:
        raise ModelError(
            f"No thresholds for kind {kind}; nothing was clustered.", remedy="Activate its model."
        )
    of_kind = inputs.live & (inputs.kind == kind)
    pairs = _comparable(inputs)
    pairs = pairs.where(of_kind[pairs.left])
    whole = np.where(of_kind, component, ABSENT)
    part = split_into_parts(whole, resolution.same_group, pairs, limits)
    graph = build_atom_graph(part, resolution, inputs.exclusive, pairs, limits)
    linkage = cluster_parts(graph, limits)
    refusals = find_refusals(graph, linkage.cluster, resolution, limits)
    return _OfKind(part, linkage.cluster, linkage.weakest, refusals)


def _comparable(inputs: ClusterInputs) -> ScoredPairs:
    """Keep the pairs of two live records of one kind: a stale pair must not connect anything."""
    left, right = inputs.pairs.left, inputs.pairs.right
    one_kind = inputs.kind[left] == inputs.kind[right]
    return inputs.pairs.where(inputs.live[left] & inputs.live[right] & one_kind)


def _largest(labels: IntArray) -> int:
    return int(np.bincount(labels[labels != ABSENT]).max(initial=0))
