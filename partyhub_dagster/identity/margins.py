"""Which records merge that nobody has decided about, at which mean weights: what a model learns its `cut` from."""

import numpy as np

from partyhub_dagster.identity.arrays import FloatArray, IntArray
from partyhub_dagster.identity.atoms import build_atom_graph
from partyhub_dagster.identity.components import label_components, split_into_parts
from partyhub_dagster.identity.decisions import resolve
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.linkage import asked_of, merge_in_rounds
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.thresholds import Thresholds


def merge_margins(pairs: ScoredPairs, limits: Thresholds) -> tuple[FloatArray, IntArray]:
    """Cluster by scored pairs alone; return the mean of every merge, less what its size asks beyond `cut`.

    With it the cluster of every code, named after the smallest in it.

    Units: millibits. With a higher `cut` the merges would be those that reach it, but for few whose order changes.
    Exclusive identifiers are left out: they refuse merges, and what is asked for is where weights would have them.
    """
    keys = 1 + int(max(pairs.left.max(initial=-1), pairs.right.max(initial=-1)))
    linked = pairs.where(pairs.weight >= limits.link)
    component = label_components(np.ones(keys, dtype=np.bool_), linked.left, linked.right)
    undecided = resolve([], np.zeros(keys, dtype=np.int64))
    part = split_into_parts(component, undecided.same_group, pairs, limits)
    none = np.zeros(0, dtype=np.int64)
    graph = build_atom_graph(part, undecided, Holdings(none, none, none), pairs, limits)
    size, cluster, margins = graph.size.copy(), np.arange(keys), [np.zeros(0)]
    for left, right, mean in merge_in_rounds(graph, limits):
        margins.append(mean - (asked_of(np.minimum(size[left], size[right]), limits) - limits.cut))
        size[left] += size[right]
        cluster[right] = left
    while not np.array_equal(cluster, above := cluster[cluster]):
        cluster = above
    return np.concatenate(margins), cluster
