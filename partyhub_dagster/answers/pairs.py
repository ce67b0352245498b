"""Why two records are, or are not, in one party."""

import math
import uuid
from typing import Any

import duckdb

from partyhub_dagster.answers.decided import decisions_about
from partyhub_dagster.answers.parties import identify
from partyhub_dagster.answers.surroundings import (
    Surroundings,
    decision_between,
    surroundings_of,
    told_records,
)
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.identity.decisions import DecisionKind, resolve
from partyhub_dagster.identity.explain import Verdict, Why, explain_parties
from partyhub_dagster.identity.merges import (
    Merge,
    PartyMerges,
    merge_between,
    merges_of,
    pairs_across,
    weakest_of,
    without_margin,
)
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.matching.explain import PairExplanation, explain_pair
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.registry import require_model


def explain_records(place: LakePlace, config: HubConfig, left: str, right: str) -> dict[str, Any]:
    """Explain a pair by the newest release's model: comparisons, weight, blocking rules, decisions, thresholds.

    Then what decided about their parties, and what it would take to make it otherwise.

    Raises:
        NotFoundError: one of the two is no live record.
    """
    a, b = identify(config, left), identify(config, right)
    if a == b:
        raise NotFoundError(
            "Both are the same record.",
            remedy="Give two different records, or one alone to explain its party.",
        )
    with read_release(place) as (con, release):
        kinds = _kinds(con, a, b)
        session = Session(place, con, run_id="explain")
        records = told_records(session, config, [a, b])
        if len(kinds) == 2:
            return {**_of_two_kinds(release), "records": records}
        model = require_model(session, kinds.pop())
        around = surroundings_of(session, config, [a, b])
        explained = explain_pair(con, model, "normalized_parties", str(a), str(b))
        one, other = around.code(a), around.code(b)
        cluster = around.outputs.cluster
        same = bool(cluster[one] == cluster[other])
        made = merges_of(around.inputs, cluster, cluster == cluster[one]) if same else PartyMerges((), ())
        merge, weakest = merge_between(made, one, other), weakest_of(made)
        margin = {} if merge is None else _margin(around, merge, explained, model)
        counted = pairs_across(around.inputs, (one,), (other,))
        component = around.outputs.component
        return {
            **pair_answer(explained),
            "counts": bits_of(counted.mean),
            "same_party": same,
            "same_component": bool(component[one] == component[other]),
            "verdict": verdict_answer(around, one, other),
            **({"merge": _told(around, merge), "weakest": _told(around, weakest)} if same else {}),
            "to_split" if same else "to_join": _otherwise(around, one, other, margin, same=same),
            "thresholds": thresholds_answer(model),
            "decisions": decisions_about(con, [a, b], between=True),
            "model": model.version[:12],
            "records": records,
            "release": release.number,
        }


def pair_answer(explained: PairExplanation) -> dict[str, Any]:
    """Tell what a pair weighs, and why."""
    return {
        "linked": explained.linked,
        "weight": round(explained.weight, 3),
        "probability": round(explained.probability, 6),
        "prior": round(explained.prior_bits, 3),
        "comparisons": [
            {"name": c.name, "level": c.level, "weight": round(c.weight_bits, 3)}
            for c in explained.comparisons
        ],
        "blocking_rules": list(explained.blocking_rules),
    }


def thresholds_answer(model: MatchModel) -> dict[str, float]:
    """Tell at which weights something changes, in bits."""
    limits = model.thresholds
    return {
        "keep": limits.keep, "link": limits.link, "cut": limits.cut, "doubling": limits.doubling,
        "miss": limits.miss, "cap": limits.cap,
    }  # fmt: skip


def verdict_answer(around: Surroundings, one: int, other: int) -> dict[str, Any]:
    """Say what decided that the two are one party or two: a merge, or what refused it."""
    verdict = explain_parties(around.inputs, around.outputs, one, other)
    return {
        "why": verdict.why.value,
        "mean_weight": bits_of(verdict.weight),
        "pairs_scored": verdict.scored,
        "pairs_between": verdict.pairs,
        "asked": bits_of(verdict.asked),
        "decision_id": None if verdict.decision_id is None else str(verdict.decision_id),
        "schemes": [around.schemes[scheme] for scheme in verdict.schemes],
    }


def bits_of(millibits: float | None) -> float | None:
    """Return a weight in bits, as answers have it."""
    return None if millibits is None or math.isnan(millibits) else round(millibits / 1_000, 3)


def _told(around: Surroundings, merge: Merge | None) -> dict[str, Any] | None:
    return None if merge is None else told_merge(around, merge)


