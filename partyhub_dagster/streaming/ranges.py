"""Ranges of offsets: what a batch reads, and where partitions stand. Half-open everywhere: `end` is not read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class OffsetRange:
    """Messages of one partition from `start` up to, but not with, `end`."""

    topic: str
    partition: int
    start: int
    end: int

    @property
    def width(self) -> int:
        """Offsets in the range; an upper bound of its messages, as compaction and transactions leave gaps."""
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True, order=True)
class PartitionState:
    """Where a partition stands: what the lake has read of it, and what the broker holds."""

    topic: str
    partition: int
    stored: int | None
    """The first offset that the lake has not read; None: nothing was read of it yet."""
    low: int
    """The first offset that the broker still holds."""
    high: int
    """The offset after the last committed message that the broker holds."""

    @property
    def lag(self) -> int:
        """Offsets that wait to be read."""
        return max(0, self.high - (self.low if self.stored is None else self.stored))
