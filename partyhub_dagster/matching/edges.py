"""Edges of given keys and records, whatever lake they come from: what a sample is scored by."""

import duckdb

from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.pairs import create_pairs
from partyhub_dagster.matching.score import score_pairs


def create_edges(
    con: duckdb.DuckDBPyConnection, model: MatchModel, keys: str, changed: str, records: str, out: str
) -> None:
    """Create temp table `out` as match_edges has it: both directions of the pairs that touch a record of `changed`.

    Reads `keys` (rule, key_hash, record_id) of the model's kind and `records` (columns of normalized_parties).
    """
    create_pairs(con, model, keys, changed, "edge_pairs")
    score_pairs(con, model, records, "edge_pairs", "edges_scored")
    con.execute(
        f"create or replace temp table {out} as"
        f" select record_id_l as record_id, record_id_r as other_id, '{model.kind}' as kind, weight from edges_scored"
        f" union all select record_id_r, record_id_l, '{model.kind}', weight from edges_scored"
    )
    con.execute("drop table edge_pairs; drop table edges_scored")
