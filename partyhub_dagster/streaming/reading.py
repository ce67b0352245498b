"""Reading exactly the offsets of ranges: not one message before, behind or beside them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Place

from partyhub_dagster.errors import BrokerError, StreamError
from partyhub_dagster.streaming.kafka import Broker
from partyhub_dagster.streaming.ranges import OffsetRange

_AT_ONCE = 200
"""Messages that the client hands out at once: they may be large."""
_WAIT_S = 0.1
"""The client waits so long for so many, also when all that there are have come: a small batch pays for it."""
_PATIENCE = 4
"""Time-outs of the broker without a message after which reading gives up; a restart of it may take some."""
MESSAGES = pa.schema([
    ("topic", pa.string()), ("partition", pa.int32()), ("message_offset", pa.int64()),
    ("produced_at", pa.timestamp("ms")), ("message_key", pa.binary()), ("message_value", pa.binary()),
])  # fmt: skip
"""Grain: one row per message."""
_GONE = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001 - its public name for it
_PASSING = (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT)  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Portion:
    """Messages in the order of topic, partition and offset; what was read of each range, and what is left of some."""

    messages: pa.Table
    read: tuple[OffsetRange, ...]
    left: tuple[OffsetRange, ...]


def read_portion(
    broker: Broker, consumer: Consumer, ranges: Sequence[OffsetRange], most_bytes: int
) -> Portion:
    """Read the messages of the ranges, or as many of them as fill so many bytes; at least one if there is any.

    Gaps are normal: compaction and transactions leave offsets without a message. Units: bytes of keys and values; they
    are exceeded by what the client hands out at once.

    Raises:
        StreamError: the broker no longer holds the start of a range.
        BrokerError: no message came for several time-outs.
    """
    open_ranges = {(r.topic, r.partition): r for r in ranges if r.width > 0}
    kept: list[Message] = []
    held = 0
    consumer.assign([Place(r.topic, r.partition, r.start) for r in open_ranges.values()])
    try:
        last = time.monotonic()
        while open_ranges and held < most_bytes:
            got = consumer.consume(_AT_ONCE, timeout=_WAIT_S)
            if got:
                last = time.monotonic()
            elif time.monotonic() - last > _PATIENCE * broker.timeout_s:
                raise broker.silent("sending messages")
            before = len(kept)
            finished = {
                place for message in got if (place := _take(broker, message, open_ranges, kept)) is not None
            }
            held += sum(len(m.key() or b"") + len(m.value() or b"") for m in kept[before:])
            for place in finished:
                open_ranges.pop(place, None)
            if finished:
                consumer.incremental_unassign([Place(*place) for place in finished])
    except KafkaException:
        raise broker.silent("sending messages") from None
    finally:
        consumer.unassign()
    return _portion(kept, ranges, open_ranges)


def _portion(
    kept: list[Message], ranges: Sequence[OffsetRange], open_ranges: dict[tuple[str, int], OffsetRange]
) -> Portion:
    """Cut the ranges that were not read to their end behind the last message that was."""
    reached = {
        (m.topic(), m.partition()): int(m.offset() or 0) + 1 for m in kept
    }  # in order within a partition
    ends = {place: reached.get(place, r.start) for place, r in open_ranges.items()}
    return Portion(
        _table(kept),
        tuple(replace(r, end=ends.get((r.topic, r.partition), r.end)) for r in ranges),
        tuple(replace(r, start=ends[place]) for place, r in open_ranges.items()),
    )


def _take(
    broker: Broker, message: Message, open_ranges: dict[tuple[str, int], OffsetRange], kept: list[Message]
) -> tuple[str, int] | None:
    """Keep a message if it belongs to a range; return its partition if the range ends here."""
    error, place = message.error(), (str(message.topic()), int(message.partition() or 0))
    found = open_ranges.get(place)
    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name for it
        if error.code() in _GONE:
            raise _lost(place)
        if error.code() in _PASSING:
            return None
        raise _failed(broker, error)
    if found is None:
        return None
    offset = int(message.offset() or 0)
    if error is not None:  # the end of what is there: where the next message will be
        return place if offset >= found.end else None
    if found.start <= offset < found.end:
        kept.append(message)
    return place if offset + 1 >= found.end else None


def _lost(place: tuple[str, int]) -> StreamError:
    return StreamError(
        f"Partition {place[1]} of topic {place[0]} no longer holds where reading must go on: messages were deleted"
        " before they were read; nothing was read or skipped.",
        remedy="See `partyhub stream status`: it names the offsets that are lost and how to go on.",
    )


def _failed(broker: Broker, error: KafkaError) -> BrokerError:
    broker.told.append(error.name())
    return broker.silent("sending messages")


def _table(messages: list[Message]) -> pa.Table:
    messages.sort(key=lambda m: (m.topic(), m.partition(), m.offset()))
    columns = (
        [m.topic() for m in messages], [m.partition() for m in messages], [m.offset() for m in messages],
        [None if m.timestamp()[0] == 0 else m.timestamp()[1] for m in messages],
        [m.key() for m in messages], [m.value() for m in messages],
    )  # fmt: skip
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, MESSAGES, strict=True)], schema=MESSAGES)
