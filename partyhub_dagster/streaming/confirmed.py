"""What the lake notes of confirmations: how far consumers were told, and which generations people began."""

from dataclasses import dataclass

import duckdb

from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import CONFIRMATIONS
from partyhub_dagster.lake.write import write_transaction


@dataclass(frozen=True, slots=True)
class Note:
    """How far the consumers of a topic have been told, in one generation."""

    topic: str
    topic_id: str
    generation: int
    sequence: int


def read_note(con: duckdb.DuckDBPyConnection, topic: str) -> Note | None:
    """Return the note of a topic's latest generation, None where nothing was ever noted."""
    try:
        row = con.execute(
            "select topic, topic_id, generation, sequence from lake.confirmations where topic = $t"
            " order by generation desc limit 1",
            {"t": topic},
        ).fetchone()
    except duckdb.CatalogException:  # a hub of before there were confirmations, opened to be read
        return None
    return None if row is None else Note(*row)


def write_note(session: Session, note: Note) -> None:
    """Note how far consumers were told; what stands about who began the generation stays."""
    held = read_note(session.con, note.topic)
    if held == note or (held is not None and held.generation > note.generation):
        return
    _write(session, note, None, None)


def begin_generation(session: Session, note: Note, author: str, reason: str) -> None:
    """Note that everything is sent again in a new generation, who said so and why."""
    _write(session, note, author, reason)


def _write(session: Session, note: Note, author: str | None, reason: str | None) -> None:
    con = session.con
    with write_transaction(session) as transaction:
        con.execute(CONFIRMATIONS.create_statement())  # a hub of before there were confirmations
        con.execute(
            "create or replace temp table noted as select $topic as topic, $generation::bigint as generation,"
            " $topic_id as topic_id, $sequence::bigint as sequence, coalesce(h.author, $author) as author,"
            " coalesce(h.reason, $reason) as reason, now() as noted_at"
            " from (select 1) left join lake.confirmations as h on h.topic = $topic and h.generation = $generation",
            {
                "topic": note.topic,
                "generation": note.generation,
                "topic_id": note.topic_id,
                "sequence": note.sequence,
                "author": author,
                "reason": reason,
            },
        )
        transaction.upsert(CONFIRMATIONS, "noted")
    session.drop("noted")
