"""Why two records are, or are not, one party as far as their own values go; works for pairs that nothing blocks."""

from dataclasses import dataclass

import duckdb

from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.matching.blocking import create_blocking_keys
from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.features import create_features, weighed_features
from partyhub_dagster.matching.levels import Comparison
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.splink_linker import open_linker, splink_settings


@dataclass(frozen=True, slots=True)
class ComparisonExplanation:
    """The level on which a pair falls, and what it is worth; never the values compared. Units: bits."""

    name: str
    level: str
    weight_bits: float


@dataclass(frozen=True, slots=True)
class PairExplanation:
    """All that makes a pair's weight: prior + comparisons = weight, before rounding. Units: bits."""

    linked: bool
    kept: bool
    weight: float
    probability: float
    prior_bits: float
    link: float
    comparisons: tuple[ComparisonExplanation, ...]
    blocking_rules: tuple[str, ...]


def explain_pair(
    con: duckdb.DuckDBPyConnection, model: MatchModel, records: str, a: str, b: str
) -> PairExplanation:
    """Explain the pair of two record_ids in `records`.

    Raises:
        NotFoundError: one of the two is no record of the model's kind.
    """
    con.execute(
        f"create or replace temp table ph_two as select * from {records}"
        " where kind = $kind and record_id in ($a::uuid, $b::uuid)",
        {"kind": model.kind, "a": str(a), "b": str(b)},
    )
    try:
        found = con.execute("select count(*) from ph_two").fetchall()[0][0]
        if found != 2:
            raise NotFoundError(
                f"{found} of the 2 records to compare are live records of kind {model.kind}.",
                remedy="Give two different records of one kind, as SOURCE:RECORD or record_id.",
            )
        rules = _shared_rules(con, model)
        create_features(con, model, "ph_two", "ph_features")
        con.execute(
            "create or replace temp table ph_blocked_pairs as select 0 as join_key_l, 1 as join_key_r, '0' as match_key"
        )
        return _explanation(con, model, rules)
    finally:
        for table in ("ph_two", "ph_features", "ph_blocked_pairs"):
            con.execute(f"drop table if exists {table}")


def _shared_rules(con: duckdb.DuckDBPyConnection, model: MatchModel) -> tuple[str, ...]:
    create_blocking_keys(con, model, "ph_two", "ph_two_keys")
    shared = con.execute(
        "select rule, key_hash from ph_two_keys group by rule, key_hash having count(*) > 1 order by rule"
    ).fetchall()
    con.execute("drop table ph_two_keys")
    stopped = model.stop_keys
    return tuple(dict.fromkeys(rule for rule, key in shared if key not in stopped.get(rule, ())))


def _explanation(
    con: duckdb.DuckDBPyConnection, model: MatchModel, rules: tuple[str, ...]
) -> PairExplanation:
    settings = splink_settings(model, explain=True)
    with (
        weighed_features(con, model, "ph_features") as features,
        open_linker(con, settings, features) as linker,
    ):
        found = linker.predict("ph_blocked_pairs")
        result = con.execute(f"select * from {found}")
        row = dict(zip([column[0] for column in result.description], result.fetchall()[0], strict=True))
    compared, explained = [], 0.0
    for comparison in comparisons_of(model.kind):
        if comparison.name not in model.artefact["comparisons"]:
            continue
        bits = row[f"mw_{comparison.name}"] + row.get(f"mw_tf_adj_{comparison.name}", 0.0)
        explained += bits
        level = _level_of(comparison, row[f"gamma_{comparison.name}"])
        compared.append(ComparisonExplanation(comparison.name, level, round(bits, 3)))
    weight = round(row["match_weight"] * 1000) / 1000
    thresholds = model.thresholds
    return PairExplanation(
        linked=weight >= thresholds.link,
        kept=weight >= thresholds.keep,
        weight=weight,
        probability=row["match_probability"],
        prior_bits=round(row["match_weight"] - explained, 3),
        link=thresholds.link,
        comparisons=tuple(compared),
        blocking_rules=rules,
    )


def _level_of(comparison: Comparison, gamma: int) -> str:
    """Splink numbers levels from the last one up, and unknown -1."""
    weighted = comparison.weighted
    return "unknown" if gamma == -1 else weighted[len(weighted) - 1 - gamma].name
