"""How well the parties agree with labels: pairwise and B-cubed precision, recall and F1."""

from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.ids import record_id_sql
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.statements import load_sql

_NEEDED = {"source", "source_record_id", "entity_id"}


def evaluate_release(place: LakePlace, truth: Path) -> dict[str, Any]:
    """Compare the newest release with a file of (source, source_record_id, entity_id[, hard_case]).

    Records without a label, and labels without a live record, are left out of both sides. All true pairs count,
    found by blocking or not. Method of B-cubed: Bagga and Baldwin, 1998. A column `hard_case` gives the
    figures by kind and case too: over the pairs of which at least one record carries the case.

    Raises:
        SourceError: the file lacks a column or cannot be read.
    """
    with read_release(place) as (con, release):
        has_cases = _read_truth(con, truth)
        figures: dict[str, Any] = {"release": release.number, **_figures(con, "labelled")}
        kinds = [row[0] for row in con.execute("select distinct kind from labelled order by kind").fetchall()]
        figures["kinds"] = {kind: _figures(con, f"(from labelled where kind = '{kind}')") for kind in kinds}
        if has_cases:
            figures["hard_cases"] = _hard_cases(con)
        return figures


def _read_truth(con: duckdb.DuckDBPyConnection, truth: Path) -> bool:
    """Create temp table `labelled` (record_id, party_id, kind, entity_id, hard_case), a row per labelled record."""
    try:
        con.execute(
            "create or replace temp table truth as select * from"
            f" read_csv({quote_text(str(truth))}, all_varchar = true, header = true)"
        )
    except duckdb.Error as error:
        raise SourceError(
            f"The truth file could not be read as CSV ({type(error).__name__}); nothing was evaluated.",
            remedy="Give a CSV file with the columns source, source_record_id, entity_id.",
        ) from None
    columns = {row[0] for row in con.execute("describe truth").fetchall()}
    if missing := sorted(_NEEDED - columns):
        raise SourceError(
            f"The truth file lacks the column(s) {', '.join(missing)}; nothing was evaluated.",
            remedy="Give a CSV file with the columns source, source_record_id, entity_id.",
        )
    _refuse_two_labels(con)
    case = "coalesce(hard_case, '')" if "hard_case" in columns else "''"
    con.execute(
        f"""
        create or replace temp table labelled as
        select record_id, c.party_id, n.kind, t.entity_id, t.hard_case
        from (
            select {record_id_sql("trim(source)", "trim(source_record_id)")} as record_id,
                min(trim(entity_id)) as entity_id, min({case}) as hard_case
            from truth where trim(entity_id) <> '' group by record_id
        ) as t
        join party_clusters as c using (record_id) join normalized_parties as n using (record_id)
        """
    )
    return "hard_case" in columns


def _refuse_two_labels(con: duckdb.DuckDBPyConnection) -> None:
    twice = con.execute(
        "select count(*) from (select 1 from truth where trim(entity_id) <> ''"
        " group by trim(source), trim(source_record_id) having count(distinct trim(entity_id)) > 1)"
    ).fetchone()
    if twice is not None and twice[0]:
        raise SourceError(
            f"The truth file gives {twice[0]:,} records more than one entity_id; nothing was evaluated.",
            remedy="Give every record one entity_id.",
        )


def _figures(con: duckdb.DuckDBPyConnection, labelled: str) -> dict[str, Any]:
    statement = load_sql(__package__, "agreement.sql").replace("{labelled}", labelled)
    row = con.execute(statement).fetchone()
    records, entities, parties, true_pairs, found_pairs, common_pairs, b_precision, b_recall = row or (0,) * 8
    return {
        "records": records,
        "entities": entities,
        "parties": parties,
        "true_pairs": true_pairs,
        "pairs": _scores(_share(common_pairs, found_pairs), _share(common_pairs, true_pairs)),
        "bcubed": _scores(b_precision, b_recall),
    }


def _hard_cases(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    rows = con.execute(load_sql(__package__, "agreement_by_case.sql")).fetchall()
    return {
        case: {
            "records": records,
            "true_pairs": true,
            "pairs": _scores(_share(common, found), _share(common, true)),
        }
        for case, records, true, found, common in rows
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _scores(precision: float | None, recall: float | None) -> dict[str, float | None]:
    both = precision is not None and recall is not None and precision + recall > 0
    f1 = (
        2 * precision * recall / (precision + recall)
        if both and precision and recall
        else (0.0 if both else None)
    )
    return {
        name: None if x is None else round(x, 6)
        for name, x in (("precision", precision), ("recall", recall), ("f1", f1))
    }
