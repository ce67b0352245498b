"""Loading rows out of quarantine: as mended in a file, or as they came, after hub.yaml was corrected.

A row that is still wrong stays where it is, and its reasons are told. Replaying the same again changes nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig, Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import QUARANTINE
from partyhub_dagster.lake.write import WriteTransaction, write_transaction
from partyhub_dagster.sources.deliveries import Delivery
from partyhub_dagster.sources.load import load_described
from partyhub_dagster.sources.quarantine import ID_COLUMN, MESSAGE_PLACE, record_of_csv
from partyhub_dagster.sources.readers import read_rows
from partyhub_dagster.sources.reading.json_text import record_reason, reject_deep
from partyhub_dagster.sources.rows import OF_COLUMNS, describe_rows

_TABLES = ("mended", "replaying", "still_bad", "settling")
_OF_FILE = f"replay_state = 'open' and not starts_with(quarantine.file, '{MESSAGE_PLACE}')"


_RECORD_OF_LINE = """coalesce(
    case when json_type(payload, '/record') <> 'NULL' then json_extract(payload, '/record')::varchar end,
    json_extract_string(payload, '/raw'), payload)"""
"""What a line of an exported file says: its record; else its text as it came, which may have been mended there."""


@dataclass(slots=True)
class Replayed:
    """What became of the rows that were replayed."""

    loaded: int = 0
    superseded: int = 0
    settled_before: int = 0
    still_rejected: list[dict[str, Any]] = field(default_factory=list)
    """Which, and why: quarantine_id, source, file, line, reasons."""


Others = Callable[[Replayed], None]
"""Replays what of temp table `mended` (quarantine_id, payload) is no row of a file, and adds what became of it."""


def _nobody(_: Replayed) -> None:
    return


def replay_rows(
    session: Session, config: HubConfig, ids: list[str] | None, source: str | None, others: Others = _nobody
) -> Replayed:
    """Try open rows again as they came: those of the ids, else all, or all of a source.

    A row whose record a later delivery brought is superseded: it is not loaded over the newer one.
    """
    con = session.con
    con.execute(
        "create or replace temp table mended as select quarantine_id, payload from quarantine limit 0"
    )
    chosen = "replay_state = 'open' and source = coalesce($source, source)"
    if ids is not None:
        chosen += f" and quarantine_id in ({', '.join(map(quote_text, ids)) or 'null'})"
    con.execute(
        f"insert into mended select quarantine_id, payload from quarantine where {chosen}", {"source": source}
    )
    return _replay(session, config, "replay of rows as they came", None, others, as_they_came=True)


def replay_file(session: Session, config: HubConfig, path: Path, others: Others = _nobody) -> Replayed:
    """Load the rows of an exported file after somebody mended them.

    Raises:
        SourceError: the file cannot be read, or a row of it has no id of a row in quarantine or shares it.
    """
    con = session.con
    _read_mended(con, path)
    bad = con.execute(
        "select position from mended where quarantine_id is null or quarantine_id not in"
        " (select quarantine_id from quarantine) or (select count(*) from mended as m"
        " where m.quarantine_id = mended.quarantine_id) > 1 order by position limit 1"
    ).fetchone()
    if bad is not None:
        raise SourceError(
            f"Line {bad[0]} of {path.name} has no id of a row in quarantine, or one that is there twice; nothing was"
            " replayed.",
            remedy="Keep the ids as `partyhub quarantine export` wrote them, each once.",
        )
    return _replay(session, config, f"replay of {path.name}", _hash_of(path), others, as_they_came=False)


def _read_mended(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Create temp table `mended` (position, quarantine_id, payload) from an exported file."""
    csv = path.suffix.lower() != ".jsonl"
    try:
        source = _mended_source(path, csv=csv)
        columns = read_rows(con, source, path, "incoming") or []
    except OSError as error:
        raise SourceError(
            f"{path.name} could not be read ({type(error).__name__}); nothing was replayed.",
            remedy="Name a file that `partyhub quarantine export` wrote.",
        ) from None
    broken = con.execute("select min(position) from incoming where reason is not null").fetchone()
    if broken is not None and broken[0] is not None:
        raise SourceError(
            f"Line {broken[0]} of {path.name} cannot be read; nothing was replayed.",
            remedy="Write it as `partyhub quarantine export` does.",
        )
    named = ID_COLUMN if csv else "quarantine_id"
    record = record_of_csv(columns) if csv else _RECORD_OF_LINE
    con.execute(
        "create or replace temp table mended as select position,"
        f" try_cast(json_extract_string(payload, '/{named}') as uuid) as quarantine_id, {record} as payload"
        " from incoming"
    )
    con.execute("drop table incoming")


