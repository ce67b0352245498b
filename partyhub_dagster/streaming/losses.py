"""Messages that are gone before the hub has read them, and offsets that mean something else than they did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from partyhub_dagster.streaming.batches import Batch, first_unread
from partyhub_dagster.streaming.ranges import OffsetRange, PartitionState

_TOLD = 5
"""Partitions that a message names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Start nothing until a person has acted; the plan stays as it is."""

    message: str
    remedy: str


def find_other_topic(topic: str, stored_id: str | None, broker_id: str | None) -> Stop | None:
    """Return the stop that is due when the topic is another one of the same name; a broker may not tell ids."""
    if stored_id is None or broker_id is None or stored_id == broker_id:
        return None
    return Stop(
        f"{topic} is not the topic that the hub has read: it was made anew, or the broker is another one. Its offsets"
        " say nothing about what was read; nothing was read.",
        remedy=_RESTART.format(topic=topic),
    )


def find_loss(topic: str, partitions: Sequence[PartitionState], planned: Batch | None = None) -> Stop | None:
    """Return the stop that is due when messages are gone that the hub has not read, or offsets went back.

    A partition that appears in a topic which the hub reads already must still have its first message.
    """
    known = any(state.stored is not None for state in partitions)
    ahead = {} if planned is None else {r.partition: r for r in planned.ranges}
    held = sorted(partitions, key=lambda state: state.partition)
    reached = {s.partition: _reached(s, ahead.get(s.partition)) for s in held}
    back = [s for s in held if s.high < reached[s.partition]]
    if back:
        ends = (
            f"{s.partition} ends at {s.high:,}, the hub had reached {reached[s.partition]:,}" for s in back
        )
        return Stop(
            f"Offsets of {topic} went back: partition {_listed(ends)}. The topic was made anew or the broker has lost"
            " messages; nothing was read.",
            remedy=_RESTART.format(topic=topic),
        )
    needed = {s.partition: _needed(s, ahead.get(s.partition), known=known) for s in held}
    gone = [s for s in held if s.low > needed[s.partition]]
    if gone:
        spans = (f"{s.partition} from {needed[s.partition]:,} to {s.low - 1:,}" for s in gone)
        return Stop(
            f"Messages of {topic} were deleted before the hub read them: partition {_listed(spans)}; nothing was"
            " read.",
            remedy=_RESTART.format(topic=topic),
        )
    return None


_RESTART = (
    "Lengthen the retention of the topic. Have the sources send again what is gone, or load it from a file; then let"
    " the hub go on with what the broker has: `partyhub stream restart {topic} --reason TEXT`. If it says that nothing"
    " stands against that, reset the cursor of the sensor: only its plan knew of what is gone."
)


def _reached(state: PartitionState, planned: OffsetRange | None) -> int:
    """Return the offset that the partition had at least once."""
    if planned is not None and first_unread(state) == planned.start:
        return planned.end
    return state.stored or 0


def _needed(state: PartitionState, planned: OffsetRange | None, *, known: bool) -> int:
    """Return the first offset that the broker must still have."""
    if state.stored is not None:
        return state.stored
    if planned is not None:
        return planned.start
    return 0 if known else state.low


def _listed(parts: Iterable[str]) -> str:
    texts = list(parts)
    more = f", and {len(texts) - _TOLD} partitions more" if len(texts) > _TOLD else ""
    return "; ".join(texts[:_TOLD]) + more
