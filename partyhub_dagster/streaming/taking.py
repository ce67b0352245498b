"""Taking a batch into the lake: its records, its rejected messages and its offsets in one transaction, or nothing."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.ids import record_id_sql
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import DEAD_LETTERS, SOURCE_PARTIES, STREAM_MESSAGES
from partyhub_dagster.lake.write import WriteTransaction, write_transaction
from partyhub_dagster.sources.contract import reject_breaches
from partyhub_dagster.sources.deliveries import Delivery
from partyhub_dagster.sources.load import Load, drop_rows, load_within
from partyhub_dagster.sources.quarantine import MESSAGE_PLACE
from partyhub_dagster.sources.rows import Told, describe_rows
from partyhub_dagster.sources.storing import LoadCounts, quarantine_id_sql
from partyhub_dagster.streaming.batches import Batch
from partyhub_dagster.streaming.events import understand_messages
from partyhub_dagster.streaming.kafka import streaming_of
from partyhub_dagster.streaming.offsets import move_offsets
from partyhub_dagster.streaming.wire import decode_messages

_TOLD = Told("told_key", "told_version", "told_time", "told_deletion")
_TABLES = ("messages", "events", "event_rows", "event_loads", "new_versions_of")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the messages of a batch: rows_in = stored + unchanged + quarantined."""

    batch_id: str
    offsets: int
    counts: LoadCounts
    already: bool = False
    """The lake held the batch before; nothing was read."""

    @property
    def stored(self) -> int:
        """Messages that brought a new version of a record."""
        return self.counts.stored


def take_messages(
    session: Session, config: HubConfig, batch: Batch, topic_id: str, messages: pa.Table
) -> LoadCounts:
    """Write what the messages of a batch say, and that they were read, in one transaction.

    Guarantees: rows_in = stored + unchanged + quarantined, and each message of the batch is one of them.

    Raises:
        StaleError: another run has read from there meanwhile; nothing was written.
    """
    counts = LoadCounts()
    session.fit_threads(session.changes().written.get(SOURCE_PARTIES.name, 0), messages.num_rows)
    with _described(session, config, messages), write_transaction(session) as transaction:
        move_offsets(transaction, batch, topic_id)
        for name, load in _begin_loads(session.con).items():
            counts += _load(transaction, name, load, batch)
        _note_messages(transaction, config)
    return counts


def fed_sources(config: HubConfig) -> list[str]:
    """List the sources that events may speak of."""
    named = streaming_of(config).sources
    if named is not None:
        return list(named)
    return [name for name, source in config.sources.items() if source.version is not None or not source.path]


@contextmanager
def _described(session: Session, config: HubConfig, messages: pa.Table) -> Iterator[None]:
    con = session.con
    con.register("messages_read", decode_messages(config, messages))
    try:
        con.execute("create or replace temp table messages as from messages_read")
        describe_messages(con, config, checks_key=streaming_of(config).registry is None)
        con.execute("create or replace temp table new_versions_of (position bigint)")
        yield
    finally:
        con.unregister("messages_read")
        session.drop(*_TABLES)
        drop_rows(con)


def describe_messages(con: duckdb.DuckDBPyConnection, config: HubConfig, *, checks_key: bool) -> None:
    """Create temp tables `events` and `event_rows` from `messages`: what each says, and the row in it."""
    limit = streaming_of(config).max_message_bytes
    understand_messages(con, config.sources, fed_sources(config), max_bytes=limit, checks_key=checks_key)
    _describe_rows(con, config)


