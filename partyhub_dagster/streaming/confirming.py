"""Confirmations: what became of parties is told to whoever keeps a copy, in order, none missing.

party_lineage is the outbox and the topic itself says how far it was sent, so there is no third account that a kill
between two writes could leave wrong. One Kafka transaction carries a run of the sequence without a gap over all
partitions: what consumers of committed data see always ends where a resume goes on. What the lake notes of it serves
when the broker no longer holds any confirmation.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import duckdb
from confluent_kafka import KafkaException, Producer

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import BrokerError, InvariantError, StreamError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.streaming.confirmed import Note, begin_generation, read_note, write_note
from partyhub_dagster.streaming.kafka import Broker, TopicState, broker_of, read_topics, streaming_of
from partyhub_dagster.streaming.sent import Sent, read_last_sent

_AT_ONCE = 10_000
"""Events in one transaction."""
_NOTE_EVERY_S = 60


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What one call sent, and how far consumers have been told."""

    sent: int
    generation: int
    sequence: int


@dataclass(slots=True)
class Confirmer:
    """Sends confirmations of one hub; keeps its client between releases, as beginning takes some tenths of a second."""

    config: HubConfig
    broker: Broker
    _producer: Producer | None = None
    _told: Note | None = None
    _noted: float = field(default_factory=time.monotonic)

    @property
    def topic(self) -> str:
        """The topic that effects are confirmed on."""
        return streaming_of(self.config).confirmation_topic

    def confirm(self, session: Session) -> Confirmed:
        """Send every event of lineage that readers see and that was not sent; needs no hold on the hub.

        Guarantees: in the order of the sequence, none left out. Consumers of committed data see each once, unless the
        broker lost some: then those are sent again.

        Raises:
            BrokerError: the broker does not answer, or has no such topic; the rest is sent next time.
            StreamError: the topic was made anew, or tells of another history than this lake's.
        """
        release = shown_release(session.con)
        upto = 0 if release is None else release.lineage_seq
        noted = self._told or read_note(session.con, self.topic)
        if noted is not None and upto <= noted.sequence:
            return Confirmed(0, noted.generation, noted.sequence)
        try:
            producer, told = self._sender(session)
            sent = max(0, upto - told.sequence)
            for after in range(told.sequence, upto, _AT_ONCE):
                told = self._send(session.con, producer, told, min(upto, after + _AT_ONCE))
        except KafkaException as error:
            self.let_go()
            raise self._refused(error) from None
        except BaseException:
            self.let_go()
            raise
        self._told = told
        if time.monotonic() - self._noted > _NOTE_EVERY_S:
            self.note(session)
        return Confirmed(sent, told.generation, told.sequence)

    def note(self, session: Session) -> None:
        """Note in the lake how far consumers were told; the topic knows it better as long as it holds messages."""
        if self._told is not None:
            write_note(session, self._told)
            self._noted = time.monotonic()

    def begin_anew(self, session: Session, author: str, reason: str) -> None:
        """Begin a generation after every one that the topic or the lake knows of."""
        state = self._topic_state()
        last, noted = self._last_sent(state), read_note(session.con, self.topic)
        known = max(last.generation if last else 0, noted.generation if noted else 0)
        note = Note(self.topic, state.topic_id, max(known + 1, int(time.time())), 0)
        begin_generation(session, note, author, reason)
        self.let_go()

    def let_go(self) -> None:
        """Drop the client; an unfinished transaction ends with it, or with the next client."""
        if self._producer is not None:
            with suppress(KafkaException):
                self._producer.abort_transaction(self.broker.timeout_s)
        self._producer, self._told = None, None

    def _sender(self, session: Session) -> tuple[Producer, Note]:
        """Take the topic over from any other sender, then find out where to go on: in this order.

        Nobody can send in between, and what another one left unfinished is not on the topic.
        """
        if self._producer is not None and self._told is not None:
            return self._producer, self._told
        self._producer = self.broker.producer({
            "transactional.id": f"partyhub-confirmations-{self.topic}",
            "transaction.timeout.ms": max(60_000, self.broker.delivery_ms),  # a shorter one is refused
            "partitioner": "murmur2_random",
        })  # fmt: skip
        self._producer.init_transactions(4 * self.broker.timeout_s)
        state = self._topic_state()
        return self._producer, where_to_go_on(session.con, state, self._last_sent(state), int(time.time()))

    def _last_sent(self, state: TopicState) -> Sent | None:
        consumer = self.broker.consumer()
        try:
            return read_last_sent(self.broker, consumer, state)
        finally:
            consumer.close()

    def _topic_state(self) -> TopicState:
        try:
            (state,) = read_topics(self.broker, {}, [self.topic])
        except StreamError:
            raise BrokerError(  # nothing is lost: what waits is in the lake
                f"The Kafka broker has no topic {self.topic}; no confirmation was sent.",
                remedy="Create the topic, or correct `streaming.confirmation_topic` in hub.yaml. What waits is sent"
                " then.",
            ) from None
        return state

    def _send(self, con: duckdb.DuckDBPyConnection, producer: Producer, told: Note, upto: int) -> Note:
        """Send one run of the sequence in one transaction."""
        rows = list_confirmations(con, self.config.name, told.generation, told.sequence, upto)
        producer.begin_transaction()
        for _, key, value in rows:
            producer.produce(self.topic, key=key, value=value)
        producer.commit_transaction(12 * self.broker.timeout_s)  # waits for all, and fails if one did
        return Note(told.topic, told.topic_id, told.generation, upto)

    def _refused(self, error: KafkaException) -> BrokerError:
        code = error.args[0].name()
        self.broker.told.append(code)
        if code in ("_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"):
            return BrokerError(
                f"Another process sends confirmations to {self.topic} and has taken over; this one stopped.",
                remedy="See that one hub alone writes to `streaming.confirmation_topic`. Nothing is lost or doubled.",
            )
        return BrokerError(
            f"Topic {self.topic} did not take confirmations ({code}); those that are left are sent by the next run.",
            remedy="Check the broker, and that the hub may write to the topic in transactions: rights to write and"
            f" describe the topic and the transactional id partyhub-confirmations-{self.topic}.",
        )


