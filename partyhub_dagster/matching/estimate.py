"""What unlabelled records teach: how often true and random pairs fall on each level.

u is counted on random pairs, m comes from Splink's expectation maximisation over several blockings, each leaving out
what it blocks on. What the data cannot teach (a level never seen, a comparison that comes out upside down) keeps
shipped weights.
"""

import math
from collections.abc import Mapping
from statistics import median
from typing import Any

import duckdb

from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.default_weights import default_weights
from partyhub_dagster.matching.features import pairs_with_features
from partyhub_dagster.matching.levels import Comparison, case_of
from partyhub_dagster.matching.model import Kind, MatchModel
from partyhub_dagster.matching.splink_linker import open_linker, splink_settings
from partyhub_dagster.matching.trial import PRIOR_PAIRS, Trial

RANDOM_RECORDS = 2_000
"""Records whose pairs (about two million) show how random pairs fall."""

SESSION_RECORDS = 100_000
SESSION_PAIRS = 100_000
LEAST_PAIRS = 200
LEAST_SEEN = 5
LEAST_RANDOM_PAIRS = 1_000
SHIPPED_MATCHES = 50
"""What is shipped counts as so many true pairs beside those of the data."""

MOST_BITS = 12.0
"""What no comparison alone may say, either way: they are not independent, though their weights are added."""

MOST_BITS_LEARNED = 8.0
"""How far a learned weight may lie from the shipped one."""

PRIOR_ROUNDS = 10

_SESSIONS: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "person": (
        ("birth_date",),
        ("name_pair",),
        ("first_email",),
        ("first_phone",),
        ("address_full",),
        ("first_id",),
        ("name_family", "postcode"),
    ),
    "organization": (
        ("name_full",),
        ("address_full",),
        ("first_phone",),
        ("first_email",),
        ("first_id",),
        ("street", "house_number"),
    ),
}

Learned = dict[str, dict[str, list[float]]]
Session = dict[str, dict[str, tuple[float, float]]]
"""Comparison -> level -> (m, true pairs that it rests on)."""


def estimate_weights(con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, seed: int) -> Learned:
    """Return comparison -> level -> [m, u] for the comparisons of the model, learned where the data allows."""
    shipped = default_weights(model.kind)
    used = [held for held in comparisons_of(model.kind) if held.name in model.artefact["comparisons"]]
    seen, pairs = _measure_random_pairs(con, used, features, seed)
    weights: Learned = {
        held.name: _learn_u(held, shipped[held.name], seen[held.name], pairs) for held in used
    }
    sessions = _run_sessions(con, model.with_parts(comparisons=weights), features, seed)
    for held in used:
        sampled = [found[held.name] for found in sessions if held.name in found]
        learned = _learn_m(held, shipped[held.name], weights[held.name], sampled)
        if _is_sound(held, shipped[held.name], learned):
            weights[held.name] = learned
        else:
            weights[held.name] = {name: list(mu) for name, mu in shipped[held.name].items()}
    return weights


def _sample(con: duckdb.DuckDBPyConnection, features: str, seed: int, most: int) -> None:
    """Create `ph_sample`, the features of at most so many records, chosen by hash of their id."""
    con.execute(
        "create or replace temp table ph_sample as select * replace"
        f" ((row_number() over (order by rid) - 1)::integer as rid) from {features} where rid in"
        f" (select rid from {features} order by md5($seed || record_id::varchar), record_id limit $most)",
        {"seed": str(seed), "most": most},
    )


def _measure_random_pairs(
    con: duckdb.DuckDBPyConnection, used: list[Comparison], features: str, seed: int
) -> tuple[dict[str, dict[str, float]], int]:
    """Measure, per comparison and level, u over all pairs of a sample: nearly all are of different parties."""
    _sample(con, features, seed, RANDOM_RECORDS)
    con.execute(
        "create or replace temp table ph_random_pairs as select l.rid as join_key_l, r.rid as join_key_r"
        " from ph_sample as l join ph_sample as r on l.rid < r.rid"
    )
    [(pairs,)] = con.execute("select count(*) from ph_random_pairs").fetchall()
    found = {held.name: _shares_of_levels(con, held) for held in used}
    con.execute("drop table ph_sample; drop table ph_random_pairs")
    return found, pairs


def _shares_of_levels(con: duckdb.DuckDBPyConnection, comparison: Comparison) -> dict[str, float]:
    """Return the share of each level among the random pairs of which both records have values to compare."""
    level = case_of(comparison, (f"'{held.name}'" for held in comparison.levels))
    counted = con.execute(
        f"select level, count(*) from (select {level} as level"
        f" from ({pairs_with_features(con, 'ph_random_pairs', 'ph_sample', level)})) group by level"
    ).fetchall()
    weighted = {held.name for held in comparison.weighted}
    pairs = {name: count for name, count in counted if name in weighted}
    return {name: count / sum(pairs.values()) for name, count in pairs.items()}


def _learn_u(
    comparison: Comparison, shipped: Mapping[str, tuple[float, float]], seen: dict[str, float], pairs: int
) -> dict[str, list[float]]:
    """Take the u that was measured; a level never seen keeps the shipped u, one hardly seen as far as that allows."""
    learned = {}
    for level in comparison.weighted:
        m, u = shipped[level.name]
        measured = seen.get(level.name)
        if level.fixed or pairs < LEAST_RANDOM_PAIRS or measured is None:
            learned[level.name] = [m, u]
        elif measured * pairs >= LEAST_SEEN:
            learned[level.name] = [m, measured]
        else:
            learned[level.name] = [m, min(u, (LEAST_SEEN + 1) / pairs)]
    return learned


