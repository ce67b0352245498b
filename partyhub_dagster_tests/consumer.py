"""A consumer of confirmations, as simple as one can be: the oracle of what a copy of the hub must be."""

import json
import uuid
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

Copy = dict[str, frozenset[str]]


def read_confirmations(servers: str, topic: str) -> list[dict[str, Any]]:
    """Read everything that is committed on a topic, partition by partition."""
    consumer = Consumer({
        "bootstrap.servers": servers, "group.id": uuid.uuid4().hex, "enable.auto.commit": False,
        "enable.partition.eof": True, "isolation.level": "read_committed", "auto.offset.reset": "earliest",
    })  # fmt: skip
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, n, 0) for n in partitions])
        found: list[dict[str, Any]] = []
        reading = set(partitions)
        while reading:
            for message in consumer.consume(1_000, timeout=0.1):  # it waits so long, also when all have come
                error = message.error()
                if error is None:
                    told = json.loads(message.value() or b"")
                    assert (message.key() or b"").decode() == told["party_id"]
                    found.append(told)
                elif error.code() == KafkaError._PARTITION_EOF:
                    reading.discard(message.partition())
                else:
                    raise AssertionError(error.name())
    finally:
        consumer.close()
    return found


def newest_generation(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the messages of the newest generation, each sequence once, in order."""
    newest = max((m["generation"] for m in messages), default=0)
    held = {m["sequence"]: m for m in messages if m["generation"] == newest}
    return [held[sequence] for sequence in sorted(held)]


def apply(messages: list[dict[str, Any]], copy: Copy | None = None) -> Copy:
    """Bring a copy of who is in which party up to date."""
    parties = dict(copy or {})
    for told in messages:
        if told["event"] in {"MERGED", "RENAMED", "RETIRED"}:
            parties.pop(told["old_party_id"], None)
        elif told["members"] is not None:
            parties[told["new_party_id"]] = frozenset(told["members"])
    return parties
