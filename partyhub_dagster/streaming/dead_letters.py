"""Rejected messages on their way to the dead letter topic: at least once, and never in the way of others.

They wait in the lake, written in the transaction that rejected them; sent is who was acknowledged. A kill between the
two sends one again: its headers name topic, partition and offset, by which a reader knows it.
"""

import json
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from partyhub_dagster.errors import BrokerError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import DEAD_LETTERS
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster.streaming.kafka import Broker

HEADER = "partyhub."
"""How the headers begin that the hub adds; all of them are ASCII."""
_AT_ONCE = 1_000


@dataclass(slots=True)
class DeadLetterSender:
    """Sends the rejected messages of one hub; keeps its client, as a new one takes a second to its first message."""

    broker: Broker
    topic: str
    _producer: Producer | None = None

    def send(self, session: Session) -> int:
        """Send those that wait, byte by byte as they came, reasons and origin in headers; return how many.

        Raises:
            BrokerError: the topic took not all of them; those that it did not take wait on.
        """
        sent = 0
        while rows := _waiting(session):
            self._producer = self._producer or self.broker.producer()
            missing = _send(self._producer, self.topic, rows)
            arrived = [row for row in rows if _place(row) not in missing]
            _forget(session, arrived)
            sent += len(arrived)
            if missing:
                self._producer = None
                reason = next(iter(missing.values()))
                raise BrokerError(
                    f"{len(missing)} rejected messages did not reach the dead letter topic {self.topic} ({reason})."
                    " They wait in the hub; nothing else waits for them.",
                    remedy="Create the topic, let it take messages as large as these with their headers"
                    " (max.message.bytes), or correct `streaming.dead_letter_topic` in hub.yaml. The next run sends"
                    " them.",
                )
        return sent


def _waiting(session: Session) -> list[dict[str, Any]]:
    result = session.con.execute(
        "select topic, partition, message_offset, quarantine_id::varchar as quarantine_id, produced_at, message_key,"
        " message_value, reasons from dead_letters order by topic, partition, message_offset limit"
        f" {_AT_ONCE}"
    )
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _place(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["topic"], row["partition"], row["message_offset"]


def _send(producer: Producer, topic: str, rows: list[dict[str, Any]]) -> dict[tuple[str, int, int], str]:
    """Return the messages that were not acknowledged, with the name of the error."""
    missing = {_place(row): "no answer" for row in rows}

    for row in rows:
        place = _place(row)

        def told(error: KafkaError | None, _: Message, place: tuple[str, int, int] = place) -> None:
            if error is None:
                missing.pop(place, None)
            else:
                missing[place] = error.name()

        try:
            producer.produce(
                topic,
                key=row["message_key"],
                value=row["message_value"],
                headers=_headers(row),
                on_delivery=told,
            )
        except (KafkaException, BufferError) as error:
            missing[place] = error.args[0].name() if isinstance(error, KafkaException) else "queue is full"
        producer.poll(0)
    producer.flush()
    return missing


def _headers(row: dict[str, Any]) -> list[tuple[str, str | bytes | None]]:
    (topic, partition, offset), produced = _place(row), row["produced_at"]
    told = {
        "reasons": json.dumps(row["reasons"]), "quarantine_id": row["quarantine_id"], "topic": topic,
        "partition": str(partition), "offset": str(offset),
        "produced_at": "" if produced is None else produced.isoformat(timespec="milliseconds") + "Z",
    }  # fmt: skip
    return [(HEADER + name, value.encode("ascii")) for name, value in told.items()]


def _forget(session: Session, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    places = ", ".join(
        f"($t{n}, {partition}, {offset})" for n, (_, partition, offset) in enumerate(map(_place, rows))
    )
    with write_transaction(session) as transaction:
        transaction.delete(
            DEAD_LETTERS.name,
            f"(topic, partition, message_offset) in ({places})",
            {f"t{n}": row["topic"] for n, row in enumerate(rows)},
        )
