"""Why two records are one party, or why not: in the words of clustering, from its inputs and its outcome."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np

from partyhub_dagster.identity.arrays import IntArray
from partyhub_dagster.identity.conflicts import decisions_between
from partyhub_dagster.identity.decisions import Resolution, resolve
from partyhub_dagster.identity.exclusive import clashing_schemes
from partyhub_dagster.identity.merges import merge_between, merges_of, pairs_across
from partyhub_dagster.identity.state import ClusterInputs, ClusterOutputs


class Why(StrEnum):
    """What decided about two live records; the first that applies."""

    SAME_DECISION = "SAME_DECISION"  # one party: SAME binds them, directly or through others
    WEIGHT = "WEIGHT"  # one party: pairs brought their clusters together
    KIND = "KIND"  # apart: one is a person, the other an organisation
    COMPONENT = (
        "COMPONENT"  # apart: no chain of pairs at or above `link`, and of SAME, leads from one to the other
    )
    NOT_SAME_DECISION = "NOT_SAME_DECISION"  # apart: a decision stands between their parties
    EXCLUSIVE = "EXCLUSIVE"  # apart: their parties hold different values of an exclusive identifier
    PART = "PART"  # apart: their component was too large, and they fell into different parts of it
    BELOW_CUT = "BELOW_CUT"  # apart: the mean weight between their parties is less than merging them asks


@dataclass(frozen=True, slots=True)
class Verdict:
    """What decided about two records, and by how much.

    `weight` is the mean between their two parties, or between the two pieces whose merge brought them together
    (millibits; None where no weight counted), `asked` what merging these needs; `scored` of `pairs` record pairs
    between them were scored.
    """

    why: Why
    weight: float | None = None
    scored: int = 0
    pairs: int = 0
    decision_id: UUID | None = None
    schemes: tuple[int, ...] = ()
    asked: int | None = None


def explain_parties(inputs: ClusterInputs, outputs: ClusterOutputs, left: int, right: int) -> Verdict:
    """Say why two live records are in one party or in two.

    `inputs` hold at least the components of both, whole; `outputs` are what `cluster_affected` made of them.
    """
    resolution = resolve(inputs.decisions, inputs.kind)
    if outputs.cluster[left] == outputs.cluster[right]:
        return _how_together(inputs, outputs, left, right)
    if inputs.kind[left] != inputs.kind[right]:
        return Verdict(Why.KIND)
    if outputs.component[left] != outputs.component[right]:
        return Verdict(Why.COMPONENT)
    return _why_apart(inputs, outputs, resolution, left, right)


def _how_together(inputs: ClusterInputs, outputs: ClusterOutputs, left: int, right: int) -> Verdict:
    """Tell the merge that brought two members of a party together."""
    merge = merge_between(
        merges_of(inputs, outputs.cluster, outputs.cluster == outputs.cluster[left]), left, right
    )
    if merge is None:
        return Verdict(Why.SAME_DECISION)
    scored = pairs_across(inputs, merge.left, merge.right).scored
    return Verdict(Why.WEIGHT, merge.mean, scored, merge.pairs, asked=merge.asked)


def _why_apart(
    inputs: ClusterInputs, outputs: ClusterOutputs, resolution: Resolution, left: int, right: int
) -> Verdict:
    """Say what keeps two clusters of one component and kind apart."""
    cluster = outputs.cluster
    one, other = sorted(int(cluster[key]) for key in (left, right))
    weight, scored, pairs = _mean_between(inputs, cluster, one, other)
    decision_id = decisions_between(resolution, cluster).get((one, other))
    if decision_id is not None:
        return Verdict(Why.NOT_SAME_DECISION, weight, scored, pairs, decision_id)
    values = inputs.exclusive.held_by(cluster).as_sets()
    schemes = tuple(clashing_schemes(values.get(one, {}), values.get(other, {})))
    if schemes:
        return Verdict(Why.EXCLUSIVE, weight, scored, pairs, schemes=schemes)
    in_one_part = outputs.part[left] == outputs.part[right]
    if not in_one_part:
        return Verdict(Why.PART, weight, scored, pairs)
    sizes = (int((cluster == label).sum()) for label in (one, other))
    asked = inputs.thresholds[int(inputs.kind[left])].asked(*sizes)
    return Verdict(Why.BELOW_CUT, weight, scored, pairs, asked=asked)


def _mean_between(inputs: ClusterInputs, cluster: IntArray, one: int, other: int) -> tuple[float, int, int]:
    limits = inputs.thresholds[int(inputs.kind[one])]
    ends = cluster[inputs.pairs.left], cluster[inputs.pairs.right]
    across = (np.minimum(*ends) == one) & (np.maximum(*ends) == other)
    capped = np.minimum(inputs.pairs.weight[across], limits.cap)
    pairs = int((cluster == one).sum() * (cluster == other).sum())
    total = int(capped.sum()) + limits.miss * (pairs - len(capped))
    return total / pairs, len(capped), pairs
