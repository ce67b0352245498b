"""Edges of given keys and records: of a hub, of a delta, or of a sample that a proof draws."""

import duckdb

from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.pairs import create_pairs
from partyhub_dagster.matching.score import score_pairs


def create_edges(
    con: duckdb.DuckDBPyConnection, model: MatchModel, keys: str, changed: str | None, records: str, out: str
) -> int:
    """Create temp table `out` as match_edges has it, sorted, and return how many pairs were scored.

    Both directions of every pair; with `changed`, a relation of record_id, of those that touch one of its records.
    Reads `keys` (rule, key_hash, record_id) of the model's kind and `records` (columns of normalized_parties).
    """
    create_pairs(con, model, keys, changed, "edge_pairs")
    score_pairs(con, model, records, "edge_pairs", "edges_scored")
    create_both_directions(con, model, "edges_scored", out)
    [(pairs,)] = con.execute("select count(*) from edge_pairs").fetchall()
    con.execute("drop table edge_pairs; drop table edges_scored")
    return int(pairs)


def create_both_directions(con: duckdb.DuckDBPyConnection, model: MatchModel, scored: str, out: str) -> None:
    """Create temp table `out` as match_edges has it, sorted, of pairs scored (record_id_l, record_id_r, weight)."""
    con.execute(
        f"create or replace temp table {out} as select * from ("
        f" select record_id_l as record_id, record_id_r as other_id, '{model.kind}' as kind, weight from {scored}"
        f" union all select record_id_r, record_id_l, '{model.kind}', weight from {scored}"
        ") order by record_id, other_id"
    )
