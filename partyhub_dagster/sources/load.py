"""Loading one delivery in one transaction: versions, tombstones, quarantine and the audit that adds them up."""

import time
import uuid
from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import datetime

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import ContractError, InvariantError, PartyHubError, SourceError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.lake.tables import QUARANTINE, SOURCE_PARTIES, SOURCE_PARTY_HISTORY
from partyhub_dagster.lake.write import WriteTransaction, write_transaction
from partyhub_dagster.sources.audit import audit_failure, write_audit
from partyhub_dagster.sources.contract import refuse_broken_contract
from partyhub_dagster.sources.deliveries import Delivery
from partyhub_dagster.sources.profile import profile_rows, write_profile
from partyhub_dagster.sources.readers import read_rows
from partyhub_dagster.sources.rows import describe_rows, refuse_foreign_file


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """What became of the rows of one delivery: rows_in = stored + unchanged + quarantined."""

    rows_in: int = 0
    stored: int = 0
    unchanged: int = 0
    quarantined: int = 0
    late: int = 0
    version_conflicts: int = 0
    deletions: int = 0
    deletions_refused: int = 0
    failed: int = 0
    """Files of which nothing was loaded; load_audit says why."""

    def __add__(self, other: "LoadCounts") -> "LoadCounts":
        return LoadCounts(
            *(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True))
        )


@dataclass(frozen=True, slots=True)
class _Began:
    at: datetime
    tick: float

    def seconds(self) -> float:
        return round(time.monotonic() - self.tick, 3)


def load_delivery(
    place: LakePlace, con: duckdb.DuckDBPyConnection, source: Source, delivery: Delivery, now: datetime
) -> LoadCounts:
    """Load one file: all of it lands with its audit row, or nothing does and the audit says why.

    Raises:
        SourceError: the file as a whole cannot be loaded.
    """
    began = _Began(now, time.monotonic())
    load_id = uuid.uuid4()
    try:
        read, profile = lambda: _read(con, source, delivery, now), lambda t: write_profile(t, load_id)
        return _load(place, con, source, delivery, (load_id, began), read, profile)
    except PartyHubError as error:
        status = "refused" if isinstance(error, ContractError) else "failed"
        outcome = {"status": status, "error": str(error.args[0])}
        audit_failure(place, con, _audit(delivery, load_id, began) | outcome)
        raise _naming_file(error, delivery) from None


def load_described(
    place: LakePlace,
    con: duckdb.DuckDBPyConnection,
    source: Source,
    delivery: Delivery,
    now: datetime,
    also: Callable[[WriteTransaction], None],
) -> LoadCounts:
    """Load the rows of temp table `described`, which came from elsewhere than a file of the source.

    They are single records, never a whole snapshot: nothing is deleted because they lack it. `also` writes what
    belongs into the same transaction.
    """
    began, part = _Began(now, time.monotonic()), source.model_copy(update={"feed": "delta"})
    return _load(place, con, part, delivery, (uuid.uuid4(), began), lambda: None, also)


def _load(
    place: LakePlace,
    con: duckdb.DuckDBPyConnection,
    source: Source,
    delivery: Delivery,
    load: tuple[uuid.UUID, _Began],
    read: Callable[[], None],
    also: Callable[[WriteTransaction], None] = lambda _: None,
) -> LoadCounts:
    load_id, began = load
    try:
        read()
        with write_transaction(place, con) as transaction:
            counts = _store(transaction, source, delivery, load_id)
            also(transaction)
            write_audit(transaction, _audit(delivery, load_id, began) | _counted(counts))
    finally:
        for table in ("incoming", "described", "good", "staged", "new_versions", "profiled"):
            con.execute(f"drop table if exists {table}")
    return counts


def _naming_file(error: PartyHubError, delivery: Delivery) -> PartyHubError:
    message, remedy = error.args
    where = f"Source {delivery.source}, file {delivery.name}"
    return type(error)(f"{where}: {message[:1].lower()}{message[1:]}", remedy, **error.facts)


def _read(con: duckdb.DuckDBPyConnection, source: Source, delivery: Delivery, now: datetime) -> None:
    """Create temp tables `incoming` and `described` from the file."""
    if delivery.problem is not None:
        raise delivery.problem
    try:
        columns = read_rows(con, source, delivery.path, "incoming")
    except SourceError:
        delivery.refuse_if_changed()  # then that is what happened, whatever it looked like
        raise
    delivery.refuse_if_changed()
    refuse_foreign_file(source, columns)
    try:
        describe_rows(con, delivery.source, source, "incoming", "described")
    except duckdb.Error as error:  # its text can quote values
        raise SourceError(
            f"The rows of the file could not be understood ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check key, version and event_time of the source in hub.yaml against the file.",
        ) from None
    refuse_broken_contract(con, source, delivery, columns, now)
    profile_rows(con, source)