def _run_sessions(
    con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, seed: int
) -> list[Session]:
    """Run each blocking that brings enough pairs; return comparison -> level -> (m, true pairs it rests on)."""
    _sample(con, features, seed, SESSION_RECORDS)
    sessions = []
    settings = splink_settings(model, with_tf=False) | {"em_convergence": 0.001}
    for columns in _SESSIONS[model.kind]:
        pairs = _count_pairs(con, columns)
        if pairs < LEAST_PAIRS:
            continue
        with open_linker(con, settings, "ph_sample") as opened:
            found = _run_session(opened.linker, columns, pairs)
        if found is not None:
            sessions.append(found)
    con.execute("drop table ph_sample")
    return sessions


def _count_pairs(con: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> int:
    held = ", ".join(columns)
    present = " and ".join(f"{column} is not null" for column in columns)
    rows = con.execute(
        "select coalesce(sum(n * (n - 1) / 2), 0)::bigint from"
        f" (select count(*) as n from ph_sample where {present} group by {held})"
    ).fetchall()
    return int(rows[0][0])


def _run_session(linker: Any, columns: tuple[str, ...], pairs: int) -> Session | None:
    """Run one blocking; None when Splink cannot estimate from it (no pairs left, or a level's m runs to zero)."""
    from splink import block_on
    from splink.internals.exceptions import EMTrainingException

    try:
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns),
            estimate_without_term_frequencies=True,
            max_pairs=SESSION_PAIRS if pairs > SESSION_PAIRS else None,
            record_sample_proportion=1.0,
        )
    except (EMTrainingException, ValueError):
        return None
    core = session.core_model_settings
    matches = core.probability_two_random_records_match * min(pairs, SESSION_PAIRS)
    return {
        comparison.output_column_name: {
            level.label_for_charts: (float(level.m_probability or 0.0), matches)
            for level in comparison.comparison_levels
            if not level.is_null_level
        }
        for comparison in core.comparisons
    }


def _learn_m(
    comparison: Comparison,
    shipped: Mapping[str, tuple[float, float]],
    held: dict[str, list[float]],
    found: list[dict[str, tuple[float, float]]],
) -> dict[str, list[float]]:
    """Take the median m over the sessions, drawn a little to the shipped one, and bound what it says.

    A level that hardly any pair was seen on keeps its shipped weight; so do fixed levels.
    """
    free = [level.name for level in comparison.weighted if not level.fixed]
    if not found or not free:
        return held
    shipped_sum = sum(shipped[name][0] for name in free)
    drawn, true_pairs = {}, {}
    for name in free:
        prior_m = shipped[name][0] / shipped_sum
        drawn[name] = median(
            (session[name][0] * session[name][1] + prior_m * SHIPPED_MATCHES)
            / (session[name][1] + SHIPPED_MATCHES)
            for session in found
        )
        true_pairs[name] = median(session[name][0] * session[name][1] for session in found)
    scale = 1 / sum(drawn.values())
    learned = dict(held)
    for name in free:
        u, shipped_bits = held[name][1], math.log2(shipped[name][0] / shipped[name][1])
        seen = true_pairs[name] >= LEAST_SEEN or u > shipped[name][1] / 2
        bits = math.log2(max(drawn[name] * scale, 1e-12) / u) if seen else shipped_bits
        bits = min(max(bits, shipped_bits - MOST_BITS_LEARNED), shipped_bits + MOST_BITS_LEARNED)
        learned[name] = [min(u * 2 ** min(max(bits, -MOST_BITS), MOST_BITS), 0.999999), u]
    return learned


def _is_sound(
    comparison: Comparison, shipped: Mapping[str, tuple[float, float]], learned: dict[str, list[float]]
) -> bool:
    """Tell whether agreement speaks for a match and disagreement against one."""
    bits = {name: math.log2(m / u) for name, (m, u) in learned.items()}
    free = [level.name for level in comparison.weighted if not level.fixed]
    if len(free) < 2:
        return True
    best = max(free, key=lambda name: shipped[name][0] / shipped[name][1])
    return bits[best] > 0 and bits[best] > bits[free[-1]] and bits[free[-1]] <= 0


def estimate_prior(model: MatchModel, trial: Trial) -> float:
    """Estimate the chance that two random records are one party: expected matches of blocked pairs, over all pairs.

    The fixed point of "prior -> expected matches -> prior", from scores of a sample of the blocked pairs.
    """
    import numpy as np

    prior = float(model.artefact["prior"])
    blocked = np.flatnonzero(trial.finds(model.rules))
    bits = np.sort(trial.bits[blocked[:PRIOR_PAIRS]])
    evidence = bits[bits >= model.thresholds.keep] - math.log2(prior)
    if trial.records < LEAST_PAIRS or len(evidence) == 0:
        return prior
    scale = trial.scale * max(1.0, len(blocked) / PRIOR_PAIRS) / math.comb(trial.records, 2)
    for _ in range(PRIOR_ROUNDS):
        expected = float(np.sum(1 / (1 + np.exp2(-(evidence + math.log2(prior / (1 - prior)))))))
        prior = min(0.1, max(1e-9, expected * scale))
    return prior
