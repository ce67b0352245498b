"""What the columns of a delivery look like, in counts: the history that the impact guard compares later ones with."""

import uuid

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.tables import LOAD_PROFILES
from partyhub_dagster.lake.write import WriteTransaction
from partyhub_dagster.sources.rows import json_pointer

_SAMPLE_ROWS = (
    10_000  # shares are then exact to about one percent, and a million rows cost what ten thousand do
)

_SHAPES = {
    "mails": "contains(value, '@')",
    "dates": "regexp_full_match(value, '([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    "|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{2}|[0-9]{4}))([T ].*)?')",
    "numbers": "regexp_full_match(value, '[-+(]?[0-9][0-9 ().+/-]*')",
    "words": "not regexp_matches(value, '[0-9]')",
}
"""Shape -> condition; the first that holds counts, and a value may have none."""


def profiled_columns(source: Source) -> list[str]:
    """List the columns that a delivery is profiled by: key and mapped ones, each once."""
    mapped = [mapping.column for mapping in source.mappings if mapping.column is not None]
    return list(dict.fromkeys([*source.key, *mapped]))


def profile_rows(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create temp table `profiled` from a sample of the live rows of `described`.

    Grain: one row per profiled column. The sample is a function of the rows' positions alone.
    """
    columns = profiled_columns(source)
    pointers = ", ".join(quote_text(json_pointer(column)) for column in columns)
    named = ", ".join(f"({place}, {quote_text(column)})" for place, column in enumerate(columns))
    shape = " ".join(f"when {condition} then '{name}'" for name, condition in _SHAPES.items())
    counted = ", ".join(
        f"coalesce(sum(n) filter (shape = '{name}'), 0)::bigint as {name}" for name in _SHAPES
    )
    con.execute(
        f"""
        create or replace temp table profiled as
        with live as (
            select position, payload from described where record_id is not null and not deleted
        ),
        sampled as (
            select json_extract_string(payload, [{pointers}]) as held from live
            where hash(position) % greatest((select count(*) from live) // {_SAMPLE_ROWS}, 1) = 0
        ),
        cells as (
            select unnest(held) as value, unnest(range({len(columns)})) as place from sampled
        ),
        grouped as (
            select place, nullif(trim(value), '') as value, count(*) as n from cells group by all
        ),
        shaped as (
            select place, n, case {shape} end as shape from grouped where value is not null
        ),
        counted as (
            select place, sum(n)::bigint as filled, max(n)::bigint as commonest, {counted} from shaped group by place
        )
        select
            column_name, (select count(*) from sampled) as sampled,
            {", ".join(f"coalesce({name}, 0) as {name}" for name in ("filled", "commonest", *_SHAPES))}
        from (values {named}) as columns(place, column_name)
        left join counted using (place)
        """
    )


def write_profile(transaction: WriteTransaction, load_id: uuid.UUID) -> None:
    """Append `profiled` as the profile of a load."""
    transaction.append(LOAD_PROFILES, f"(select '{load_id}'::uuid as load_id, * from profiled)")
