"""The evaluator of every tool: the statement that `partyhub evaluate` uses."""

from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.lake.statements import load_sql


def judge(clusters: Path, truth: Path) -> dict[str, Any]:
    """Return pairwise and B-cubed figures of (source, source_record_id, cluster) against labels."""
    con = duckdb.connect()
    con.execute(
        "create table labelled as select source_record_id as record_id, cluster as party_id, entity_id"
        f" from read_csv('{truth}', all_varchar = true) as key join read_csv('{clusters}', all_varchar = true) as found"
        " using (source, source_record_id)"
    )
    statement = load_sql("partyhub_dagster.answers", "agreement.sql").replace("{labelled}", "labelled")
    _, _, _, true, found, common, b_precision, b_recall = con.execute(statement).fetchall()[0]
    return {
        "pairs": _scores(common / found if found else 0.0, common / true if true else 0.0),
        "bcubed": _scores(b_precision, b_recall),
    }


def _scores(precision: float, recall: float) -> dict[str, float]:
    both = precision + recall
    f1 = 2 * precision * recall / both if both else 0.0
    return {"precision": round(precision, 6), "recall": round(recall, 6), "f1": round(f1, 6)}
