"""Pairs that cannot reach `keep`, put aside before they are scored: nine in ten of what blocking brings.

The weight of a pair is a sum over comparisons. Names cost as much to compare as all else; so all else is summed first,
and names are taken for as alike as names can be. What misses `keep` even so is left out; what passes is scored as ever.
"""

import math

import duckdb

from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.features import pairs_with_features
from partyhub_dagster.matching.levels import Comparison, Level, case_of
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
    if most + sum(min(bits[held.name]) for held in summed) >= model.thresholds.keep:
        return
    cases = [case_of(held, [f"{of_level!r}::double" for of_level in bits[held.name]]) for held in summed]
    sums = " + ".join([repr(most), *cases])
    con.execute(
        "create or replace temp table ph_sieved as select join_key_l, join_key_r, match_key"
        f" from ({pairs_with_features(con, pairs, features, sums)}) where {sums} >= {model.thresholds.keep}"
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
