"""Events as sources send them, and a topic in memory: what a batch of it does can be asked without a broker."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster.streaming.batches import Batch
from partyhub_dagster.streaming.ranges import OffsetRange
from partyhub_dagster.streaming.reading import MESSAGES
from partyhub_dagster.streaming.taking import take_messages
from partyhub_dagster_tests.feed import Feed, Lake

STREAMING = "streaming: {topics: [raw], dead_letter_topic: dlq, confirmation_topic: updates}\n"
LEFT_OUT: Any = object()
"""A field that an event does not have."""
Message = tuple[str | bytes | None, str | bytes | None]
"""Key and value."""


def event(key: str, version: Any = 1, **fields: Any) -> dict[str, Any]:
    """Return an event of source `crm`, whose fields can be others or left out."""
    usual = {
        "event_id": f"{key}-{version}", "op": "upsert", "source": "crm", "source_record_id": key,
        "event_time": "2026-03-01T09:30:00Z", "version": version, "schema_version": 1,
        "payload": {"ID": key, "NAME": f"Anna {key}"},
    }  # fmt: skip
    return {name: value for name, value in (usual | fields).items() if value is not LEFT_OUT}


def message(said: dict[str, Any]) -> Message:
    """Return the message of an event, keyed as it should be."""
    return f"{said.get('source')}:{said.get('source_record_id')}", json.dumps(said)


def upsert(key: str, version: Any = 1, **fields: Any) -> Message:
    """Return the message that a record is as its payload says."""
    return message(event(key, version, **fields))


def delete(key: str, version: Any = 1, **fields: Any) -> Message:
    """Return the message that a record was deleted."""
    return message(event(key, version, **{"op": "delete", "payload": None} | fields))


def table_of(messages: Sequence[Message], start: int = 0, topic: str = "raw") -> pa.Table:
    """Return messages as they are read from partition 0."""
    now, keys = datetime.now(UTC).replace(tzinfo=None), [_bytes(key) for key, _ in messages]
    columns: list[list[Any]] = [
        [topic] * len(messages), [0] * len(messages), list(range(start, start + len(messages))),
        [now] * len(messages), keys, [_bytes(value) for _, value in messages],
    ]  # fmt: skip
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, MESSAGES, strict=True)], schema=MESSAGES)


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


@dataclass(slots=True)
class Topic:
    """A topic of one partition in memory, taken into the lake of a feed that is called `crm`."""

    feed: Feed
    messages: list[Message] = field(default_factory=list)

    def send(self, *messages: Message) -> LoadCounts:
        """Append messages and take them as a batch."""
        start = len(self.messages)
        self.messages += messages
        return self.take(start, len(self.messages))

    def take(self, start: int, end: int) -> LoadCounts:
        """Take a range as a batch."""
        read = table_of(self.messages[start:end], start)
        return take_messages(self.feed.session, self.feed.config, batch(start, end), "topic-1", read)

    def outcomes(self) -> list[str]:
        """Return what became of every message that was read."""
        rows = self.feed.lake.con.execute(
            "select outcome from stream_messages order by message_offset"
        ).fetchall()
        return [row[0] for row in rows]

    def reasons(self) -> dict[int, list[str]]:
        """Return the reasons of every message in quarantine by offset."""
        return dict(self.feed.lake.con.execute("select line, reasons from quarantine").fetchall())


def empty(lake: Lake) -> None:
    """Take everything out again that a topic or its source brought, in one transaction."""
    tables = (
        "load_audit", "source_party_history", "source_parties", "quarantine", "stream_offsets", "stream_topics",
        "stream_messages", "dead_letters",
    )  # fmt: skip
    lake.con.execute("; ".join(["begin", *(f"delete from lake.{table}" for table in tables), "commit"]))


def batch(start: int, end: int, topic: str = "raw") -> Batch:
    """Return a batch of partition 0."""
    return Batch(topic, (OffsetRange(topic, 0, start, end),))
