"""Does a consumer's copy equal the hub? By checksums of buckets, by members, or by golden values.

A copy stands at a sequence: the last confirmation that was applied to it. Members at any sequence follow from
party_lineage, so a copy need not keep still, nor the hub. Answers name ids and columns, never values.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError, SourceError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.lake.statements import load_sql

LISTED = 20
"""Differences that are named; all are counted."""
_READERS = {
    ".csv": "read_csv({}, header = true, all_varchar = true)",
    ".parquet": "read_parquet({}, hive_partitioning = true)",
    ".jsonl": "read_json({}, format = 'newline_delimited')",
}


@dataclass(frozen=True, slots=True)
class BucketSum:
    """What a bucket of the hub holds: the parties whose ids begin with two given hexadecimal digits."""

    bucket: str
    parties: int
    records: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A party, or a bucket, that differs."""

    id: str
    what: str


@dataclass(slots=True)
class SyncAnswer:
    """What the hub says at a sequence and, where a copy was given, how that differs."""

    sequence: int
    compared: str
    parties: int = 0
    records: int = 0
    buckets: list[BucketSum] = field(default_factory=list)
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as a program reads it."""
        return {"equal": self.differing == 0, **asdict(self)}


def check_sync(hub: Hub, copy: Path | None = None, sequence: int | None = None) -> SyncAnswer:
    """Say what the hub holds at a sequence, by default that of the release that readers see; compare a copy with it.

    Raises:
        NotFoundError: the hub has released no such event, or its golden values then are no longer kept.
        SourceError: the copy cannot be read, or says nothing that can be compared.
    """
    with hub.place.connect(read_only=True) as con:
        at = _sequence(con, sequence)
        con.execute(
            f"create temp table ours as {load_sql(__package__, 'members_at_sequence.sql')}", {"sequence": at}
        )
        answer = SyncAnswer(at, "nothing", buckets=_sums(con))
        answer.parties = sum(bucket.parties for bucket in answer.buckets)
        answer.records = sum(bucket.records for bucket in answer.buckets)
        if copy is None:
            return answer
        columns = _read_copy(con, copy)
        if {"bucket", "checksum"} <= columns:
            _compare(con, answer, "checksums", _SUMS_DIFFER)
            return answer
        if {"party_id", "record_id"} <= columns:
            _compare(con, answer, "members", _MEMBERS_DIFFER)
            return answer
    attributes = _attributes(hub.config, columns)
    _compare_values(hub, answer, copy, attributes)
    return answer


def _sequence(con: duckdb.DuckDBPyConnection, asked: int | None) -> int:
    release = shown_release(con)
    row = con.execute("select coalesce(max(lineage_seq), 0) from lake.releases").fetchone()
    newest = int(row[0]) if row else 0
    if asked is None:
        return 0 if release is None else release.lineage_seq
    if asked > newest:
        raise NotFoundError(
            f"The hub has released events up to {newest:,}, not {asked:,}.",
            remedy="Give the sequence of the last confirmation that was applied; after a restore of the hub or a new"
            " generation, build the copy anew.",
        )
    return asked


def _sums(con: duckdb.DuckDBPyConnection) -> list[BucketSum]:
    rows = con.execute(
        "create temp table our_sums as select left(party_id, 2) as bucket, count(distinct party_id) as parties,"
        " count(*) as records, sha256(string_agg(party_id || ',' || record_id || chr(10), '' order by party_id,"
        " record_id)) as checksum from ours group by bucket; from our_sums order by bucket"
    ).fetchall()
    return [BucketSum(*row) for row in rows]


def _read_copy(con: duckdb.DuckDBPyConnection, copy: Path) -> set[str]:
    reader = _READERS.get(copy.suffix.lower())
    if reader is None:
        raise SourceError(
            f"{copy} is no .csv, .parquet or .jsonl; nothing was compared.",
            remedy="Write the copy in one of these forms.",
        )
    try:
        con.execute(f"create temp table theirs as from {reader.format(quote_text(str(copy)))}")
    except duckdb.Error as error:
        raise SourceError(
            f"{copy} could not be read ({type(error).__name__}); nothing was compared.",
            remedy="See that it is there and whole; a CSV file needs a header.",
        ) from None
    return {row[0] for row in con.execute("describe theirs").fetchall()}


_SUMS_DIFFER = """
    select coalesce(o.bucket, t.bucket) as id,
        case when t.bucket is null then 'missing in the copy' when o.bucket is null then 'not in the hub'
        else 'checksum differs' end as what
    from our_sums as o full join (
        select lower(bucket::varchar) as bucket, lower(checksum::varchar) as checksum from theirs
    ) as t using (bucket)
    where o.checksum is distinct from t.checksum