@contextmanager
def confirmer(config: HubConfig) -> Iterator[Confirmer]:
    """Yield a sender of confirmations."""
    made = Confirmer(config, broker_of(config))
    try:
        yield made
    finally:
        made.let_go()


def list_confirmations(
    con: duckdb.DuckDBPyConnection, hub: str, generation: int, after: int, upto: int
) -> list[tuple[int, str, str]]:
    """Return (sequence, key, value) of the confirmations in (after, upto], in order.

    Raises:
        InvariantError: one of them is missing in party_lineage, or no release shows it.
    """
    given = {"hub": hub, "generation": generation, "after": after, "upto": upto}
    rows = con.execute(load_sql(__package__, "list_confirmations.sql"), given).fetchall()
    if [row[0] for row in rows] != list(range(after + 1, upto + 1)):
        raise InvariantError(
            f"party_lineage does not have every event from {after + 1:,} to {upto:,} once; none of them was sent.",
            remedy="Run `partyhub checks`; if lineage_has_no_gap passes, report it.",
        )
    return rows


def where_to_go_on(con: duckdb.DuckDBPyConnection, state: TopicState, last: Sent | None, now: int) -> Note:
    """Return how far consumers have been told, from what the topic holds and what the lake has noted.

    Raises:
        StreamError: the topic was made anew, or tells of another history than this lake's.
    """
    noted = read_note(con, state.topic)
    if last is None:
        if noted is None:
            return Note(state.topic, state.topic_id, now, 0)
        if noted.sequence and noted.topic_id != state.topic_id:
            raise StreamError(
                f"Topic {state.topic} was made anew: it is empty, and the hub had sent {noted.sequence:,} events to the"
                " one before; none was sent.",
                remedy=_ANEW,
            )
        return Note(state.topic, state.topic_id, noted.generation, noted.sequence)
    if noted is not None and noted.generation > last.generation:
        return Note(state.topic, state.topic_id, noted.generation, 0)
    held = con.execute(
        "select run_id from lake.party_lineage where sequence = $n", {"n": last.sequence}
    ).fetchone()
    if held is None or held[0] != last.run_id:
        raise StreamError(
            f"Topic {state.topic} tells of event {last.sequence:,}, which is not in this hub's lineage: the hub was"
            " restored from an older backup, or another one sends to the topic. Nothing was sent.",
            remedy=_ANEW
            + " If another hub sends to it, give this one its own `streaming.confirmation_topic`.",
        )
    return Note(state.topic, state.topic_id, last.generation, last.sequence)


_ANEW = (
    "Send everything again in a new generation, by which consumers know to build their copies anew:"
    " `partyhub stream confirm --anew --reason TEXT`."
)


def confirm_release(hub: Hub) -> Confirmed:
    """Send what waits, for the release that readers see; a run may be at work meanwhile."""
    with _session(hub) as session, confirmer(hub.config) as sender:
        done = sender.confirm(session)
        sender.note(session)
    return done


def confirm_anew(hub: Hub, author: str, reason: str) -> Confirmed:
    """Begin a new generation, in which every event is sent again, and send them.

    Raises:
        StreamError: no author or reason is given; nothing was begun.
    """
    if not author.strip() or not reason.strip():
        raise StreamError(
            "Nothing was sent anew: an author and a reason are required.",
            remedy='Say why: partyhub stream confirm --anew --reason "...".',
        )
    with _session(hub) as session, confirmer(hub.config) as sender:
        sender.begin_anew(session, author, reason)
        done = sender.confirm(session)
        sender.note(session)
    return done


@contextmanager
def _session(hub: Hub) -> Iterator[Session]:
    hub.place.require()
    with hub.place.connect() as con:
        yield Session(hub.place, con, "confirm")
