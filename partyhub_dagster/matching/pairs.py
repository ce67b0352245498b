"""Pairs of records that share a blocking key, and blocks that have grown too large."""

import duckdb

from partyhub_dagster.matching.model import MatchModel

COMMON_KEY = 20
"""A key that more records share is common: pairs that only such keys bring are seldom one party."""


def create_pairs(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    keys: str,
    changed: str | None,
    out: str,
    *,
    found_by: bool = False,
    named: str = "record_id",
) -> None:
    """Create the temp table `out` (record_id_l < record_id_r) of the pairs to compare, each once.

    Reads `keys` (rule, key_hash, record_id) of the model's kind; rules the model lacks bring nothing.
    With `changed` (a relation with record_id) only pairs that touch one of its records: those of a full run
    that do, no others. With `found_by` the pair also says which rules bring it: bit 2n is the model's rule n by
    a key that few share, bit 2n + 1 by one that is common.
    `named` is the column that names records, where it is another one.
    """
    place = ", list_position($rules, rule) - 1 as rule" if found_by else ""
    _register_stop_keys(con, model)
    touched = (
        ""
        if changed is None
        else f"semi join (select key_hash from {keys} semi join {changed} using ({named})) using (key_hash)"
    )
    try:
        con.execute(
            f"create or replace temp table ph_block_rows as select key_hash, id{place} from"
            f" (select rule, key_hash, {named} as id from {keys} {touched} where list_contains($rules, rule))"
            " anti join ph_stop_keys using (key_hash)",  # the rule is in the hash
            {"rules": model.rules},
        )
        _create_distinct_pairs(con, changed, out, named, found_by=found_by)
    finally:
        con.unregister("ph_stop_keys")
        for table in ("ph_block_rows", "ph_block_ids", "ph_blocks"):
            con.execute(f"drop table if exists {table}")


def _create_distinct_pairs(
    con: duckdb.DuckDBPyConnection, changed: str | None, out: str, named: str, *, found_by: bool
) -> None:
    """Join on dense integers, in the order of ids: far cheaper than on ids, and the smaller id stays the smaller."""
    marked = "false" if changed is None else f"id in (select {named} from {changed})"
    con.execute(
        "create or replace temp table ph_block_ids as"
        f" select id, (row_number() over (order by id) - 1)::bigint as place, {marked} as changed"
        " from (select distinct id from ph_block_rows)"
    )
    bit = f", 1::bigint << (2 * rule + (n > {COMMON_KEY})::bigint) as bit" if found_by else ""
    con.execute(
        f"create or replace temp table ph_blocks as select key_hash, place, changed{bit}"
        " from ph_block_rows join ph_block_ids using (id)"
        " join (select key_hash, count(*) as n from ph_block_rows group by key_hash having n > 1) using (key_hash)"
    )
    touches = "" if changed is None else " and (l.changed or r.changed)"
    bits, held = (", bit_or(l.bit) as found_by", ", found_by") if found_by else ("", "")
    con.execute(
        f"create or replace temp table {out} as with found as (select (l.place << 32) | r.place as pair{bits}"
        f" from ph_blocks as l join ph_blocks as r on l.key_hash = r.key_hash and l.place < r.place{touches}"
        f" group by pair) select l.id as {named}_l, r.id as {named}_r{held} from found"
        " join ph_block_ids as l on l.place = pair >> 32 join ph_block_ids as r on r.place = pair & 4294967295"
    )


def block_sizes(keys: str) -> str:
    """Return the query of (rule, key_hash, n): how many records share a key."""
    return f"select rule, key_hash, count(*) as n from {keys} group by rule, key_hash"


def large_blocks(con: duckdb.DuckDBPyConnection, model: MatchModel, sizes: str) -> list[tuple[str, int, int]]:
    """Return (rule, key hash, records) of the blocks above their limit that are no stop keys yet.

    Reads `sizes`, what `block_sizes` selects: a table, or the query in parentheses.
    """
    _register_stop_keys(con, model)
    try:
        found = con.execute(
            f"select rule, key_hash, n from {sizes} where n > $least and list_contains($rules, rule)"
            " and (rule, key_hash) not in (select (rule, key_hash) from ph_stop_keys) order by rule, key_hash",
            {"rules": model.rules, "least": min(map(model.block_limit, model.rules), default=0)},
        ).fetchall()
    finally:
        con.unregister("ph_stop_keys")
    return [(rule, key, n) for rule, key, n in found if n > model.block_limit(rule)]


def _register_stop_keys(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    import pyarrow as pa

    held = [(rule, key) for rule, keys in model.stop_keys.items() for key in keys]
    con.register(
        "ph_stop_keys",
        pa.table(
            {
                "rule": pa.array([rule for rule, _ in held], pa.string()),
                "key_hash": pa.array([key for _, key in held], pa.uint64()),
            }
        ),
    )
