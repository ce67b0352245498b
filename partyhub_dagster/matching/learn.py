"""Learning weights from labelled pairs: a logistic layer over the levels of the comparisons.

Weights that come without labels say how often each level is seen; labels say what levels are worth together. The
layer moves every weight, scales every comparison and shifts the prior, and is drawn to the model that it starts from
(a maximum a posteriori estimate of a logistic regression with Gaussian priors), so that 50 pairs are enough to learn
from and what no label speaks of stays. Fixed levels and the effect of frequencies stay, too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import duckdb
import numpy as np

from partyhub_dagster.errors import ModelError
from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.features import create_features, weighed_features
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.score import create_blocked_pairs
from partyhub_dagster.matching.splink_linker import open_linker, splink_settings

Label = tuple[UUID, UUID, bool]
"""Two records, and whether they are one party."""

LEAST_LABELS = 20
LEAST_OF_EACH = 3

LEVEL_BITS = 2.0
"""Standard deviation of what labels may move a level by ..."""
SCALE = 1.0
"""... of the share that they may scale a comparison by ..."""
PRIOR_BITS = 3.0
"""... and of what they may move the prior by. Chosen on chicago_childcare, fake_1000 and historical_50k ..."""
STRENGTHS = (0.25, 0.5, 1.0)
"""... as the most: of these shares of all three, the one is taken by which labels foretell one another best."""

LEAST_GAIN = 0.005
"""Bits by which a label must be better foretold: every pair is scored anew for it."""

MOST_BITS = 40.0
_FOLDS = 5
_TABLES = ("labels_given", "ph_label_records", "ph_features", "ph_blocked_pairs")
_LN2 = math.log(2)

Array = Any
"""A numpy array."""


@dataclass(frozen=True)
class _Evidence:
    """What the model sees of labelled pairs. `level` is (comparison, pair) -> place among all levels, -1 unknown."""

    level: Array
    offset: Array
    same: Array

    def take(self, wanted: Array) -> "_Evidence":
        return _Evidence(self.level[:, wanted], self.offset[wanted], self.same[wanted])

    def bits(self, weights: Array, shift: float) -> Array:
        known = np.where(self.level >= 0, weights[self.level], 0.0)
        return self.offset + shift + known.sum(axis=0)


@dataclass(frozen=True)
class _Levels:
    """Every weighted level of a model, in order: the comparison it is of, its weight in bits, whether it may move."""

    comparison: Array
    bits: Array
    free: Array


def learn_from_labels(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    records: str,
    labels: Sequence[Label],
    parties: str | None = None,
) -> MatchModel:
    """Return the model with what labelled pairs of its kind teach; pairs of other records are left out.

    Reads `records` (columns of normalized_parties) and `parties` (record_id, party), if given: who is with whom
    without labels. Where no label contradicts them there is nothing to mend, only to harm.

    Guarantees: a function of model, records, labels and parties, in any order.

    Raises:
        ModelError: too few labels to learn from, all of one answer, or such as teach nothing.
    """
    levels = _levels_of(model)
    evidence, contradicted = _read_evidence(con, model, levels, records, labels, parties)
    pairs, matches = len(evidence.same), int(evidence.same.sum())
    if pairs < LEAST_LABELS or min(matches, pairs - matches) < LEAST_OF_EACH:
        raise ModelError(
            f"{pairs} labelled pairs are of two live records of kind {model.kind}, {matches} of them of one party: too"
            f" few to learn from; no model was made.",
            remedy=f"Label {LEAST_LABELS} pairs or more, {LEAST_OF_EACH} or more of either answer;"
            " `partyhub label-sample --out FILE` draws some.",
        )
    if contradicted == 0:
        raise ModelError(
            f"None of the {pairs} labels contradicts what the model makes of its pair without them; no model was made.",
            remedy="Keep the model, or label more pairs;"
            " `partyhub label-sample --out FILE` draws those that teach most.",
        )
    before = min(
        _loss(evidence.bits(levels.bits, 0.0), evidence.same),
        _held_out_loss(replace(levels, free=np.zeros_like(levels.free)), evidence, max(STRENGTHS)),
    )
    held_out, strength = min((_held_out_loss(levels, evidence, share), share) for share in STRENGTHS)
    if held_out > before - LEAST_GAIN:
        raise ModelError(
            f"The {pairs} labels hardly foretell one another better than the model does without them (bits that a label"
            f" costs: {before:.3f}, and {held_out:.3f} with what the others teach); no model was made.",
            remedy="If the model is not good enough, label more pairs, and look for labels that contradict others;"
            " `partyhub label-sample --out FILE` draws those that teach most.",
        )
    weights, shift = _fit(levels, evidence, strength)
    told = {
        "pairs": pairs,
        "one_party": matches,
        "log_loss_before": before,
        "log_loss_held_out": held_out,
        "strength": strength,
    }
    prior_bits = math.log2(model.artefact["prior"] / (1 - model.artefact["prior"])) + shift
    return model.with_parts(
        origin="labels",
        prior=min(0.5, max(1e-12, 1 / (1 + 2.0**-prior_bits))),
        comparisons=_with_weights(model, levels, weights),
        metrics={**model.metrics, "labels": told},
    )


def _levels_of(model: MatchModel) -> _Levels:
    """Put the levels of all comparisons one behind the other, each ladder from its last level up, as Splink counts."""
    rows = [
        (place, math.log2(m / u), not level.fixed)
        for place, comparison in enumerate(_used(model))
        for level in reversed(comparison.weighted)
        for m, u in [model.artefact["comparisons"][comparison.name][level.name]]
    ]
    comparison, bits, free = zip(*rows, strict=True)
    return _Levels(np.array(comparison), np.array(bits), np.array(free))


def _used(model: MatchModel) -> list[Any]:
    return [held for held in comparisons_of(model.kind) if held.name in model.artefact["comparisons"]]


def _read_evidence(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    levels: _Levels,
    records: str,
    labels: Sequence[Label],
    parties: str | None,
) -> tuple[_Evidence, int]:
    """Score the labelled pairs and keep the level of each comparison; the last of several labels of a pair counts.

    With it how many of them contradict `parties`; without parties, all of them.
    """
    given = {(min(one, other), max(one, other)): same for one, other, same in labels if one != other}
    ordered = sorted(given)
    con.execute(
        "create or replace temp table labels_given as select unnest($left)::uuid as record_id_l,"
        " unnest($right)::uuid as record_id_r, unnest($same)::boolean as same",
        {
            "left": [str(left) for left, _ in ordered],
            "right": [str(right) for _, right in ordered],
            "same": [given[pair] for pair in ordered],
        },
    )
    try:
        con.execute(
            "create or replace temp table ph_label_records as"
            f" select * from {records} where kind = '{model.kind}' and record_id in"
            " (select record_id_l from labels_given union select record_id_r from labels_given)"
        )
        create_features(con, model, "ph_label_records", "ph_features")
        create_blocked_pairs(con, "ph_features", "labels_given")
        contradicted = len(given) if parties is None else _count_contradictions(con, parties)
        return _predict(con, model, levels), contradicted
    finally:
        for table in _TABLES:
            con.execute(f"drop table if exists {table}")


def _count_contradictions(con: duckdb.DuckDBPyConnection, parties: str) -> int:
    [(count,)] = con.execute(
        "with live as (select record_id, party from ph_label_records"
        f" left join {parties} using (record_id))"
        " select count(*) from labels_given join live as l on l.record_id = record_id_l"
        " join live as r on r.record_id = record_id_r where same <> coalesce(l.party = r.party, false)"
    ).fetchall()
    return int(count)


def _predict(con: duckdb.DuckDBPyConnection, model: MatchModel, levels: _Levels) -> _Evidence:
    used = _used(model)
    with (
        weighed_features(con, model, "ph_features") as features,
        open_linker(con, splink_settings(model, explain=True), features) as linker,
    ):
        found = linker.predict("ph_blocked_pairs")
        gammas = ", ".join(f"gamma_{held.name}" for held in used)
        rows = con.execute(
            f"select {gammas}, match_weight, same from {found}"
            " join ph_features as l on l.rid = rid_l join ph_features as r on r.rid = rid_r"
            " join labels_given on l.record_id = record_id_l and r.record_id = record_id_r"
            " order by record_id_l, record_id_r"
        ).fetchall()
    first = np.searchsorted(levels.comparison, np.arange(len(used)))
    table = np.array([row[:-1] for row in rows], dtype=np.float64).reshape(len(rows), len(used) + 1)
    gamma = table[:, :-1].T.astype(np.int64)
    level = np.where(gamma >= 0, gamma + first[:, None], -1)
    same = np.array([row[-1] for row in rows], dtype=np.float64)
    bare = _Evidence(level, np.zeros(len(rows)), same)
    # what is left of the weight is the prior and what frequencies add
    return _Evidence(level, table[:, -1] - bare.bits(levels.bits, 0.0), same)


def _fit(levels: _Levels, evidence: _Evidence, strength: float) -> tuple[Array, float]:
    """Return the weights of all levels and the shift of the prior, in bits: the most probable ones given the labels."""
    from scipy.optimize import minimize

    count = int(levels.comparison.max()) + 1
    widths = np.repeat([SCALE, LEVEL_BITS, PRIOR_BITS], [count, len(levels.bits), 1])
    spread = strength * widths
    free, known = levels.free.astype(np.float64), evidence.level >= 0

    def weights_of(moved: Array) -> Array:
        return levels.bits + free * (levels.bits * moved[:count][levels.comparison] + moved[count:-1])

    def objective(moved: Array) -> tuple[float, Array]:
        bits = evidence.bits(weights_of(moved), moved[-1]) * _LN2
        loss = np.logaddexp(0, bits) - evidence.same * bits
        slope = (1 / (1 + np.exp(-np.clip(bits, -500, 500))) - evidence.same) * _LN2
        of_level = np.zeros(len(levels.bits))
        np.add.at(of_level, evidence.level[known], np.broadcast_to(slope, known.shape)[known])
        of_level *= free
        of_scale = np.bincount(levels.comparison, of_level * levels.bits, minlength=count)
        gradient = np.concatenate([of_scale, of_level, [slope.sum()]])
        return float(loss.sum() + 0.5 * ((moved / spread) ** 2).sum()), gradient + moved / spread**2

    found = minimize(
        objective, np.zeros(len(spread)), jac=True, method="L-BFGS-B", options={"maxiter": 1_000}
    )
    return np.clip(weights_of(found.x), -MOST_BITS, MOST_BITS), float(found.x[-1])


def _held_out_loss(levels: _Levels, evidence: _Evidence, strength: float) -> float:
    """Say how well labels are foretold by a model that learned from the others: the log loss over five folds."""
    fold = np.arange(len(evidence.same)) % _FOLDS
    bits = np.zeros(len(fold))
    for number in range(_FOLDS):
        weights, shift = _fit(levels, evidence.take(fold != number), strength)
        bits[fold == number] = evidence.take(fold == number).bits(weights, shift)
    return _loss(bits, evidence.same)


def _loss(bits: Array, same: Array) -> float:
    """Return the mean log loss in bits: 0 is certain and right, 1 is no better than a coin."""
    return float(np.mean(np.logaddexp(0, bits * _LN2) - same * bits * _LN2) / _LN2)


def _with_weights(model: MatchModel, levels: _Levels, weights: Array) -> dict[str, dict[str, list[float]]]:
    """Put weights into the form of the artefact: (m, u) with log2(m / u) = weight."""
    places = iter(zip(weights.tolist(), levels.free.tolist(), strict=True))
    made: dict[str, dict[str, list[float]]] = {}
    for comparison in _used(model):
        held = model.artefact["comparisons"][comparison.name]
        changed = {
            level.name: _of_weight(held[level.name], bits) if free else list(held[level.name])
            for level, (bits, free) in zip(reversed(comparison.weighted), places, strict=False)
        }
        made[comparison.name] = {name: changed[name] for name in held}
    return made


def _of_weight(held: Sequence[float], bits: float) -> list[float]:
    u = min(held[1], 0.999 * 2.0**-bits)
    return [u * 2.0**bits, u]