def _describe_rows(con: duckdb.DuckDBPyConnection, config: HubConfig) -> None:
    """Create temp table `event_rows`: every message with the row in it, and every reason against either.

    A message belongs to the load of its source, or to that of its topic where its source cannot be told.
    """
    known = ", ".join(map(quote_text, config.sources))
    con.execute(
        f"""
        create or replace temp table event_rows as
        select case when source in ({known}) then source else topic end as load_source, position, message as payload,
            null::varchar as source_record_id,
            case when source in ({known}) and told_key is not null
                then {record_id_sql("source", "told_key")} end as record_id,
            null::varchar as version_order, null::timestamp as event_time, null::boolean as deleted,
            null::uuid as content_hash, reasons
        from events where len(reasons) > 0
        """
    )
    found = con.execute(
        "select distinct source from events where len(reasons) = 0 order by source"
    ).fetchall()
    for (name,) in found:
        con.execute(
            "create or replace temp table incoming as select position, coalesce(payload, '{}') as payload,"
            " null::varchar as reason, told_key, told_version, told_time, told_deletion from events"
            f" where len(reasons) = 0 and source = {quote_text(name)}"
        )
        describe_rows(con, name, config.sources[name], "incoming", "described", _TOLD)
        if (contract := config.sources[name].contract) is not None:
            reject_breaches(con, contract, "described")
        con.execute(
            f"insert into event_rows by name select {quote_text(name)} as load_source, * from described"
        )


def _begin_loads(con: duckdb.DuckDBPyConnection) -> dict[str, Load]:
    """Begin a load for each source and topic; temp table `event_loads` names them."""
    rows = con.execute("select distinct load_source from event_rows order by load_source").fetchall()
    loads = {name: Load.begin(datetime.now(UTC)) for (name,) in rows}
    con.execute("create or replace temp table event_loads (load_source varchar, load_id uuid)")
    for name, load in loads.items():
        con.execute(
            "insert into event_loads values ($name, $load_id)", {"name": name, "load_id": load.load_id}
        )
    return loads


def _load(transaction: WriteTransaction, name: str, load: Load, batch: Batch) -> LoadCounts:
    con = transaction.con
    con.execute(
        "create or replace temp table described as select * exclude (load_source) from event_rows"
        f" where load_source = {quote_text(name)}"
    )
    rejections = (
        f"(select e.message as payload, d.record_id, d.reasons, {quote_text(MESSAGE_PLACE)} || e.topic || '/'"
        " || e.partition as file, e.message_offset as line from described as d join events as e using (position)"
        " where len(d.reasons) > 0)"
    )
    counts = load_within(transaction, None, _delivery(name, batch), load, rejections)
    con.execute("insert into new_versions_of select position from staged")
    return counts


def _delivery(name: str, batch: Batch) -> Delivery:
    """Name a batch in the audit, where the load of a file has the file."""
    listed = ",".join(f"{r.partition}:{r.start}-{r.end}" for r in batch.ranges if r.width)
    shown = f"{MESSAGE_PLACE}{batch.topic} {listed}"
    return Delivery(name, Path(shown), shown, hashlib.sha256(f"{name}\n{shown}".encode()).hexdigest())


def _note_messages(transaction: WriteTransaction, config: HubConfig) -> None:
    """Write what became of every message, and those that still have to go to the dead letter topic."""
    con, known = transaction.con, ", ".join(map(quote_text, config.sources))
    con.execute(
        f"""
        create or replace temp view messages_noted as
        select e.topic, e.partition, e.message_offset, e.event_id, e.message_key, e.message_value, e.produced_at,
            case when e.source in ({known}) then e.source end as source, r.record_id, e.event_time,
            case when len(r.reasons) > 0 then 'quarantined' when n.position is not null then 'stored'
                else 'unchanged' end as outcome,
            case when len(r.reasons) > 0 then {quarantine_id_sql("r.load_source", "e.message")} end as quarantine_id,
            e.unknown_fields, r.reasons, l.load_id
        from events as e
        join event_rows as r using (position)
        join event_loads as l using (load_source)
        left join new_versions_of as n using (position)
        """
    )
    transaction.append(STREAM_MESSAGES, "messages_noted")
    transaction.append(DEAD_LETTERS, "(from messages_noted where outcome = 'quarantined')")
    con.execute("drop view messages_noted")