def told_merge(around: Surroundings, merge: Merge) -> dict[str, Any]:
    """Tell two pieces that became one: how sure, on how many pairs, and the best and worst of those."""
    across = pairs_across(around.inputs, merge.left, merge.right)
    return {
        "left": around.named(merge.left),
        "right": around.named(merge.right),
        "mean_weight": bits_of(across.mean),
        "asked": bits_of(merge.asked),
        "margin": bits_of(merge.margin),
        "pairs_scored": across.scored,
        "pairs_between": across.pairs,
        "strongest": None
        if across.strongest is None
        else {"pair": around.named(across.strongest), "weight": bits_of(across.strongest_weight)},
        "weakest_scored": bits_of(across.weakest_weight),
    }


def _otherwise(
    around: Surroundings, one: int, other: int, margin: dict[str, Any], *, same: bool
) -> dict[str, Any]:
    """Tell what would make it otherwise: a decision with its outcome, bits, comparisons that carry the merge."""
    verdict = explain_parties(around.inputs, around.outputs, one, other)
    pair = around.named((one, other))
    both = tuple(dict.fromkeys((*around.members(one), *around.members(other))))
    if verdict.why in {Why.SAME_DECISION, Why.NOT_SAME_DECISION}:
        ids = _deciding(around, verdict, both)
        return {
            "revoke": sorted(str(id_) for id_ in ids),
            "parties_then": around.parties_without(ids, (one, other)),
        }
    wanted = DecisionKind.NOT_SAME if same else DecisionKind.SAME
    answer: dict[str, Any] = {
        "decision": [wanted.value, *pair],
        "parties_then": around.parties_under(decision_between(wanted, one, other), (one, other)),
    }
    return {**answer, **(margin if same else _missing(verdict))}


def _deciding(around: Surroundings, verdict: Verdict, both: tuple[int, ...]) -> set[uuid.UUID]:
    """Collect the decisions that hold two together or apart."""
    if verdict.decision_id is not None:
        return {verdict.decision_id}
    in_force = resolve(around.inputs.decisions, around.inputs.kind).same_in_force
    return {held.decision_id for held in in_force if held.left in both or held.right in both}


def _missing(verdict: Verdict) -> dict[str, Any]:
    """Tell how many bits the mean lacks, and how many all pairs together."""
    if verdict.weight is None or verdict.asked is None:
        return {}
    missing = verdict.asked - verdict.weight
    return {"missing_bits": bits_of(missing), "missing_in_total": bits_of(missing * verdict.pairs)}


def _margin(
    around: Surroundings, merge: Merge, explained: PairExplanation, model: MatchModel
) -> dict[str, Any]:
    """Tell how many bits could be lost, and which comparisons of the pair hold more than that by themselves."""
    spare = merge.margin * merge.pairs / 1_000
    cap = model.thresholds.cap
    counted = explained.kept and explained.blocking_rules
    carries = [
        held.name
        for held in explained.comparisons
        if counted and min(explained.weight, cap) - min(explained.weight - held.weight_bits, cap) > spare
    ]
    return {**told_margin(around, merge), "carried_by": carries}


def told_margin(around: Surroundings, merge: Merge) -> dict[str, Any]:
    """Tell how many bits a merge has to spare, and the parties that would be if it lost a little more."""
    return {
        "spare_bits": bits_of(merge.margin),
        "spare_in_total": bits_of(merge.margin * merge.pairs),
        "parties_if_lost": around.parties_given(
            without_margin(around.inputs, merge), around.members(merge.left[0])
        ),
    }


def _kinds(con: duckdb.DuckDBPyConnection, a: uuid.UUID, b: uuid.UUID) -> set[Any]:
    rows = con.execute(
        "select record_id, kind from normalized_parties where record_id in ($a, $b)", {"a": a, "b": b}
    ).fetchall()
    live = [row[0] for row in rows]
    if len(live) < 2:
        which = "Neither" if not live else "Only the first" if a in live else "Only the second"
        raise NotFoundError(
            f"{which} of the two is a live record in the newest release.",
            remedy="Give live records as SOURCE:RECORD or record_id. `partyhub lineage ID` tells what became of one.",
        )
    return {row[1] for row in rows}


def _of_two_kinds(release: Release) -> dict[str, Any]:
    return {
        "linked": False, "same_party": False, "same_component": False, "weight": None, "probability": 0.0,
        "comparisons": [], "blocking_rules": [], "decisions": [], "release": release.number, "to_join": {},
        "note": "A person and an organization are never compared.",
    }  # fmt: skip
