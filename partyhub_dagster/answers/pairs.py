"""Why two records are, or are not, in one party."""

import uuid
from typing import Any

import duckdb

from partyhub_dagster.answers.parties import identify
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.hub import thresholds_of
from partyhub_dagster.identity.affected import KIND_CODES, collect_components
from partyhub_dagster.identity.explain import explain_parties
from partyhub_dagster.identity.state import cluster_affected
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.matching.explain import explain_pair
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.registry import require_model


def explain_records(place: LakePlace, config: HubConfig, left: str, right: str) -> dict[str, Any]:
    """Explain a pair by the newest release's model: comparisons, weight, blocking rules, decisions, thresholds.

    Raises:
        NotFoundError: one of the two is no live record.
    """
    a, b = identify(config, left), identify(config, right)
    with read_release(place) as (con, release):
        kinds = _kinds(con, a, b)
        if len(kinds) == 2:
            return _of_two_kinds(release)
        session = Session(place, con, run_id="explain")
        model = require_model(session, kinds.pop())
        explained = explain_pair(con, model, "normalized_parties", str(a), str(b))
        same = con.execute(
            "select count(distinct party_id) = 1, count(distinct component_id) = 1 from party_clusters"
            " where record_id in ($a, $b)",
            {"a": a, "b": b},
        ).fetchone() or (False, False)
        return {
            "linked": explained.linked,
            "same_party": bool(same[0]),
            "same_component": bool(same[1]),
            "weight": round(explained.weight, 3),
            "probability": round(explained.probability, 6),
            "prior": round(explained.prior_bits, 3),
            "comparisons": [
                {"name": c.name, "level": c.level, "weight": round(c.weight_bits, 3)}
                for c in explained.comparisons
            ],
            "blocking_rules": list(explained.blocking_rules),
            "verdict": _verdict(session, model, a, b),
            "thresholds": {
                "keep": model.thresholds.keep,
                "link": explained.link,
                "cut": model.thresholds.cut,
            },
            "decisions": _decisions(con, a, b),
            "model": model.version[:12],
            "release": release.number,
        }


def _verdict(session: Session, model: MatchModel, a: uuid.UUID, b: uuid.UUID) -> dict[str, Any]:
    """Say what decided that the two are one party or two: a merge, or what refused it."""
    found = collect_components(session, [a, b], {KIND_CODES[model.kind]: thresholds_of(model)})
    code = dict(
        session.con.execute(
            "select record_id, code from codes where record_id in ($a, $b)", {"a": a, "b": b}
        ).fetchall()
    )
    verdict = explain_parties(found.inputs, cluster_affected(found.inputs), code[a], code[b])
    return {
        "why": verdict.why.value,
        "mean_weight": None if verdict.weight is None else round(verdict.weight / 1_000, 3),
        "pairs_scored": verdict.scored,
        "pairs_between": verdict.pairs,
        "decision_id": None if verdict.decision_id is None else str(verdict.decision_id),
    }


def _kinds(con: duckdb.DuckDBPyConnection, a: uuid.UUID, b: uuid.UUID) -> set[Any]:
    rows = con.execute(
        "select record_id, kind from normalized_parties where record_id in ($a, $b)", {"a": a, "b": b}
    ).fetchall()
    if len(rows) < 2:
        raise NotFoundError(
            f"{len(rows)} of the 2 records are live in the newest release.",
            remedy="Give two different records as SOURCE:RECORD or record_id.",
        )
    return {row[1] for row in rows}


def _of_two_kinds(release: Release) -> dict[str, Any]:
    return {
        "linked": False, "same_party": False, "same_component": False, "weight": None, "probability": 0.0,
        "comparisons": [], "blocking_rules": [], "decisions": [], "release": release.number,
        "note": "A person and an organization are never compared.",
    }  # fmt: skip


def _decisions(con: duckdb.DuckDBPyConnection, a: uuid.UUID, b: uuid.UUID) -> list[dict[str, Any]]:
    rows = con.execute(
        "select decision_id::varchar, verdict, author, decided_at from lake.decisions"
        " where (left_id = $a and right_id = $b) or (left_id = $b and right_id = $a) order by sequence",
        {"a": a, "b": b},
    ).fetchall()
    return [
        {"decision_id": row[0], "verdict": row[1], "author": row[2], "decided_at": row[3].isoformat()}
        for row in rows
    ]
