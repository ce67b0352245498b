"""What is close enough to be looked at together: components, their parts, and what a delta touches.

Nodes are keys. Pairs at or above `link` connect, and so does every standing SAME, in force or overruled,
its records present or not; without that an incremental run and a rebuild disagree.
"""

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, BoolArray, IntArray
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.thresholds import Thresholds

LEVEL_STEP = 1_000
"""One bit: by how much the level is raised inside a component that is too large."""


def connect(nodes: int, left: IntArray, right: IntArray) -> IntArray:
    """Label the connected components of an undirected graph with numbers from 0."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left)), (left, right)), shape=(nodes, nodes))
    _, labels = connected_components(graph.tocsr(), directed=False)
    return np.asarray(labels, dtype=np.int64)


def label_components(live: BoolArray, left: IntArray, right: IntArray) -> IntArray:
    """Name the component of every live key after its smallest live key; ABSENT for other keys.

    `left`/`right` are the pairs >= link and both keys of every standing SAME.
    """
    return _name_after_smallest(connect(len(live), left, right), live)


def affected_closure(
    dirty: IntArray, old_component: IntArray, same_left: IntArray, same_right: IntArray
) -> BoolArray:
    """Mark every key whose component or cluster a delta can change; the rest need not be read.

    `dirty` = keys changed or deleted, ends of edges added, changed or removed, both keys of decisions that
    stand now and did not before, or the other way round. `old_component` is the last component label of
    every key (ABSENT where it had none), `same_*` are the ends of all SAME decisions that stand now.
    Guarantees: holds the old and the new component of every dirty key, whole, with the absent keys that
    carry decisions through them. A component with an added edge is reached from its ends, which are dirty;
    one with a removed edge was one old component; so nothing but labels and SAME need be followed.
    """
    keys = len(old_component)
    had = np.flatnonzero(old_component != ABSENT)
    left, right = np.concatenate([had, same_left]), np.concatenate([keys + old_component[had], same_right])
    reach = connect(2 * keys, left, right)[:keys]
    touched = np.zeros(2 * keys, dtype=np.bool_)
    touched[reach[dirty]] = True
    return np.asarray(touched[reach], dtype=np.bool_)


def split_into_parts(
    component: IntArray, group: IntArray, pairs: ScoredPairs, limits: Thresholds
) -> IntArray:
    """Cut components larger than `max_part` by raising `link` inside them, bit by bit, until each part fits.

    Only parts that are still too large are raised further. Records of one SAME group stay together. The
    level ends at `cap`, above which clustering sees no difference: hundreds of identical records stay one
    part, and its size is for the checks to report.
    Grain: one label per key, the smallest code of its part; ABSENT where `component` is.
    """
    part, level = component.copy(), limits.link + LEVEL_STEP
    while level <= limits.cap:
        size = np.bincount(part[part != ABSENT], minlength=len(part))
        large = (part != ABSENT) & (size[part] > limits.max_part)
        if not large.any():
            break
        strong = pairs.where(large[pairs.left] & large[pairs.right] & (pairs.weight >= level))
        members = np.flatnonzero(large)
        part[members] = _parts_of(members, group, strong)
        level += LEVEL_STEP
    return part


def _parts_of(members: IntArray, group: IntArray, strong: ScoredPairs) -> IntArray:
    """Label members by the pairs given and by the node their SAME group is named after, live or not."""
    nodes = np.union1d(members, group[members])
    place = np.searchsorted(nodes, members)
    one = np.concatenate([np.searchsorted(nodes, strong.left), place])
    other = np.concatenate([np.searchsorted(nodes, strong.right), np.searchsorted(nodes, group[members])])
    is_member = np.zeros(len(nodes), dtype=np.bool_)
    is_member[place] = True
    return nodes[_name_after_smallest(connect(len(nodes), one, other), is_member)[place]]


def _name_after_smallest(labels: IntArray, wanted: BoolArray) -> IntArray:
    """Replace labels by the smallest wanted node that has them; ABSENT for nodes not wanted."""
    nodes = np.flatnonzero(wanted)
    smallest = np.full(len(labels), len(labels), dtype=np.int64)
    np.minimum.at(smallest, labels[nodes], nodes)
    names = np.full(len(labels), ABSENT, dtype=np.int64)
    names[nodes] = smallest[labels[nodes]]
    return names
