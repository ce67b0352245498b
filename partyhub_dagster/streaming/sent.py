"""What the topic of confirmations itself says was sent last: the truth that a sender goes on from."""

import json
import time
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Place

from partyhub_dagster.errors import StreamError
from partyhub_dagster.streaming.kafka import Broker, TopicState

_FIRST_LOOK = 64
"""Offsets from the end of a partition that are looked at first: commit markers take some."""
_FURTHER = 32
_PATIENCE = 4


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """A confirmation that consumers can read. Ordered as confirmations are: by generation, then by sequence."""

    generation: int
    sequence: int
    run_id: str
    """The run that wrote the event; tells the histories of two lakes apart."""


def read_last_sent(broker: Broker, consumer: Consumer, state: TopicState) -> Sent | None:
    """Return the last confirmation on the topic, None where the broker holds none.

    A partition holds its confirmations in order, so the last one of all is the last one of some partition.

    Raises:
        StreamError: the topic holds something else.
        BrokerError: the broker does not answer.
    """
    ends = {p.partition: (p.low, p.high) for p in state.partitions if p.high > p.low}
    found: list[Sent] = []
    look = _FIRST_LOOK
    while ends:
        starts = {partition: max(low, high - look) for partition, (low, high) in ends.items()}
        last = _last_messages(broker, consumer, state.topic, starts)
        found += [_parse(message) for message in last.values()]
        ends = {n: end for n, end in ends.items() if n not in last and starts[n] > end[0]}
        look *= _FURTHER
    return max(found, default=None)


def _last_messages(
    broker: Broker, consumer: Consumer, topic: str, starts: dict[int, int]
) -> dict[int, Message]:
    """Read partitions from where given to their ends; return the last message of each that has one there."""
    consumer.assign([Place(topic, partition, start) for partition, start in starts.items()])
    last: dict[int, Message] = {}
    reading, heard = set(starts), time.monotonic()
    try:
        while reading:
            message = consumer.poll(min(1.0, broker.timeout_s))
            if message is None:
                if time.monotonic() - heard > _PATIENCE * broker.timeout_s:
                    raise broker.silent("telling what was confirmed")
                continue
            partition, error, heard = int(message.partition() or 0), message.error(), time.monotonic()
            if error is None:
                last[partition] = message
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name for it
                reading.discard(partition)
            elif not error.retriable():
                broker.told.append(error.name())
                raise broker.silent("telling what was confirmed")
    except KafkaException:
        raise broker.silent("telling what was confirmed") from None
    finally:
        consumer.unassign()
    return last


def _parse(message: Message) -> Sent:
    try:
        told = json.loads(message.value() or b"")
        return Sent(int(told["generation"]), int(told["sequence"]), str(told["run_id"]))
    except (ValueError, TypeError, KeyError):
        raise StreamError(
            f"Topic {message.topic()} holds a message that is no confirmation (partition {message.partition()}, offset"
            f" {message.offset()}); nothing was sent.",
            remedy="Give confirmations a topic of their own: `streaming.confirmation_topic` in hub.yaml.",
        ) from None
