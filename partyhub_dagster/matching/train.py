"""Training: from unlabelled records to a frozen model. Scoring never trains.

The same records, settings and seed give the same model: samples are taken by hash, not by chance.
"""

from typing import Any

import duckdb

from partyhub_dagster.config import MatchSettings
from partyhub_dagster.matching.default_weights import default_artefact, default_model
from partyhub_dagster.matching.estimate import estimate_prior, estimate_weights
from partyhub_dagster.matching.freeze import add_rules, create_all_keys, freeze_stop_keys, raise_link
from partyhub_dagster.matching.frequencies import count_frequencies
from partyhub_dagster.matching.model import Kind, MatchModel

__all__ = ["default_model", "train_model"]

SEED = 1
KEYS = "ph_all_keys"


def train_model(
    con: duckdb.DuckDBPyConnection,
    records: str,
    kind: Kind,
    settings: MatchSettings | None = None,
    seed: int = SEED,
) -> MatchModel:
    """Learn a model of `kind` from `records`: frequencies, weights, prior, blocking, and `link`.

    Reads `records` (columns of normalized_parties). Guarantees: a function of records, settings and seed.
    """
    settings = settings or MatchSettings()
    artefact = counted_artefact(con, records, kind, settings)
    artefact["origin"] = "trained"
    create_all_keys(con, artefact, records, settings, KEYS)
    try:
        artefact = freeze_stop_keys(con, artefact, KEYS)
        artefact["comparisons"] = estimate_weights(con, MatchModel.of(artefact), records, seed)
        artefact["prior"] = estimate_prior(con, MatchModel.of(artefact), records, KEYS)
        artefact = add_rules(con, artefact, records, KEYS, settings)
        artefact = raise_link(con, artefact, records, KEYS, settings)
    finally:
        con.execute(f"drop table if exists {KEYS}")
    return MatchModel.of(artefact)


def counted_artefact(
    con: duckdb.DuckDBPyConnection, records: str, kind: Kind, settings: MatchSettings
) -> dict[str, Any]:
    """Return shipped weights with the frequencies of `records`, and who was counted."""
    artefact = default_artefact(kind, settings)
    artefact["frequencies"] = count_frequencies(con, records, kind)
    sources = con.execute(
        f"select source, count(*) from {records} where kind = $kind group by source order by source",
        {"kind": kind},
    ).fetchall()
    artefact["trained_on"] = {"records": sum(n for _, n in sources), "sources": dict(sources)}
    return artefact
