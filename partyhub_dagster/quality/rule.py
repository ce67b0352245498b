"""What a rule is, and the forms of query that rules share."""

from dataclasses import dataclass
from typing import Literal, get_args

from partyhub_dagster.lake.statements import load_sql

Suite = Literal["source", "mastering", "golden"]
Severity = Literal["block", "warn"]
CheckedAsset = Literal[
    "source_parties", "normalized_parties", "match_edges", "party_clusters", "golden_parties"
]

SUITES: tuple[Suite, ...] = get_args(Suite)
SAMPLE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """A claim about the hub that one query decides.

    `reads` are the tables whose change makes a result stale and calls for a new one. `query` gives exactly one
    row: rows_checked, rows_failed, measured, threshold, passed, sample (record_ids or party_ids, never values).
    `parts`, where there are any, is a query of what the rule measures part by part: see `worst_part`.
    `query_since`, where there is one, decides the same, given that the rule held at the epoch `{since}`, from what
    was written since and what that meets.
    """

    name: str
    suite: Suite
    severity: Severity
    asset: CheckedAsset
    reads: tuple[str, ...]
    description: str
    query: str
    parts: str = ""
    query_since: str = ""


def no_row_breaks(checked: str, breaking: str) -> str:
    """Return the query of a rule that no row may break.

    `checked` is the relation whose rows are looked at; `breaking` a query of one row per row that breaks the
    rule, with `id`: the record or party it is about, or null.
    """
    return (
        f"select (select count(*) from {checked}) as rows_checked, count(*) as rows_failed,"
        " null::double as measured, null::double as threshold, count(*) = 0 as passed,"
        f" {sample_of('id')} as sample from ({breaking})"
    )


def at_most(threshold: float, measuring: str) -> str:
    """Return the query of a rule that bounds a figure from above; no figure (null) breaks no bound.

    `measuring` is a query of one row: rows_checked, rows_failed, measured, sample.
    """
    return _bounded(threshold, "<=", measuring)


def at_least(threshold: float, measuring: str) -> str:
    """Return the query of a rule that bounds a figure from below, as `at_most` does from above."""
    return _bounded(threshold, ">=", measuring)


def worst_part(threshold: float, floor: int, parts: str) -> str:
    """Return the query of a rule that bounds the share of every part from above, if at least `floor` rows fail there.

    `parts` is a query of one row per part: part (a source, a column, an attribute; never a value), checked, failed,
    share, sample.
    """
    bound = f"{threshold!r}::double"
    return (
        f"with parts as materialized ({parts}),"
        f" judged as (select *, failed >= {floor} as counts, counts and share > {bound} as breaks from parts)"
        " select coalesce(sum(checked), 0)::bigint as rows_checked,"
        " coalesce(sum(failed) filter (breaks), 0)::bigint as rows_failed,"
        f" max(share) filter (counts)::double as measured, {bound} as threshold,"
        " not coalesce(bool_or(breaks), false) as passed,"
        " coalesce(arg_max(sample, share) filter (breaks), []::uuid[]) as sample from judged"
    )


def sample_of(id_: str, condition: str = "true") -> str:
    """Return the aggregate of the first few ids for which `condition` holds."""
    return f"coalesce(min({id_}, {SAMPLE_SIZE}) filter ({condition} and {id_} is not null), []::uuid[])"


def statement(name: str, **values: float) -> str:
    """Load a statement of this package and write numbers in place of its `$names`."""
    text = load_sql(__package__, name)
    for key, value in values.items():
        text = text.replace(f"${key}", repr(value))
    return text.replace("$sample_size", repr(SAMPLE_SIZE))


def _bounded(threshold: float, comparison: str, measuring: str) -> str:
    bound = f"{threshold!r}::double"
    return (
        f"select rows_checked, rows_failed, measured::double as measured, {bound} as threshold,"
        f" coalesce(measured {comparison} {bound}, true) as passed, sample from ({measuring})"
    )