"""
_MEMBERS_DIFFER = """
    with a as (select party_id, list(record_id order by record_id) as members from ours group by party_id),
    b as (
        select lower(party_id::varchar) as party_id, list(lower(record_id::varchar) order by lower(record_id::varchar))
            as members
        from theirs group by all
    )
    select coalesce(a.party_id, b.party_id) as id,
        case when b.party_id is null then 'missing in the copy' when a.party_id is null then 'not in the hub'
        else 'members differ' end as what
    from a full join b using (party_id)
    where a.members is distinct from b.members
"""


def _compare(con: duckdb.DuckDBPyConnection, answer: SyncAnswer, what: str, query: str) -> None:
    answer.compared = what
    con.execute(f"create temp table differing as {query}")
    row = con.execute("select count(*) from differing").fetchone()
    answer.differing = int(row[0]) if row else 0
    found = con.execute(f"select id, what from differing order by id limit {LISTED}").fetchall()
    answer.differences = [Difference(*pair) for pair in found]


def _attributes(config: HubConfig, columns: set[str]) -> dict[str, str]:
    found: dict[str, str] = {name: a.sql_type for name, a in config.attributes.items() if name in columns}
    if "party_id" not in columns or not found:
        raise SourceError(
            "The copy has neither party_id and record_id, nor bucket and checksum, nor party_id and attributes of"
            " hub.yaml; nothing was compared.",
            remedy="Write one of these sets of columns; docs/confirmations.md has an example of each.",
        )
    return found


def _compare_values(hub: Hub, answer: SyncAnswer, copy: Path, attributes: dict[str, str]) -> None:
    """Compare golden values, as of the release that ends with the sequence."""
    with read_release(hub.place, _release_at(hub, answer.sequence)) as (con, _):
        _read_copy(con, copy)
        same = [
            f"case when g.{quote_name(name)} is distinct from try_cast(t.{quote_name(name)} as {sql_type})"
            f" or (g.{quote_name(name)} is null and t.{quote_name(name)} is not null) then {quote_text(name)} end"
            for name, sql_type in attributes.items()
        ]
        _compare(con, answer, f"values of {', '.join(attributes)}", _values_differ(same))


def _values_differ(differing_columns: Sequence[str]) -> str:
    listed = f"list_filter([{', '.join(differing_columns)}], lambda name: name is not null)"
    return f"""
        with compared as (
            select coalesce(g.party_id::varchar, t.party_id) as id, g.party_id is null as unknown,
                t.party_id is null as missing, {listed} as columns, count(*) over (partition by id) > 1 as repeated
            from golden_parties as g
            full join (select * replace (lower(party_id::varchar) as party_id) from theirs) as t
                on g.party_id::varchar = t.party_id
        )
        select distinct id, case when unknown then 'not in the hub' when missing then 'missing in the copy'
            when repeated then 'there more than once' else 'differs in ' || array_to_string(columns, ', ') end as what
        from compared where missing or unknown or repeated or len(columns) > 0
    """


def _release_at(hub: Hub, sequence: int) -> int:
    with hub.place.connect(read_only=True) as con:
        row = con.execute(
            "select max(number) from lake.releases where lineage_seq = $n", {"n": sequence}
        ).fetchone()
    if row is None or row[0] is None:
        raise NotFoundError(
            f"No release ends with event {sequence:,}, so there are no golden values to compare with.",
            remedy="Compare when every confirmation of a release is applied: `release` in the messages tells which"
            " belong together. Members can be compared at any event.",
        )
    return int(row[0])
