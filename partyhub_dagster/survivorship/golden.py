"""Golden rows: the surviving values of parties, each with the record and the rule behind it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from partyhub_dagster.config import Attribute, HubConfig
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.survivorship.candidates import Group, groups_of, select_members
from partyhub_dagster.survivorship.choice import party_type_order, select_survivors
from partyhub_dagster.survivorship.pins import proof_of_pin, select_newest_pins, select_pins_of

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
    for chunk in range(chunks):
        with _scratch(con):
            part = _members_of_chunk(con, members, chunk, chunks)
            _collect(con, part, records, config, confidence)
            pinned = _collect_pins(con, pins, config)
            groups = groups_of(config)
            for place, group in enumerate(groups):
                _choose(con, place, group, pinned, config)
            query = select_golden(groups, pinned)
            verb = "insert into {} " if chunk else "create or replace temp table {} as "
            con.execute(verb.format(quote_name(out)) + query)


@contextmanager
def _scratch(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Drop every table of work, also after an error."""
    try:
        yield
    finally:
        made = "select table_name from duckdb_tables() where temporary and starts_with(table_name, $prefix)"
        for (name,) in con.execute(made, {"prefix": f"{_WORK}_"}).fetchall():
            con.execute(f"drop table temp.{quote_name(name)}")


def _members_of_chunk(con: duckdb.DuckDBPyConnection, members: str, chunk: int, chunks: int) -> str:
    if chunks == 1:
        return members
    con.execute(
        f"create or replace temp table {_WORK}_part as select party_id, record_id from {quote_name(members)}"
        f" where hash(party_id) % {chunks} = {chunk}"
    )
    return f"{_WORK}_part"


def _collect(
    con: duckdb.DuckDBPyConnection, members: str, records: str, config: HubConfig, confidence: str
) -> None:
    """Create the member table (numbered parties, offered values) and the party table (facts of the whole)."""
    con.execute(
        f"create or replace temp table {_WORK}_ordinals as"
        " select party_id, row_number() over (order by party_id) as party, members"
        f" from (select party_id, count(*)::integer as members from {quote_name(members)} group by party_id)"
    )
    values = select_members(members, records, f"{_WORK}_ordinals", groups_of(config))
    con.execute(f"create or replace temp table {_WORK}_members as {values}")
    type_order = party_type_order(config.survivorship.sources)
    con.execute(
        f"create or replace temp table {_WORK}_parties as"
        " select o.party, o.party_id, o.members, f.party_type, f.kind, f.newest, f.oldest, c.confidence"
        f" from {_WORK}_ordinals as o left join ("
        f"   select party, arg_min(party_type, {type_order}) as party_type, min(kind) as kind,"
        f"   max(event_time) as newest, min(event_time) as oldest from {_WORK}_members group by party"
        " ) as f using (party)"
        f" left join {quote_name(confidence)} as c using (party_id)"
    )


def _collect_pins(con: duckdb.DuckDBPyConnection, pins: str, config: HubConfig) -> dict[str, str]:
    """Create one table of pins per pinned attribute; return their names by attribute."""
    attributes = list(config.attributes.values())
    newest = select_newest_pins(pins, f"{_WORK}_members", attributes)
    con.execute(f"create or replace temp table {_WORK}_pins as {newest}")
    found = {field for (field,) in con.execute(f"select distinct field from {_WORK}_pins").fetchall()}
    tables: dict[str, str] = {}
    for place, attribute in enumerate(attributes):
        if attribute.name in found:
            tables[attribute.name] = f"{_WORK}_pins_{place}"
            chosen = select_pins_of(attribute, f"{_WORK}_pins")
            con.execute(f"create or replace temp table {tables[attribute.name]} as {chosen}")
    return tables


def _choose(
    con: duckdb.DuckDBPyConnection, place: int, group: Group, pinned: dict[str, str], config: HubConfig
) -> None:
    query = select_survivors(
        group,
        f"{_WORK}_members",
        f"{_WORK}_parties",
        pinned.get(group.lead.name),
        config.survivorship.sources,
    )
    con.execute(f"create or replace temp table {_WORK}_group_{place} as {query}")


def select_golden(groups: Sequence[Group], pinned: dict[str, str]) -> str:
    """Return the query that puts parties, survivors and pins together."""
    values: dict[str, str] = {}
    entries: list[str] = []
    joins: list[str] = []
    for place, group in enumerate(groups):
        joins.append(f"left join {_WORK}_group_{place} as g{place} on g{place}.party = p.party")
        for column, attribute in zip(group.values, group.attributes, strict=True):
            value, proof = f"g{place}.{column}", f"g{place}.proof"
            if attribute.name in pinned:
                pin = pinned[attribute.name]
                joins.append(f"left join {pin} on {pin}.party = p.party")
                value = f"case when {pin}.party is null then {value} else {pin}.value end"
                proof = f"case when {pin}.party is null then {proof} else {proof_of_pin(attribute, pin)} end"
            values[attribute.name] = f"{value} as {quote_name(attribute.name)}"
            entries.append(_entry(attribute, value, proof))
    columns = ["p.party_id", "p.party_type", "p.kind", *values.values()]
    return (
        f"select {', '.join(columns)}, {_provenance(entries)} as provenance, p.members, p.confidence::double as confidence"
        f" from {_WORK}_parties as p {' '.join(joins)}"
    )


def _entry(attribute: Attribute, value: str, proof: str) -> str:
    entry = f"struct_pack(key := {quote_text(attribute.name)}, value := {proof})"
    return f"case when ({value}) is not null then {entry} end"


def _provenance(entries: Sequence[str]) -> str:
    listed = f"[{', '.join(entries)}]::STRUCT(key VARCHAR, value {_PROOFS})[]"
    return f"map_from_entries(list_filter({listed}, lambda e: e is not null))"
