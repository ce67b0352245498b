"""Training: from unlabelled records to a frozen model. Scoring never trains.

The same records, settings and seed give the same model: samples are taken by hash, not by chance.
"""

from collections.abc import Sequence

import duckdb

from partyhub_dagster.config import MatchSettings
from partyhub_dagster.config.matching import Matching
from partyhub_dagster.matching.cut import Merging, create_parties, settle_cut
from partyhub_dagster.matching.default_weights import default_artefact
from partyhub_dagster.matching.estimate import estimate_prior, estimate_weights
from partyhub_dagster.matching.features import create_features
from partyhub_dagster.matching.freeze import (
    choose_rules,
    create_all_keys,
    freeze_stop_keys,
    raise_link,
    rules_to_try,
    score_all,
    stop_common_names,
)
from partyhub_dagster.matching.frequencies import count_frequencies
from partyhub_dagster.matching.learn import Label, learn_from_labels
from partyhub_dagster.matching.model import Kind, MatchModel
from partyhub_dagster.matching.trial import try_rules

__all__ = ["default_model", "train_model"]

SEED = 1
KEYS = "ph_all_keys"
SIZES = "ph_all_block_sizes"
FEATURES = "ph_all_features"
SCORES = "ph_all_scored"
RANKS = "ph_all_ranks"
PARTIES = "ph_all_parties"


ENOUGH_TO_COUNT = 1_000
"""Records from which on a model of shipped weights knows how often values occur."""


def default_model(
    kind: Kind,
    settings: MatchSettings | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
    records: str | None = None,
    labels: Sequence[Label] = (),
    merging: Merging | None = None,
) -> MatchModel:
    """Return the model of shipped weights; given enough records, with their frequencies, stop keys and prior.

    Without `merging` `cut` is not learned. Guarantees: a function of settings, records and labels. Leaves what
    `train_model` does, given enough records.

    Raises:
        ModelError: labels are given, but too few to learn from.
    """
    settings = settings or Matching().of(kind)
    if con is None or records is None:
        return MatchModel.of(default_artefact(kind, settings))
    model = counted_model(con, records, kind, settings)
    if model.artefact["trained_on"]["records"] < ENOUGH_TO_COUNT:
        model = model.with_parts(frequencies={})
        return learn_from_labels(con, model, records, labels) if labels else model
    return _freeze(con, model, records, settings, labels, merging)


def train_model(
    con: duckdb.DuckDBPyConnection,
    records: str,
    kind: Kind,
    settings: MatchSettings | None = None,
    seed: int = SEED,
    labels: Sequence[Label] = (),
    merging: Merging | None = None,
) -> MatchModel:
    """Learn a model of `kind` from `records`: frequencies, weights, prior, blocking, `cut`, from labels, then `link`.

    Reads `records` (columns of normalized_parties). `merging` says how they cluster: without it `cut` is not learned.
    Guarantees: a function of records, settings, seed and labels. Leaves the temp tables KEYS, of its rules, RANKS (rid,
    record_id), by which they name records, and SCORES (record_id_l, record_id_r, weight) of pairs that are kept.

    Raises:
        ModelError: labels are given, but too few to learn from.
    """
    settings = settings or Matching().of(kind)
    model = counted_model(con, records, kind, settings).with_parts(origin="trained")
    return _freeze(con, model, records, settings, labels, merging, seed)


def _freeze(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    records: str,
    settings: MatchSettings,
    labels: Sequence[Label],
    merging: Merging | None,
    seed: int | None = None,
) -> MatchModel:
    """Settle what counting leaves open; with a `seed` weights are estimated, else they stay the shipped ones."""
    create_all_keys(con, model, records, settings, KEYS, SIZES)
    try:
        model = freeze_stop_keys(con, model, SIZES)
        create_features(con, model, records, FEATURES)
        if seed is not None:
            model = model.with_parts(comparisons=estimate_weights(con, model, FEATURES, seed))
        return _settle(con, model, records, settings, labels, merging)
    finally:
        con.execute(f"drop table if exists {FEATURES}; drop table if exists {SIZES}")


def _settle(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    records: str,
    settings: MatchSettings,
    labels: Sequence[Label],
    merging: Merging | None,
) -> MatchModel:
    """Settle what depends on weights: prior, rules that are worth their pairs, where to link and to stop merging.

    Labels are learned from last, and leave `cut`. Their weights tell pairs apart more sharply, so the trend of merges
    by which `cut` is settled ends sooner, though as much is left to merge.
    """
    trial = try_rules(con, model, FEATURES, KEYS, SIZES, *rules_to_try(model, settings))
    model = model.with_parts(prior=estimate_prior(model, trial))
    model, trial = stop_common_names(con, model, trial, settings, SIZES)
    con.execute(f"drop table {SIZES}")
    model = choose_rules(model, trial, settings)
    con.execute(
        f"create or replace temp table {KEYS} as from {KEYS} where list_contains($rules, rule)",
        {"rules": model.rules},
    )
    con.execute(f"create or replace temp table {RANKS} as select rid, record_id from {FEATURES}")
    pairs = score_all(con, model, FEATURES, KEYS, SCORES)
    if merging is not None:
        model = settle_cut(con, model, SCORES, settings, merging)
    frozen = raise_link(con, model, SCORES, pairs, settings)
    if not labels:
        return frozen
    if merging is not None:
        create_parties(con, frozen, SCORES, merging, PARTIES)
    try:
        model = learn_from_labels(con, model, records, labels, PARTIES if merging is not None else None)
    finally:
        con.execute(f"drop table if exists {PARTIES}")
    pairs = score_all(con, model, FEATURES, KEYS, SCORES)
    return raise_link(con, model, SCORES, pairs, settings)


def counted_model(
    con: duckdb.DuckDBPyConnection, records: str, kind: Kind, settings: MatchSettings
) -> MatchModel:
    """Return shipped weights with the frequencies of `records`, and who was counted."""
    sources = con.execute(
        f"select source, count(*) from {records} where kind = $kind group by source order by source",
        {"kind": kind},
    ).fetchall()
    return MatchModel.of(
        default_artefact(kind, settings)
        | {
            "frequencies": count_frequencies(con, records, kind),
            "trained_on": {"records": sum(n for _, n in sources), "sources": dict(sources)},
        }
    )
