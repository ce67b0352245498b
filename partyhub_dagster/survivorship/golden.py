"""Golden rows: the surviving values of parties, each with the record and the rule behind it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from partyhub_dagster.config import Attribute, HubConfig
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.survivorship.candidates import Group, groups_of, select_members
from partyhub_dagster.survivorship.choice import party_type_rank, select_survivors
from partyhub_dagster.survivorship.pins import proof_of_pin, select_newest_pins, select_pins_of
from partyhub_dagster.survivorship.rules import Extent

_PROOFS = "STRUCT(record_id UUID, rule VARCHAR)[]"
_CHUNK = 1_000_000  # members at a time: parties do not touch one another, and memory stays bounded
_WORK = "golden_work"


def master_parties(
    con: duckdb.DuckDBPyConnection,
    members: str,
    records: str,
    pins: str,
    config: HubConfig,
    out: str,
    confidence: str,
) -> None:
    """Create temp table `out` with the golden rows of the parties in `members`.

    Grain: one row per party_id of `members` (party_id, record_id). Key: party_id.
    Reads `records` (columns of normalized_parties), `pins` (record_id, field, value, sequence) and
    `confidence` (party_id, confidence).
    Guarantees: a function of those relations' content, whatever the order of their rows; every non-null value has
    provenance, and stands in a member record unless its rule is `pinned`; a null value has none.
    """
    (total,) = con.execute(f"select count(*) from {quote_name(members)}").fetchone() or (0,)
    chunks = max(1, -(-total // _CHUNK))
    groups = groups_of(config)
    for chunk in range(chunks):
        with _scratch(con, len(groups)):
            extent = _collect_order(con, f"hash(party_id) % {chunks} = {chunk}", members, records)
            _collect_members(con, records, groups)
            _collect_parties(con, config, confidence, extent)
            pinned = _collect_pins(con, pins, config)
            for place, group in enumerate(groups):
                _choose(con, f"{_WORK}_group_{place}", group, pinned, config.survivorship.sources, extent)
            head = (
                f"insert into {quote_name(out)}"
                if chunk
                else f"create or replace temp table {quote_name(out)} as"
            )
            con.execute(f"{head} {select_golden(groups, pinned)}")


@contextmanager
def _scratch(con: duckdb.DuckDBPyConnection, groups: int) -> Iterator[None]:
    """Drop every table of work, also after an error."""
    try:
        yield
    finally:
        for name in (
            "ids",
            "order",
            "members",
            "parties",
            "pins",
            *(f"group_{place}" for place in range(groups)),
        ):
            con.execute(f"drop table if exists temp.{_WORK}_{name}")


def _collect_order(con: duckdb.DuckDBPyConnection, chunk: str, members: str, records: str) -> Extent:
    """Number parties and members, and rank members by recency; the numbers order as the ids do.

    Ingest sequence counts only where the source tells no time: load order must not decide elsewhere.
    """
    con.execute(f"""
        create or replace temp table {_WORK}_ids as
        select party_id, row_number() over (order by party_id) as party, members, newest, oldest from (
            select party_id, count(*)::integer as members, max(event_time) as newest, min(event_time) as oldest
            from {quote_name(members)} left join (select record_id, event_time from {quote_name(records)})
                using (record_id)
            where {chunk} group by party_id
        )
    """)
    con.execute(f"""
        create or replace temp table {_WORK}_order as
        select party, record_id, event_time, newest, oldest,
            row_number() over (order by record_id) - 1 as member,
            dense_rank() over (
                order by event_time is null, event_time desc, case when event_time is null then recency end desc
            ) - 1 as recent
        from {_WORK}_ids join (from {quote_name(members)} where {chunk}) using (party_id)
        join (select record_id, event_time, recency from {quote_name(records)}) using (record_id)
    """)
    count = f"select count(*), coalesce((select max(members) from {_WORK}_ids), 0) from {_WORK}_order"
    total, largest = con.execute(count).fetchone() or (0, 0)
    return Extent(member=max(1, int(total).bit_length()), party=max(1, int(largest).bit_length()))


def _collect_members(con: duckdb.DuckDBPyConnection, records: str, groups: Sequence[Group]) -> None:
    values = select_members(records, f"{_WORK}_order", groups)
    con.execute(f"create or replace temp table {_WORK}_members as {values}")


def _collect_parties(
    con: duckdb.DuckDBPyConnection, config: HubConfig, confidence: str, extent: Extent
) -> None:
    type_rank = party_type_rank(config.survivorship.sources, extent)
    con.execute(f"""
        create or replace temp table {_WORK}_parties as
        select i.party, i.party_id, i.members, f.party_type, f.kind, c.confidence
        from {_WORK}_ids as i left join (
            select party, arg_min(party_type, {type_rank}) as party_type, min(kind) as kind
            from {_WORK}_members group by party
        ) as f using (party)
        left join {quote_name(confidence)} as c using (party_id)
    """)


def _collect_pins(con: duckdb.DuckDBPyConnection, pins: str, config: HubConfig) -> dict[str, str]:
    """Collect the pins in force; return by pinned attribute the query for its pins."""
    attributes = config.attributes
    newest = select_newest_pins(pins, f"{_WORK}_members", list(attributes.values()))
    con.execute(f"create or replace temp table {_WORK}_pins as {newest}")
    found = con.execute(f"select distinct field from {_WORK}_pins").fetchall()
    return {field: select_pins_of(attributes[field], f"{_WORK}_pins") for (field,) in found}


def _choose(
    con: duckdb.DuckDBPyConnection,
    out: str,
    group: Group,
    pinned: dict[str, str],
    sources: Sequence[str],
    extent: Extent,
) -> None:
    pins = pinned.get(group.lead.name)
    query = select_survivors(group, f"{_WORK}_members", pins, sources, extent)
    con.execute(f"create or replace temp table {quote_name(out)} as {query}")


def select_golden(groups: Sequence[Group], pinned: dict[str, str]) -> str:
    """Return the query that puts parties, survivors and pins together; `pinned` as `_collect_pins` gives it."""
    values: dict[str, str] = {}
    entries: list[str] = []
    joins: list[str] = []
    for place, group in enumerate(groups):
        joins.append(f"left join {_WORK}_group_{place} as g{place} on g{place}.party = p.party")
        for column, attribute in zip(group.values, group.attributes, strict=True):
            value, proof = f"g{place}.{column}", f"g{place}.proof"
            if not attribute.multiple:
                proof = f"[{proof}]"
            if attribute.name in pinned:
                pin = f"pin{len(values)}"
                joins.append(f"left join ({pinned[attribute.name]}) as {pin} on {pin}.party = p.party")
                value = f"case when {pin}.party is null then {value} else {pin}.value end"
                proof = f"case when {pin}.party is null then {proof} else {proof_of_pin(attribute, pin)} end"
            values[attribute.name] = f"{value} as {quote_name(attribute.name)}"
            entries.append(_entry(attribute, value, proof))
    columns = ["p.party_id", "p.party_type", "p.kind", *values.values()]
    return (
        f"select {', '.join(columns)}, {_provenance(entries)} as provenance, p.members,"
        " p.confidence::double as confidence"
        f" from {_WORK}_parties as p {' '.join(joins)}"
    )


def _entry(attribute: Attribute, value: str, proof: str) -> str:
    entry = f"struct_pack(key := {quote_text(attribute.name)}, value := {proof})"
    return f"case when ({value}) is not null then {entry} end"


def _provenance(entries: Sequence[str]) -> str:
    listed = f"[{', '.join(entries)}]::STRUCT(key VARCHAR, value {_PROOFS})[]"
    return f"map_from_entries(list_filter({listed}, lambda e: e is not null))"
