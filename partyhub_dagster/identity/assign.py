"""The name of a party: the record that was in it first."""

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, IntArray


def assign_party_ids(cluster: IntArray, first_seen: IntArray) -> IntArray:
    """Name every cluster after its anchor, the member first seen earliest (then of smallest code).

    Grain: one party per key; ABSENT where `cluster` is.
    Guarantees: depends on membership and first_seen alone, so the order of merges is irrelevant and a piece
    that is split off and joined again gets its old id back.
    """
    records = np.flatnonzero(cluster != ABSENT)
    latest_first = records[np.lexsort((records, first_seen[records]))[::-1]]
    anchor = np.full(len(cluster), ABSENT, dtype=np.int64)
    anchor[cluster[latest_first]] = latest_first  # the last one written is the earliest seen
    party = np.full(len(cluster), ABSENT, dtype=np.int64)
    party[records] = anchor[cluster[records]]
    return party
