"""Letting a topic go on after messages were lost or the topic was made anew: said by a person, and kept on record."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from partyhub_dagster.errors import StreamError
from partyhub_dagster.hub import Run
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.tables import STREAM_OFFSETS, STREAM_TOPICS
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster.sources.audit import write_audit
from partyhub_dagster.sources.quarantine import MESSAGE_PLACE
from partyhub_dagster.streaming.dead_letters import DeadLetterSender
from partyhub_dagster.streaming.kafka import TopicState, broker_of, read_topics, streaming_of
from partyhub_dagster.streaming.offsets import stored_offsets, stored_topic_ids


@dataclass(frozen=True, slots=True)
class Moved:
    """Where reading of a partition goes on, and where it had stopped."""

    partition: int
    stopped: int
    goes_on: int


def restart_topic(run: Run, topic: str, author: str, reason: str) -> list[Moved]:
    """Let reading go on with the first message that the broker still has, where what was to be read next is gone.

    A topic that was made anew, or whose offsets went back, is read from its beginning: what the hub knows already it
    recognises by record and version. Who gave up what, and why, is a row of load_audit.

    Raises:
        StreamError: nothing is lost, or no author or reason is given.
        BrokerError: the broker does not answer, or takes no dead letters.
    """
    if not author.strip() or not reason.strip():
        raise StreamError(
            f"{topic} was not restarted: an author and a reason are required.",
            remedy='Say why: partyhub stream restart TOPIC --reason "...".',
        )
    session = run.session
    con, broker = session.con, broker_of(run.config)
    (state,) = read_topics(broker, stored_offsets(con), [topic])
    anew = stored_topic_ids(con).get(topic, state.topic_id) != state.topic_id
    stored = {partition: at for (of, partition), at in stored_offsets(con).items() if of == topic}
    moved = list(_moves(state, stored, anew=anew))
    if not moved:
        raise StreamError(
            f"Nothing stands against reading {topic} on; nothing was changed.",
            remedy="`partyhub stream status` shows where it stands.",
        )
    listed = "; ".join(
        f"partition {m.partition}: stopped at {m.stopped}, goes on at {m.goes_on}" for m in moved
    )
    goes_on = {p.partition: stored.get(p.partition, p.low) for p in state.partitions}
    goes_on |= {m.partition: m.goes_on for m in moved if m.partition in goes_on}
    again = anew or any(m.goes_on < m.stopped for m in moved)
    if again:  # the offsets of rejected messages that still wait will come again
        DeadLetterSender(broker, streaming_of(run.config).dead_letter_topic).send(session)
    values = ", ".join(f"({quote_text(topic)}, {n}::integer, {at}::bigint)" for n, at in goes_on.items())
    with write_transaction(session) as transaction:
        places = f"(select * from (values {values}) as r(topic, partition, next_offset))"
        transaction.write_differences(STREAM_OFFSETS, places, f"(select {quote_text(topic)} as topic)")
        ids = f"(select {quote_text(topic)} as topic, {quote_text(state.topic_id)} as topic_id)"
        transaction.upsert(STREAM_TOPICS, ids)
        if again:
            for table in ("stream_messages", "dead_letters"):
                transaction.delete(table, f"topic = {quote_text(topic)}")
        write_audit(transaction, {
            "load_id": uuid.uuid4(), "source": topic, "file": f"{MESSAGE_PLACE}{topic}", "status": "restarted",
            "error": f"{listed}. {author}: {reason}", "started_at": datetime.now(UTC).isoformat(),
        })  # fmt: skip
    return moved


def _moves(state: TopicState, stored: Mapping[int, int], *, anew: bool) -> Iterator[Moved]:
    """List what moves: a partition that the topic no longer has goes on at its beginning, if it ever comes back."""
    there = {p.partition: p for p in state.partitions}
    back = any(at > there[n].high for n, at in stored.items() if n in there)
    for number, partition in there.items():
        stopped = stored.get(number, 0 if stored else partition.low)  # one that was added begins at 0
        if partition.low > stopped or (number in stored and (anew or back)):
            yield Moved(number, stopped, partition.low)
    yield from (Moved(number, at, 0) for number, at in sorted(stored.items()) if number not in there)
