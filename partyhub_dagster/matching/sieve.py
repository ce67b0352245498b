"""Pairs that cannot reach `keep`, put aside before they are scored: nine in ten of what blocking brings.

The weight of a pair is a sum over comparisons. Names cost as much to compare as all else; so all else is summed first,
and names are taken for as alike as names can be. What misses `keep` even so is left out; what passes is scored as ever.
"""

import math
import re

import duckdb

from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.levels import Comparison, Level
from partyhub_dagster.matching.model import MatchModel

COSTLIEST = "name"

MANY_PAIRS = 100_000
"""Fewer are scored before a statement more is planned."""

SLACK = 0.1
"""Bits by which sums of rounded weights may differ, many times over."""


def sieve_pairs(con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, pairs: str) -> None:
    """Leave in the temp table `pairs` (join_key_l, join_key_r) what may reach `keep`, if there are many.

    Guarantees: no pair goes that would have been kept.
    """
    ladders = [held for held in comparisons_of(model.kind) if held.name in model.artefact["comparisons"]]
    summed = [held for held in ladders if held.name != COSTLIEST]
    [(count,)] = con.execute(f"select count(*) from {pairs}").fetchall()
    if count < MANY_PAIRS or not 0 < len(summed) < len(ladders):
        return
    bits = {held.name: [_most_bits(model, held, level) for level in held.levels] for held in ladders}
    prior = model.artefact["prior"]
    most = math.log2(prior / (1 - prior)) + max(bits[COSTLIEST]) + SLACK
    sums = " + ".join([repr(most), *(_case(held, bits[held.name]) for held in summed)])
    columns = _columns_of(con, features, sums)
    con.execute(
        f"create or replace temp table ph_sieved as select join_key_l, join_key_r, match_key from"
        f" (select {pairs}.*, {', '.join(columns)} from {pairs}"
        f" join {features} as l on l.rid = join_key_l join {features} as r on r.rid = join_key_r)"
        f" where {sums} >= {model.thresholds.keep}"
    )
    con.execute(f"drop table {pairs}; alter table ph_sieved rename to {pairs}")


def _most_bits(model: MatchModel, ladder: Comparison, level: Level) -> float:
    """Return the most that the level may say: its weight, and what the rarest of values would add."""
    if level.is_null:
        return 0.0
    m, u = model.artefact["comparisons"][ladder.name][level.name]
    held = model.artefact["frequencies"].get(level.tf) if level.tf else None
    rarest = level.tf_weight * math.log2(held["total"] * held["agree"]) if held else 0.0
    return math.log2(m / u) + max(0.0, rarest)


def _case(ladder: Comparison, bits: list[float]) -> str:
    rungs = [
        f"when {level.sql} then {most!r}::double" if level.sql else f"else {most!r}::double"
        for level, most in zip(ladder.levels, bits, strict=True)
    ]
    return f"case {' '.join(rungs)} end"


def _columns_of(con: duckdb.DuckDBPyConnection, features: str, sql: str) -> list[str]:
    """Name the features that the conditions read, of either record."""
    read = set(re.findall(r"\b\w+_[lr]\b", sql))
    names = [row[0] for row in con.execute(f"describe {features}").fetchall()]
    return [f"{side}.{name} as {name}_{side}" for name in names for side in "lr" if f"{name}_{side}" in read]
