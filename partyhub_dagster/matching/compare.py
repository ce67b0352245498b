"""Two models on the same pairs: what either of them makes of what one of them would compare."""

import math
from typing import Any

import duckdb

from partyhub_dagster.matching.blocking import create_blocking_keys
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.pairs import create_pairs
from partyhub_dagster.matching.score import score_pairs

SAMPLED_PAIRS = 200_000
"""Pairs that are scored; of more, so many by hash, and counts are scaled up."""
_SHOWN = 10
_TABLES = ("compared_keys", "compared_old", "compared_new", "compared_all", "compared_pairs", "compared")


def compare_models(
    con: duckdb.DuckDBPyConnection, records: str, old: MatchModel, new: MatchModel
) -> dict[str, Any]:
    """Score what either model would compare by both; two records count as one party from 0 bits on.

    Reads `records` (columns of normalized_parties). Guarantees: a function of records and models. Units: bits.
    """
    try:
        pairs = _choose_pairs(con, records, old, new)
        sampled = min(pairs, SAMPLED_PAIRS)
        score_pairs(con, old, records, "compared_pairs", "compared_old")
        score_pairs(con, new, records, "compared_pairs", "compared_new")
        con.execute(
            """
            create or replace temp table compared as
            select record_id_l, record_id_r, o.weight / 1000.0 as old, n.weight / 1000.0 as new
            from compared_pairs left join compared_old as o using (record_id_l, record_id_r)
            left join compared_new as n using (record_id_l, record_id_r)
            """
        )
        return {
            "kind": new.kind,
            "old": old.version,
            "new": new.version,
            "pairs": pairs,
            "pairs_scored": sampled,
            **_counts(con, pairs / max(sampled, 1)),
            "weights_changed_most": _weights_changed(old, new),
            "pairs_changed_most": _pairs_changed(con),
            "rules_added": sorted(set(new.rules) - set(old.rules)),
            "rules_dropped": sorted(set(old.rules) - set(new.rules)),
            "thresholds_changed": _thresholds_changed(old, new),
        }
    finally:
        for table in _TABLES:
            con.execute(f"drop table if exists {table}")


def _choose_pairs(con: duckdb.DuckDBPyConnection, records: str, old: MatchModel, new: MatchModel) -> int:
    """Create temp table `compared_pairs`, the sample; return how many pairs there are."""
    for model, pairs in ((old, "compared_old"), (new, "compared_new")):
        create_blocking_keys(con, model, records, "compared_keys")
        create_pairs(con, model, "compared_keys", None, pairs)
    con.execute("create or replace temp table compared_all as from compared_old union from compared_new")
    con.execute(
        "create or replace temp table compared_pairs as from compared_all"
        f" order by hash(record_id_l, record_id_r), record_id_l, record_id_r limit {SAMPLED_PAIRS}"
    )
    [(count,)] = con.execute("select count(*) from compared_all").fetchall()
    return int(count)


def _counts(con: duckdb.DuckDBPyConnection, scale: float) -> dict[str, Any]:
    """Count who is one party by which model, and how far weights moved; below `keep` a pair has none."""
    [row] = con.execute(
        """
        select count(*) filter (old >= 0 and new >= 0),
            count(*) filter (old >= 0 and not coalesce(new >= 0, false)),
            count(*) filter (new >= 0 and not coalesce(old >= 0, false)),
            coalesce(sum(1 / (1 + pow(2, -old)) order by old), 0),
            coalesce(sum(1 / (1 + pow(2, -new)) order by new), 0),
            quantile_disc(new - old, [0.05, 0.5, 0.95])
        from compared
        """
    ).fetchall()
    both, only_old, only_new, expected_old, expected_new, moved = row
    return {
        "one_party_by_both": round(both * scale),
        "one_party_by_old_only": round(only_old * scale),
        "one_party_by_new_only": round(only_new * scale),
        "expected_matches_old": round(expected_old * scale, 1),
        "expected_matches_new": round(expected_new * scale, 1),
        "moved": None if moved is None else [round(bits, 3) for bits in moved],
    }


def _pairs_changed(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """List the pairs that changed sides, by how far they moved."""
    rows = con.execute(
        f"""
        select record_id_l::varchar, record_id_r::varchar, old, new from compared
        where coalesce(old >= 0, false) <> coalesce(new >= 0, false)
        order by abs(coalesce(new, -20) - coalesce(old, -20)) desc, record_id_l, record_id_r limit {_SHOWN}
        """
    ).fetchall()
    return [{"left": left, "right": right, "old": old, "new": new} for left, right, old, new in rows]


def _weights_changed(old: MatchModel, new: MatchModel) -> list[dict[str, Any]]:
    """List the levels whose weight differs most."""
    before, after = _weights_of(old), _weights_of(new)
    moved = [place for place in before.keys() | after.keys() if before.get(place) != after.get(place)]
    moved.sort(key=lambda place: (-abs(after.get(place, 0) - before.get(place, 0)), place))
    return [
        {
            "comparison": name,
            "level": level,
            "old": before.get((name, level)),
            "new": after.get((name, level)),
        }
        for name, level in moved[:_SHOWN]
    ]


def _weights_of(model: MatchModel) -> dict[tuple[str, str], float]:
    return {
        (name, level): round(math.log2(m / u), 2)
        for name, levels in model.artefact["comparisons"].items()
        for level, (m, u) in levels.items()
    }


def _thresholds_changed(old: MatchModel, new: MatchModel) -> dict[str, list[float]]:
    before, after = old.artefact["thresholds"], new.artefact["thresholds"]
    return {name: [before[name], after[name]] for name in sorted(before) if before[name] != after[name]}
