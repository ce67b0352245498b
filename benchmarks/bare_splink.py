"""Bare Splink on the hub's own normalised records: train, predict, cluster, each timed. The peer of a full build.

Documented defaults: ready-made comparisons, blocking on exact values, EM, connected components at probability .95.
Usage: python benchmarks/bare_splink.py PARTYHUB_HOME TRUTH_CSV
"""

import json
import logging
import resource
import sys
import time
from pathlib import Path

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.ids import record_id_sql

COMPARISONS = {
    "person": [
        cl.ForenameSurnameComparison("name_given", "name_family"),
        cl.DateOfBirthComparison("birth_date", input_is_string=False),
        cl.ExactMatch("postcode"),
        cl.ExactMatch("email"),
        cl.ExactMatch("phone"),
        cl.ExactMatch("tax_id"),
    ],
    "organization": [
        cl.JaroWinklerAtThresholds("name_full", [0.92, 0.85]),
        cl.ExactMatch("postcode"),
        cl.ExactMatch("website"),
        cl.ExactMatch("phone"),
        cl.ExactMatch("tax_id"),
    ],
}
BLOCKING = {
    "person": [
        block_on("name_family", "birth_date"), block_on("name_given", "postcode"), block_on("email"),
        block_on("phone"), block_on("tax_id"), block_on("name_given", "name_family"),
    ],
    "organization": [block_on("name_full"), block_on("website"), block_on("phone"), block_on("tax_id")],
}  # fmt: skip
TRAINING = {
    "person": [block_on("name_given", "name_family"), block_on("birth_date")],
    "organization": [block_on("name_full"), block_on("postcode")],
}

NORMALIZED = """
    select record_id::varchar as unique_id, kind, name_full, name_given, name_family, birth_date, postcode,
        emails[1] as email, phones[1] as phone, websites[1] as website, ids[1] as tax_id
    from normalized_parties
"""
"""What peers are given."""


def main(home: str, truth: str) -> None:
    """Run both kinds and print seconds, memory and pairwise accuracy as JSON."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    con = duckdb.connect()
    with LakePlace(Path(home)).connect(read_only=True) as lake:
        records = lake.execute(NORMALIZED).to_arrow_table()
    con.register("records", records)
    figures: dict[str, object] = {}
    for kind in ("person", "organization"):
        con.execute(
            f"create or replace table {kind} as select * exclude (kind) from records where kind = '{kind}'"
        )
        figures[kind] = run(con, kind, truth)
    figures["seconds"] = round(
        sum(sum(figures[k]["seconds"].values()) for k in ("person", "organization")), 2
    )  # type: ignore[index]
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(figures))


def run(con: duckdb.DuckDBPyConnection, kind: str, truth: str) -> dict[str, object]:
    """Train, predict and cluster one kind."""
    api = DuckDBAPI(connection=con)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=COMPARISONS[kind],
        blocking_rules_to_generate_predictions=BLOCKING[kind],
    )
    seconds: dict[str, float] = {}
    began = time.monotonic()
    linker = Linker(api.register(kind), settings)
    linker.training.estimate_probability_two_random_records_match(BLOCKING[kind][:1], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1_000_000, seed=1)
    for rule in TRAINING[kind]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    seconds["train"] = time.monotonic() - began
    began = time.monotonic()
    edges = linker.inference.predict(threshold_match_probability=0.5)
    seconds["predict"] = time.monotonic() - began
    began = time.monotonic()
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(edges, 0.95)
    seconds["cluster"] = time.monotonic() - began
    return {
        "seconds": {name: round(s, 2) for name, s in seconds.items()},
        **pairwise(con, clusters.physical_name, truth),
    }


def pairwise(con: duckdb.DuckDBPyConnection, clusters: str, truth: str) -> dict[str, float | None]:
    """Judge clusters (unique_id, cluster_id) by the answer key: pairs within them, of records that they name."""
    con.execute(
        f"create or replace temp table found as select c.cluster_id, t.entity_id from {clusters} as c"
        f" join (select *, {record_id_sql('source', 'source_record_id')}::varchar as id"
        f" from read_csv('{truth}', all_varchar = true)) as t on t.id = c.unique_id"
    )
    pairs = "select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from found group by {})"
    of = [
        con.execute(pairs.format(by)).fetchone()[0]
        for by in ("cluster_id", "entity_id", "cluster_id, entity_id")
    ]  # type: ignore[index]
    return {
        "precision": round(of[2] / of[0], 4) if of[0] else None,
        "recall": round(of[2] / of[1], 4) if of[1] else None,
    }


if __name__ == "__main__":
    main(*sys.argv[1:3])
