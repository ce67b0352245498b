"""Rejected messages once more: as mended in a file, or as they came, after hub.yaml was corrected."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import STREAM_MESSAGES
from partyhub_dagster.lake.write import WriteTransaction, write_transaction
from partyhub_dagster.sources.deliveries import Delivery
from partyhub_dagster.sources.load import Load, drop_rows, load_within
from partyhub_dagster.sources.quarantine import MESSAGE_PLACE
from partyhub_dagster.sources.replay import Replayed, settle_rows
from partyhub_dagster.streaming.taking import describe_messages
from partyhub_dagster.streaming.wire import decode_messages

_OF_KEY = "^message (has no key|key is not)"
"""How reasons begin that nothing but the key of the message was to blame for, which quarantine does not keep."""
_TABLES = ("messages", "events", "event_rows", "settling", "replaying")


def replay_messages(session: Session, config: HubConfig, outcome: Replayed, *, looked_at: bool) -> None:
    """Replay the messages among the rows of temp table `mended`; add to `outcome` what became of them.

    Who names them one by one, or mended them (`looked_at`), answers for a key that was missing or another's; in bulk
    such messages stay. A message that is still wrong is superseded where its record has come since.
    """
    con, state = session.con, f"q.replay_state = 'open' and starts_with(q.file, {quote_text(MESSAGE_PLACE)})"
    con.execute(
        "create or replace temp table replaying as"
        " select m.quarantine_id, m.payload as said, q.file, q.line, q.reasons"
        f" from mended as m join quarantine as q on q.quarantine_id = m.quarantine_id where {state}"
    )
    if not session.count("replaying"):
        return
    try:
        _read_again(session, config, looked_at=looked_at)
        describe_messages(con, config, checks_key=False)
        _settle_superseded(session, outcome)
        _tell_rejected(session, outcome)
        con.execute("delete from event_rows where len(reasons) > 0")
        outcome.loaded += session.count("event_rows")
        if session.count("event_rows"):
            _load(session)
    finally:
        session.drop(*_TABLES)
        drop_rows(con)


def _read_again(session: Session, config: HubConfig, *, looked_at: bool) -> None:
    """Create temp table `messages`; what quarantine keeps is plain text but where a registry's schema was missing."""
    con = session.con
    kept = (
        "null"
        if looked_at
        else f"list_filter(reasons, lambda r: regexp_matches(r, {quote_text(_OF_KEY)}))[1]"
    )
    rows = con.execute(
        f"""
        select quarantine_id, regexp_extract(file, '^{MESSAGE_PLACE}(.*)/[0-9]+$', 1) as topic,
            regexp_extract(file, '/([0-9]+)$', 1)::integer as partition, line as message_offset,
            null::timestamp as produced_at, null::blob as message_key,
            case when starts_with(said, 'base64:') then try(from_base64(said[8:])) else encode(said) end
                as message_value, ({kept})::varchar as kept
        from replaying
        """
    ).to_arrow_table()
    framed = pc.fill_null(pc.starts_with(rows["message_value"], b"\0"), fill_value=False)
    read = decode_messages(config, rows.filter(framed))
    con.register("messages_framed", read)
    con.register("messages_plain", rows.filter(pc.invert(framed)))
    con.execute(
        "create or replace temp table messages as"
        " select * exclude (kept) replace (coalesce(kept, undecoded) as undecoded) from (from messages_framed"
        " union all by name select *, null::varchar as decoded, null::varchar as undecoded"
        " from messages_plain)"
    )
    con.unregister("messages_framed")
    con.unregister("messages_plain")


def _settle_superseded(session: Session, outcome: Replayed) -> None:
    """Settle messages that are still wrong, and whose record a later load brought."""
    session.con.execute(
        """
        create or replace temp table settling as
        select distinct e.quarantine_id
        from event_rows as r
        join events as e using (position)
        join quarantine as q on q.quarantine_id = e.quarantine_id
        join load_audit as mine on mine.load_id = q.load_id
        join source_party_history as h on h.record_id = coalesce(r.record_id, q.record_id)
        join load_audit as later on later.load_id = h.load_id and later.load_order > mine.load_order
        where len(r.reasons) > 0
        """
    )
    count = session.count("settling")
    if count:
        session.con.execute(
            "delete from event_rows where position in (select position from events semi join settling"
            " using (quarantine_id))"
        )
        with write_transaction(session) as transaction:
            settle_rows(transaction, "superseded")
        outcome.superseded += count


def _tell_rejected(session: Session, outcome: Replayed) -> None:
    rows = session.con.execute(
        "select e.quarantine_id::varchar, r.load_source, q.file, q.line, r.reasons from event_rows as r"
        " join events as e using (position) join replaying as q using (quarantine_id) where len(r.reasons) > 0"
        " order by all"
    ).fetchall()
    names = ("quarantine_id", "source", "file", "line", "reasons")
    outcome.still_rejected += [dict(zip(names, row, strict=True)) for row in rows]


def _load(session: Session) -> None:
    """Load what is left in `event_rows` in one transaction, and note it with the messages."""
    con = session.con
    sources = [r[0] for r in con.execute("select distinct load_source from event_rows order by 1").fetchall()]
    row = con.execute("select string_agg(said, '\n' order by said) from replaying").fetchone()
    told = hashlib.sha256(str(row[0] if row else "").encode()).hexdigest()
    with write_transaction(session) as transaction:
        for name in sources:
            load = Load.begin(datetime.now(UTC))
            chosen = f"from event_rows where load_source = {quote_text(name)}"
            con.execute(f"create or replace temp table described as select * exclude (load_source) {chosen}")
            load_within(transaction, None, Delivery(name, Path("replay"), "replay of messages", told), load)
            _note(transaction, name, load)
        con.execute(
            "create or replace temp table settling as select e.quarantine_id from events as e semi join event_rows"
            " using (position)"
        )
        settle_rows(transaction, "replayed")


def _note(transaction: WriteTransaction, name: str, load: Load) -> None:
    """Say of every message with one of these values that it was loaded after all."""
    transaction.update(
        STREAM_MESSAGES.name,
        f"""
        as s set outcome = 'replayed', event_id = e.event_id, source = {quote_text(name)}, record_id = r.record_id,
            event_time = r.event_time, unknown_fields = e.unknown_fields, load_id = '{load.load_id}'::uuid,
            epoch = {transaction.epoch}
        from event_rows as r join events as e using (position)
        where r.load_source = {quote_text(name)} and s.quarantine_id = e.quarantine_id
        """,
    )
