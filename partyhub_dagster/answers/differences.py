"""What a hub and a rebuild do not share, named by stage, record and column; never by a value."""

from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.metadata import Table, quote_name, quote_text
from partyhub_dagster.lake.tables import (
    BLOCKING_KEYS,
    MATCH_EDGES,
    NORMALIZED_PARTIES,
    PARTY_CLUSTERS,
    golden_table,
)

STAGES = ("normalized_parties", "blocking_keys", "match_edges", "party_clusters", "golden_parties")
"""Tables compared, in the order of the stages that make them."""

NAMED = 100
"""Keys and records that a difference names; it counts them all."""

_WHAT = {
    "hub": "only in the hub", "rebuild": "only in the rebuild", "both": "values differ",
    "repeated": "several rows of one key in the hub",
}  # fmt: skip
_RECORDS = {"match_edges": ("record_id", "other_id"), "golden_parties": ("party_id",)}
_SHOWN_KEYS = {"blocking_keys": ("rule", "record_id")}  # the hash of a phone number gives the number away


def compared_tables(config: HubConfig) -> list[Table]:
    """List the tables that must equal those of a rebuild, in the order of the stages that make them."""
    golden = golden_table(config.attributes.values())
    return [NORMALIZED_PARTIES, BLOCKING_KEYS, MATCH_EDGES, PARTY_CLUSTERS, golden]


def find_differences(
    con: duckdb.DuckDBPyConnection, table: Table, where: str = "true"
) -> list[dict[str, Any]]:
    """List how `held` and `lake` differ in a table's rows, or in those that `where` narrows them to.

    Grain: one per sort of difference: `rows` counts keys, `keys` and `records` name up to NAMED of them, `columns`
    says which columns differ.
    """
    _collect(con, table, where)
    shown = " || '|' || ".join(f"{quote_name(n)}::varchar" for n in _SHOWN_KEYS.get(table.name, table.key))
    records = ", ".join(_RECORDS.get(table.name, ("record_id",)))
    rows = con.execute(
        f"select side, count(*), list(distinct {shown} order by {shown})[:$n],"
        f" list_sort(list_distinct(flatten(list([{records}]::varchar[]))))[:$n]"
        " from verify_differences group by side order by side",
        {"n": NAMED},
    ).fetchall()
    return [
        {
            "table": table.name, "what": _WHAT[side], "rows": count, "keys": named, "records": found,
            "columns": _columns_that_differ(con, table) if side == "both" else [],
        }
        for side, count, named, found in rows
    ]  # fmt: skip


def _collect(con: duckdb.DuckDBPyConnection, table: Table, where: str) -> None:
    """Create temp table `verify_differences`: the keys that differ and on which side; each table is read once."""
    keys = ", ".join(quote_name(name) for name in table.key)
    columns = ", ".join(quote_name(name) for name in table.column_names)
    differ = " or ".join(
        f"h.{quote_name(name)} is distinct from r.{quote_name(name)}" for name in _values_of(table)
    )
    con.execute(
        f"create or replace temp table verify_differences as select distinct {keys}, case when in_rebuild is null"
        " then 'hub' when in_hub is null then 'rebuild' else 'both' end as side"
        f" from (select true as in_hub, {columns} from held.{table.name} where {where}) as h"
        f" full join (select true as in_rebuild, {columns} from lake.{table.name} where {where}) as r using ({keys})"
        f" where in_hub is null or in_rebuild is null{' or ' if differ else ''}{differ}"
    )
    con.execute(  # a join does not see that a row is there twice; its key is unique in the rebuild
        "insert into verify_differences"
        f" select {keys}, 'repeated' from held.{table.name} where {where} and"
        f" (select count(*) from held.{table.name} where {where})"
        "  - (select count(*) from verify_differences where side = 'hub') <>"
        f" (select count(*) from lake.{table.name} where {where})"
        "  - (select count(*) from verify_differences where side = 'rebuild')"
        f" group by {keys} having count(*) > 1"
    )


def _values_of(table: Table) -> list[str]:
    return [name for name in table.column_names if name not in table.key]


def _columns_that_differ(con: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    keys = ", ".join(quote_name(name) for name in table.key)
    differing = ", ".join(
        f"case when bool_or(h.{quote_name(n)} is distinct from r.{quote_name(n)}) then {quote_text(n)} end"
        for n in _values_of(table)
    )
    of_both = f"{{}}.{table.name} semi join (from verify_differences where side = 'both') using ({keys})"
    row = con.execute(
        f"select list_filter([{differing}]::varchar[], lambda name: name is not null)"
        f" from (from {of_both.format('held')}) as h join (from {of_both.format('lake')}) as r using ({keys})"
    ).fetchone()
    return [] if row is None else list(row[0])