def _store(
    transaction: WriteTransaction, source: Source, delivery: Delivery, load_id: uuid.UUID
) -> LoadCounts:
    con = transaction.con
    con.execute("create or replace temp table good as select * from described where len(reasons) = 0")
    con.execute(
        "create or replace temp view held_current as from source_parties semi join good using (record_id)"
    )
    con.execute(
        "create or replace temp view held_versions as select distinct record_id, version_order, content_hash"
        " from source_party_history semi join good using (record_id)"
    )
    con.execute(f"create or replace temp table staged as {load_sql(__package__, 'stage_versions.sql')}")
    conflicts = _count(con, _CONFLICTS)
    rows_in, stored, late = (
        _count(con, "described"),
        _count(con, "staged"),
        _count(con, "(from staged where is_late)"),
    )
    quarantined = _quarantine(transaction, delivery, load_id)
    absent, refused = _absences(con, source, delivery)
    _number_versions(con, delivery, load_id)
    con.execute(
        "create or replace temp view held_current_rows as from source_parties semi join new_versions using (record_id)"
    )
    con.execute(f"create or replace temp table chosen as {load_sql(__package__, 'choose_current.sql')}")
    con.execute(
        "create or replace temp table moved as from chosen anti join"
        " (select record_id, ingest_seq from held_current_rows) using (record_id, ingest_seq)"
    )
    transaction.append(SOURCE_PARTY_HISTORY, "new_versions")
    transaction.upsert(SOURCE_PARTIES, "moved")
    con.execute("drop table chosen; drop table moved")
    unchanged = _count(con, "(from good anti join staged using (position))")
    unchanged += _count(con, "(from described where len(reasons) > 0)") - quarantined
    if rows_in != stored + unchanged + quarantined:
        raise InvariantError(
            "What became of the rows of a load does not add up; nothing of it was kept.",
            remedy="Report it with the source's format and options.",
        )
    return LoadCounts(
        rows_in=rows_in,
        stored=stored,
        unchanged=unchanged,
        quarantined=quarantined,
        late=late,
        version_conflicts=conflicts,
        deletions=absent,
        deletions_refused=refused,
    )


_CONFLICTS = """(
    select distinct s.record_id, s.version_order, s.content_hash from staged as s
    join (select record_id, version_order, content_hash from held_versions
          union select record_id, version_order, content_hash from staged) as o
        on o.record_id = s.record_id and o.version_order = s.version_order and o.content_hash <> s.content_hash
    where s.position <> (select min(position) from staged as f
                         where f.record_id = s.record_id and f.version_order = s.version_order)
        or exists (from held_versions as h where h.record_id = s.record_id and h.version_order = s.version_order)
)"""


def _quarantine(transaction: WriteTransaction, delivery: Delivery, load_id: uuid.UUID) -> int:
    """Append rejected rows that are not in quarantine already; a bad row that is fed again is unchanged."""
    con = transaction.con
    con.execute(
        f"""
        create or replace temp table rejected as
        select
            md5(concat({quote_text(delivery.source)}, ':', payload))::uuid as quarantine_id,
            {quote_text(delivery.source)} as source, any_value(record_id) as record_id, payload,
            {quote_text(delivery.name)} as file, min(position) as line, any_value(reasons) as reasons,
            '{load_id}'::uuid as load_id, 'open' as replay_state
        from described where len(reasons) > 0
        group by payload
        """
    )
    con.execute(
        "create or replace temp table rejected_new as from rejected anti join quarantine using (quarantine_id)"
    )
    count = transaction.append(QUARANTINE, "rejected_new")
    con.execute("drop table rejected; drop table rejected_new")
    return count


def _absences(con: duckdb.DuckDBPyConnection, source: Source, delivery: Delivery) -> tuple[int, int]:
    """Fill temp table `absent` with the live records that a full snapshot lacks; return (taken, refused).

    A key seen in a quarantined row counts as present; a row whose key cannot be read could be any record.
    """
    con.execute("create or replace temp table absent (record_id uuid)")
    if source.feed != "snapshot":
        return 0, 0
    live = f"(from source_parties where source = {quote_text(delivery.source)} and not deleted)"
    gone = f"(select record_id from {live} anti join described using (record_id))"
    count, held = _count(con, gone), _count(con, live)
    unreadable = _count(con, "(from described where record_id is null)")
    if count and (unreadable or count > source.max_deleted_share * held):
        return 0, count
    con.execute(f"insert into absent from {gone}")
    return count, 0


def _number_versions(con: duckdb.DuckDBPyConnection, delivery: Delivery, load_id: uuid.UUID) -> None:
    """Create temp table `new_versions`: staged rows, then tombstones of absent records, in order of acceptance."""
    con.execute(
        f"""
        create or replace temp table new_versions as
        with base as (select coalesce(max(ingest_seq), 0) as seq from source_party_history),
        rows as (
            select record_id, source_record_id, payload, content_hash, version_order, event_time, deleted,
                case when deleted then 'marker' end as deleted_by, place
            from staged
            union all by name
            select p.record_id, p.source_record_id, p.payload, null::uuid as content_hash, p.version_order,
                p.event_time, true as deleted, 'absence' as deleted_by,
                (select count(*) from staged) + row_number() over (order by p.first_seen) as place
            from source_parties as p semi join absent using (record_id)
        )
        select record_id, {quote_text(delivery.source)} as source, source_record_id, payload, content_hash,
            version_order, event_time, base.seq + place as ingest_seq, '{load_id}'::uuid as load_id,
            deleted, deleted_by
        from rows, base
        """
    )


def _audit(delivery: Delivery, load_id: uuid.UUID, began: _Began) -> dict[str, object]:
    return {
        "load_id": load_id, "source": delivery.source, "file": delivery.name, "file_hash": delivery.file_hash,
        "file_size": delivery.size, "file_mtime_ns": delivery.mtime_ns, "status": "loaded",
        "started_at": began.at.isoformat(), "duration_s": began.seconds(),
    }  # fmt: skip


def _counted(counts: LoadCounts) -> dict[str, object]:
    return {
        "rows_in": counts.rows_in, "rows_stored": counts.stored, "rows_unchanged": counts.unchanged,
        "rows_quarantined": counts.quarantined, "rows_late": counts.late,
        "version_conflicts": counts.version_conflicts, "deletions": counts.deletions,
        "deletions_refused": counts.deletions_refused,
    }  # fmt: skip


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = con.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0
