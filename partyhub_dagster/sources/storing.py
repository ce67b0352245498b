"""Storing described rows in an open write transaction: versions, tombstones and quarantine that add up."""

import uuid
from dataclasses import astuple, dataclass

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import InvariantError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.lake.tables import QUARANTINE, SOURCE_PARTIES, SOURCE_PARTY_HISTORY
from partyhub_dagster.lake.write import WriteTransaction
from partyhub_dagster.sources.deliveries import Delivery


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


def store_rows(
    transaction: WriteTransaction,
    source: Source | None,
    delivery: Delivery,
    load_id: uuid.UUID,
    rejections: str | None = None,
) -> LoadCounts:
    """Store the rows of temp table `described`: versions of records, tombstones of absent ones, rejected rows.

    Without `source` they are single records, of which none is deleted by being left out. Leaves temp table `staged`:
    the rows of them that are new versions. `rejections` says how rejected rows go into quarantine where they are no
    rows of a file; it has as many rows as `described` has rejected ones.

    Raises:
        InvariantError: what became of the rows does not add up.
    """
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
    quarantined = quarantine_rows(transaction, delivery.source, load_id, rejections or _rejections(delivery))
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


def quarantine_rows(transaction: WriteTransaction, source: str, load_id: uuid.UUID, rejections: str) -> int:
    """Append rejected rows that are not in quarantine already; a bad row that is fed again is unchanged.

    `rejections` is a relation of payload, record_id, reasons, file and line.
    """
    con = transaction.con
    con.execute(
        f"""
        create or replace temp table rejected as
        select
            {quarantine_id_sql(quote_text(source), "payload")} as quarantine_id,
            {quote_text(source)} as source, any_value(record_id) as record_id, payload,
            arg_min(file, (file, line)) as file, arg_min(line, (file, line)) as line, {_ALL_REASONS} as reasons,
            '{load_id}'::uuid as load_id, 'open' as replay_state
        from {rejections}
        group by payload
        """
    )
    con.execute(
        "create or replace temp table rejected_new as from rejected anti join quarantine using (quarantine_id)"
    )
    count = transaction.append(QUARANTINE, "rejected_new")
    con.execute("drop table rejected; drop table rejected_new")
    return count


_ALL_REASONS = (  # two messages of the same value can have another key, and be rejected for it
    "case when count(distinct reasons) = 1 then any_value(reasons)"
    " else list_sort(list_distinct(flatten(list(reasons)))) end"
)


def quarantine_id_sql(source: str, payload: str) -> str:
    """Return the SQL of a rejected row's id over two SQL expressions."""
    return f"md5(concat({source}, ':', {payload}))::uuid"


def _rejections(delivery: Delivery) -> str:
    return (
        f"(select payload, record_id, reasons, {quote_text(delivery.name)} as file, position as line from described"
        " where len(reasons) > 0)"
    )


def _absences(con: duckdb.DuckDBPyConnection, source: Source | None, delivery: Delivery) -> tuple[int, int]:
    """Fill temp table `absent` with the live records that a full snapshot lacks; return (taken, refused).

    A key seen in a quarantined row counts as present; a row whose key cannot be read could be any record.
    """
    con.execute("create or replace temp table absent (record_id uuid)")
    if source is None or source.feed != "snapshot":
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


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = con.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0
