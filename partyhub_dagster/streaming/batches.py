"""Batches: which offset ranges of a topic one run takes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from partyhub_dagster.streaming.ranges import OffsetRange, PartitionState


@dataclass(frozen=True, slots=True)
class Batch:
    """Offset ranges of one topic, at most one for a partition, that one run takes in one transaction."""

    topic: str
    ranges: tuple[OffsetRange, ...]

    @property
    def batch_id(self) -> str:
        """A name that is a function of the ranges alone: the same ranges are the same batch."""
        held = [self.topic, *([r.partition, r.start, r.end] for r in self.ranges)]
        return hashlib.sha256(json.dumps(held).encode()).hexdigest()[:20]

    @property
    def offsets(self) -> int:
        """Offsets in the ranges: at least as many as messages, as compaction and transactions leave gaps."""
        return sum(r.width for r in self.ranges)


def first_unread(state: PartitionState) -> int:
    """Return where reading goes on; a partition that was never read begins with what the broker still has."""
    return state.low if state.stored is None else state.stored


def next_batch(topic: str, partitions: Iterable[PartitionState], limit: int) -> Batch | None:
    """Return the ranges to take next, None when no message waits.

    Units: `limit` is in offsets; it is exceeded only to give each waiting partition one.
    Guarantees: shares are max-min fair, so no partition waits for a longer one. A partition that was never read gets
    an empty range beside the others: from then on its first offset is stored, and messages that vanish are noticed.
    """
    states = sorted(partitions, key=lambda state: state.partition)
    waiting = {state.partition: state.lag for state in states}
    if not any(waiting.values()):
        return None
    shares = share_out(waiting, limit)
    ranges = (
        OffsetRange(topic, s.partition, first_unread(s), first_unread(s) + shares[s.partition])
        for s in states
        if shares[s.partition] or s.stored is None
    )
    return Batch(topic, tuple(ranges))


def carrying_batch(topic: str, partitions: Iterable[PartitionState]) -> Batch:
    """Return empty ranges at what is stored: a run of it takes nothing and brings the stages up to a release."""
    states = sorted((s for s in partitions if s.stored is not None), key=lambda state: state.partition)
    return Batch(topic, tuple(OffsetRange(topic, s.partition, s.stored or 0, s.stored or 0) for s in states))


def share_out(waiting: Mapping[int, int], limit: int) -> dict[int, int]:
    """Share `limit` among partitions: who wants less than an equal share gets all, the others share the rest.

    Guarantees: nobody gets more than waits; a partition with anything waiting gets at least one.
    """
    left = limit
    shares = {}
    in_order = sorted(waiting, key=lambda partition: (waiting[partition], partition))
    for place, partition in enumerate(in_order):
        equal = left // (len(in_order) - place)
        shares[partition] = min(waiting[partition], max(equal, 1))
        left = max(0, left - shares[partition])
    return shares
