"""The cursor of a stream's sensor: the pending batch and nothing else, as offset ranges."""

from pydantic import BaseModel, NonNegativeInt, PositiveInt, ValidationError

from partyhub_dagster.streaming.batches import Batch
from partyhub_dagster.streaming.planning import Pending
from partyhub_dagster.streaming.ranges import OffsetRange

NOTHING = "{}"
"""Nothing is pending. Not the empty text: Dagster would keep the cursor that it has."""


class _Cursor(BaseModel):
    topic: str
    first_attempt: PositiveInt
    ranges: list[tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt]]
    """Partition, start, end."""


def write_cursor(pending: Pending | None) -> str:
    """Return the cursor."""
    if pending is None:
        return NOTHING
    ranges = [(r.partition, r.start, r.end) for r in pending.batch.ranges]
    held = _Cursor(topic=pending.batch.topic, first_attempt=pending.first_attempt, ranges=ranges)
    return held.model_dump_json()


def read_cursor(cursor: str | None, topic: str) -> Pending | None:
    """Return the pending batch. A cursor that was reset or overwritten in the UI holds none: planning begins anew."""
    if not cursor:
        return None
    try:
        held = _Cursor.model_validate_json(cursor)
    except ValidationError:
        return None
    if held.topic != topic:
        return None
    return Pending(Batch(topic, tuple(OffsetRange(topic, *r) for r in held.ranges)), held.first_attempt)
