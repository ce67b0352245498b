"""How often values occur: counted when a model is frozen, looked up when it scores.

No value seen fewer than three times is kept (a model must not hold one person's data); unseen counts as once.
"""

from typing import Any

import duckdb

from partyhub_dagster.matching.model import RAREST_KEPT, Kind

_LISTS = {"token": "name_tokens", "phone": "phones", "email": "emails", "id": "ids", "website": "websites"}

CHAIN_NAME = """
    regexp_replace(
        case when ends_with(name_full, ' ' || city) then left(name_full, -1 - length(city)::integer) else name_full end,
        '( branch| store| number| no)?( [0-9]+)+$', ''
    )
"""
"""The name of an organization without the town or number behind it: what branches of a chain share."""

_VALUES = {
    "person": {
        "name_pair": "name_given || ' ' || name_family",
        "name_family": "name_family",
        "name_given": "name_given",
        "birth_date": "strftime(birth_date, '%Y%m%d')",
        "postcode": "postcode",
        "city": "city",
    },
    "organization": {
        "name_full": "name_full",
        "name_chain": CHAIN_NAME,
        "postcode": "postcode",
        "city": "city",
    },
}

RARE_VALUE = 10
"""A phone, mailbox or identifier held by more records belongs to a place, not to a party."""

RARE_TOKEN_SHARE = 0.001
"""A name token is rare when at most this share of the records holds it."""


def count_frequencies(con: duckdb.DuckDBPyConnection, records: str, kind: Kind) -> dict[str, Any]:
    """Count, per field, the values that a model keeps.

    Returns: field -> {total: values held, agree: chance that two random values are equal (values only),
    rare: up to which count a value is rare (lists only), counts: value -> records}.
    """
    found = {}
    for field, column in _LISTS.items():
        source = f"select distinct record_id, unnest({column}) as value from {records} where kind = $kind"
        found[field] = _counted(con, f"select value from ({source})", kind)
        records_total = con.execute(
            f"select count(*) from {records} where kind = $kind", {"kind": kind}
        ).fetchall()
        found[field]["total"] = records_total[0][0]
        share = round(RARE_TOKEN_SHARE * found[field]["total"])
        found[field]["rare"] = max(RARE_VALUE, share) if field == "token" else RARE_VALUE
        del found[field]["agree"]
    for field, expression in _VALUES[kind].items():
        found[field] = _counted(con, f"select {expression} as value from {records} where kind = $kind", kind)
    return {field: held for field, held in found.items() if held["total"] > 0}


def _counted(con: duckdb.DuckDBPyConnection, source: str, kind: Kind) -> dict[str, Any]:
    rows = con.execute(
        f"with counted as (select value, count(*) as n from ({source}) where value is not null group by value)"
        " select sum(n)::bigint, sum(n::hugeint * n),"
        " map_from_entries(list((value, n) order by value) filter (n >= $kept)) from counted",
        {"kind": kind, "kept": RAREST_KEPT},
    ).fetchall()
    total, squares, counts = rows[0]
    if not total:
        return {"total": 0, "agree": 0.0, "counts": {}}
    return {"total": total, "agree": float(squares) / float(total) ** 2, "counts": counts or {}}
