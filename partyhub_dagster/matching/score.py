"""The weight of each pair, from the frozen model alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from partyhub_dagster.matching.features import create_features, weighed_features
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.sieve import sieve_pairs
from partyhub_dagster.matching.splink_linker import Script, open_linker, splink_settings


def score_pairs(
    con: duckdb.DuckDBPyConnection, model: MatchModel, records: str, pairs: str, out: str
) -> None:
    """Create the temp table `out` (record_id_l, record_id_r, weight) of the pairs at or above `keep`.

    Units: weight is an INTEGER in 1/1000 bit. Reads: `pairs` with record_id_l < record_id_r.
    Guarantees: a pair's weight is the same in any batch, because it depends on its two records and the model.
    """
    con.execute(
        "create or replace temp view ph_scored_records as"
        f" select * from {records} where kind = '{model.kind}' and record_id in"
        f" (select record_id_l from {pairs} union select record_id_r from {pairs})"
    )
    try:
        create_features(con, model, "ph_scored_records", "ph_features")
        score_features(con, model, "ph_features", pairs, out)
    finally:
        con.execute("drop view ph_scored_records; drop table if exists ph_features")


def score_features(
    con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, pairs: str, out: str
) -> None:
    """Do the same with features made before, for this model or another of the same frequencies."""
    create_blocked_pairs(con, features, pairs)
    score_blocked_pairs(con, model, features, out)
    name_records(con, features, out)


def score_blocked_pairs(con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, out: str) -> None:
    """Take the temp table `ph_blocked_pairs` and create `out` (rid_l, rid_r, weight) of those at or above `keep`."""
    sieve_pairs(con, model, features, "ph_blocked_pairs")
    with _predicted(con, model, features) as found:
        con.execute(
            f"create or replace temp table {out} as from (select rid_l, rid_r,"
            f" round(match_weight * 1000)::integer as weight from {found}) where weight >= $keep",
            {"keep": round(model.thresholds.keep * 1000)},
        )
    con.execute("drop table ph_blocked_pairs")


def name_records(con: duckdb.DuckDBPyConnection, features: str, scored: str) -> None:
    """Name the records of the temp table `scored` by record_id_l and record_id_r instead of rid_l and rid_r."""
    con.execute(
        f"create or replace temp table {scored} as"
        f" select l.record_id as record_id_l, r.record_id as record_id_r, weight from {scored}"
        f" join {features} as l on l.rid = rid_l join {features} as r on r.rid = rid_r"
    )


_KNOWN_SCRIPTS = 8
_scripts: dict[tuple[str, str], Script] = {}
"""Weights and the name of a table of features -> what Splink does with them, the latest used last.

Splink takes half a second to write its statements, and they are the same for every batch.
"""


@contextmanager
def _predicted(con: duckdb.DuckDBPyConnection, model: MatchModel, features: str) -> Iterator[str]:
    """Yield the name of a table with the weights of `ph_blocked_pairs`, those far below `keep` left out."""
    key = model.scoring_fingerprint, features
    script = _scripts.pop(key, None)
    with weighed_features(con, model, features) as weighed:
        if script is None:
            with open_linker(con, splink_settings(model), weighed) as linker:
                # a little below `keep`: which pairs stay is decided on the rounded weight
                script = linker.predict_by_script("ph_blocked_pairs", model.thresholds.keep - 0.01)
                yield script.result
        else:
            with script.run(con) as found:
                yield found
    _scripts[key] = script
    while len(_scripts) > _KNOWN_SCRIPTS:
        del _scripts[next(iter(_scripts))]


def create_blocked_pairs(con: duckdb.DuckDBPyConnection, features: str, pairs: str) -> None:
    """Create temp table `ph_blocked_pairs`: the pairs of which both records have features."""
    take_pairs(
        con,
        f"(select l.rid as rid_l, r.rid as rid_r from {pairs} join {features} as l on l.record_id = record_id_l"
        f" join {features} as r on r.record_id = record_id_r)",
    )


def take_pairs(con: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Create temp table `ph_blocked_pairs` of pairs (rid_l, rid_r), as Splink takes them."""
    con.execute(
        "create or replace temp table ph_blocked_pairs as"
        f" select rid_l as join_key_l, rid_r as join_key_r, '0' as match_key from {pairs}"
    )
