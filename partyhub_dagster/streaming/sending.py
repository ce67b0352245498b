"""Sending events: at a rate, with the broker's word for each, and on from where it broke off."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from partyhub_dagster.errors import BrokerError

PARTITIONER = "murmur2_random"
"""That of Kafka's Java clients: whoever sends an event of a record, its events are in one partition, in order."""

_LAST_ANSWERS_S = 60.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send."""

    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class Sender:
    """Sends messages of one topic and counts what the broker has acknowledged.

    Guarantees: `acknowledged` counts messages from the first on without a gap, so all before it are in the topic; the
    offsets told are those of the broker. Stops at the first message that is refused or not acknowledged in time.
    """

    producer: Producer
    topic: str
    acknowledged: int = 0
    sent: int = 0
    partitions: Counter[int] = field(default_factory=Counter)
    """Acknowledged messages by partition."""
    _early: set[int] = field(default_factory=set)
    _failure: str | None = None

    def send(self, message: Outgoing) -> None:
        """Hand a message over, waiting while too many wait for their answer.

        Raises:
            BrokerError: an earlier message failed.
        """
        number = self.sent
        while True:
            self._stop_if_failed()
            try:
                self.producer.produce(
                    self.topic,
                    message.value,
                    message.key,
                    on_delivery=lambda e, m: self._answer(number, e, m),
                )
            except BufferError:  # librdkafka holds 100,000 at most
                self.producer.poll(0.1)
                continue
            except KafkaException as error:  # larger than the producer may send, say
                self._failure = error.args[0].name()
                continue
            break
        self.sent += 1
        self.producer.poll(0)

    def send_all(self, messages: Iterable[Outgoing], pace: "Pace") -> None:
        """Send messages, each when it is due."""
        for message in messages:
            self.wait(pace.until_due(self.sent))
            self.send(message)

    def wait(self, seconds: float) -> None:
        """Take answers for that long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.producer.poll(left)

    def finish(self) -> None:
        """Wait for every answer that is outstanding.

        Raises:
            BrokerError: a message was refused or not acknowledged in time.
        """
        self.producer.flush(_LAST_ANSWERS_S)
        self._stop_if_failed()
        if self.acknowledged < self.sent:
            self._failure = KafkaError(KafkaError._MSG_TIMED_OUT).name()  # noqa: SLF001 - its public name
            self._stop_if_failed()

    def _answer(self, number: int, error: KafkaError | None, message: Delivered) -> None:
        if error is not None:
            self._failure = self._failure or error.name()
            return
        self.partitions[int(message.partition() or 0)] += 1
        self._early.add(number)
        while self.acknowledged in self._early:
            self._early.remove(self.acknowledged)
            self.acknowledged += 1

    def _stop_if_failed(self) -> None:
        if self._failure is not None:
            raise BrokerError(
                f"The broker did not take message {self.acknowledged + 1:,} for topic {self.topic}"
                f" ({self._failure}); the {self.acknowledged:,} before it are acknowledged.",
                remedy=_REMEDIES.get(self._failure, "Check the broker, then send again."),
            )


_REMEDIES = {
    "MSG_SIZE_TOO_LARGE": "Send smaller events, or raise max.message.bytes of the topic.",
    "UNKNOWN_TOPIC_OR_PART": "Create the topic: `partyhub events create-topics`.",
    "_UNKNOWN_TOPIC": "Create the topic: `partyhub events create-topics`.",
    "TOPIC_AUTHORIZATION_FAILED": "Let this user write to the topic, or send as another: `streaming.security`.",
}


@dataclass(slots=True)
class Pace:
    """A rate that is kept over the whole: what was late is made up for."""

    per_second: float
    """0: as fast as the broker takes it."""
    _began: float | None = None

    def until_due(self, number: int) -> float:
        """Return the seconds until message `number`, counted from 0, is due."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        return max(0.0, self._began + number / self.per_second - now) if self.per_second else 0.0