def _mended_source(path: Path, *, csv: bool) -> Source:
    """Describe an exported file; a spreadsheet may have saved it with another delimiter."""
    with path.open("rb") as file:
        head = file.readline(4096).decode("utf-8-sig", "replace")
    after = head.replace('"', "").removeprefix(ID_COLUMN)[:1] if csv else ","
    options = {"csv": {"delimiter": after if after in (",", ";", "\t", "|") else ","}} if csv else {}
    return Source.model_validate({
        "name": "mended", "path": path.name, "format": "csv" if csv else "jsonl", "key": ID_COLUMN, "kind": "person",
        "columns": {ID_COLUMN: {"type": "text", "attribute": "id"}}, **options,
    })  # fmt: skip


def _replay(
    session: Session,
    config: HubConfig,
    name: str,
    file_hash: str | None,
    others: Others,
    *,
    as_they_came: bool,
) -> Replayed:
    con, outcome = session.con, Replayed()
    try:
        outcome.settled_before = session.count(
            "(from mended join quarantine using (quarantine_id) where replay_state <> 'open')"
        )
        rows = con.execute(
            f"select distinct source from mended join quarantine using (quarantine_id) where {_OF_FILE} order by source"
        ).fetchall()
        gone = [row[0] for row in rows if row[0] not in config.sources]
        if gone:
            raise SourceError(
                f"hub.yaml does not name source {', '.join(gone)}; nothing was replayed.",
                remedy="Put the source back into hub.yaml, or replay the rows of another.",
            )
        for (source,) in rows:
            delivery = Delivery(source, Path(name), name, file_hash)
            _replay_source(session, config.sources[source], delivery, outcome, as_they_came=as_they_came)
        others(outcome)
    finally:
        session.drop(*_TABLES)
    return outcome


def _replay_source(
    session: Session, source: Source, delivery: Delivery, outcome: Replayed, *, as_they_came: bool
) -> None:
    con = session.con
    _describe(con, source)
    if as_they_came:
        outcome.superseded += _settle_superseded(session, source)
    con.execute(
        "create or replace temp table still_bad as select r.quarantine_id, q.file, q.line, d.reasons"
        " from described as d join replaying as r using (position) join quarantine as q"
        " on q.quarantine_id = r.quarantine_id where len(d.reasons) > 0"
    )
    found = con.execute(
        "select quarantine_id::varchar, file, line, reasons from still_bad order by all"
    ).fetchall()
    outcome.still_rejected += [
        {"quarantine_id": row[0], "source": source.name, "file": row[1], "line": row[2], "reasons": row[3]}
        for row in found
    ]
    con.execute("delete from described where len(reasons) > 0")
    con.execute(
        "create or replace temp table settling as"
        " select r.quarantine_id from described join replaying as r using (position)"
    )
    count = session.count("settling")
    if count == 0:
        return
    load_described(session, delivery, datetime.now(UTC), lambda writing: settle_rows(writing, "replayed"))
    outcome.loaded += count


def _describe(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create temp tables `replaying` (position, quarantine_id) and `described` from the open rows of a source.

    What could not be read as it came is no better for being tried again: unless it was changed, its reason stays.
    """
    con.execute(
        f"""
        create or replace temp table replaying as
        select row_number() over (order by q.file, q.line, q.quarantine_id) as position, q.quarantine_id, m.payload,
            case when m.payload = q.payload
                then list_filter(q.reasons, lambda r: not regexp_matches(r, {quote_text(OF_COLUMNS)}))[1] end as kept
        from mended as m join quarantine as q on q.quarantine_id = m.quarantine_id
        where {_OF_FILE.replace("quarantine.", "q.")} and q.source = {quote_text(source.name)}
        """
    )
    con.execute(
        "create or replace temp table incoming as select position, payload,"
        f" coalesce(kept, {record_reason('payload', 'row')}) as reason from replaying"
    )
    reject_deep(con, "incoming")
    describe_rows(con, source.name, source, "incoming", "described")


def _settle_superseded(session: Session, source: Source) -> int:
    """Settle rows whose record a later load brought: those still wrong, and those that no version would order."""
    con = session.con
    ordered = source.version is not None or source.event_time is not None
    con.execute(
        f"""
        create or replace temp table settling as
        select distinct r.quarantine_id
        from replaying as r
        join described as d using (position)
        join quarantine as q on q.quarantine_id = r.quarantine_id
        join load_audit as mine on mine.load_id = q.load_id
        join source_party_history as h on h.record_id = d.record_id
        join load_audit as later on later.load_id = h.load_id and later.load_order > mine.load_order
        where len(d.reasons) > 0 or {not ordered}
        """
    )
    count = session.count("settling")
    if count:
        con.execute(
            "delete from described where position in"
            " (select position from replaying semi join settling using (quarantine_id))"
        )
        with write_transaction(session) as transaction:
            settle_rows(transaction, "superseded")
    return count


def settle_rows(transaction: WriteTransaction, state: str) -> None:
    """Give the rows of temp table `settling` a state; the rest of them stays as it was."""
    con = transaction.con
    con.execute(
        "create or replace temp table settled as select * exclude (epoch) replace"
        f" ({quote_text(state)} as replay_state) from quarantine semi join settling using (quarantine_id)"
    )
    transaction.upsert(QUARANTINE, "settled")
    con.execute("drop table settled")


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
