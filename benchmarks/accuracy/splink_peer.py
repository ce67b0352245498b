"""Bare Splink on the raw columns, with the settings that its documentation shows for a set, and clusters of its own.

fake_1000, historical_50k and febrl3 have documented examples; for Chicago the same kind of settings are written
here. It is given more than its examples: blocking on every telling column where an example has fewer rules, and
three probabilities for its connected components. Usage: see benchmarks.accuracy.peer_protocol.
"""

import logging
from dataclasses import dataclass
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.accuracy.peer_protocol import Task, Ways, serve
from benchmarks.accuracy.sets import DATA


@dataclass(frozen=True)
class Documented:
    """A table, its key, and how the documentation compares, blocks and trains."""

    table: str
    key: str
    comparisons: list[Any]
    blocking: list[Any]
    deterministic: list[Any]
    recall: float
    training: list[Any]
    max_pairs: float = 1e6


def documented(name: str) -> Documented:
    """Return the documented settings of a set."""
    return {
        "fake_1000": _fake_1000, "historical_50k": _historical_50k, "febrl3": _febrl3,
        "chicago_childcare": _chicago_childcare,
    }[name]()  # fmt: skip


def _fake_1000() -> Documented:
    return Documented(
        f"select * from read_csv('{DATA}/fake_1000/fake_1000.csv', all_varchar = true)",
        "unique_id",
        [
            cl.NameComparison("first_name"),
            cl.JaroAtThresholds("surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        [block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")],
        [block_on("first_name", "surname")],
        0.7,
        [block_on("first_name", "surname"), block_on("email")],
    )


def _historical_50k() -> Documented:
    start = "substr(postcode_fake, 1, 3)"
    return Documented(
        "select *, first_name || ' ' || surname as first_name_surname from"
        f" read_parquet('{DATA}/historical_50k/historical_figures_with_errors_50k.parquet')",
        "unique_id",
        [
            cl.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_name_surname"
            ),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        [
            block_on("substr(first_name, 1, 3)", "substr(surname, 1, 4)"), block_on("surname", "dob"),
            block_on("first_name", "dob"), block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"), block_on("dob", "birth_place"), block_on(start, "dob"),
            block_on(start, "first_name"), block_on(start, "surname"),
            block_on("substr(first_name, 1, 2)", "substr(surname, 1, 2)", "substr(dob, 1, 4)"),
        ],
        [block_on("first_name", "surname", "dob"), block_on("substr(first_name, 1, 2)", "surname",
         "substr(postcode_fake, 1, 2)"), block_on("dob", "postcode_fake")],
        0.6,
        [block_on("first_name", "surname"), block_on("dob")],
        5e6,
    )  # fmt: skip


def _febrl3() -> Documented:
    return Documented(
        f"select * from read_csv('{DATA}/febrl3/dataset3.csv', all_varchar = true)",
        "rec_id",
        [
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        [
            block_on("soc_sec_id"), block_on("given_name"), block_on("surname"), block_on("date_of_birth"),
            block_on("postcode"),
        ],
        [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        0.9,
        [block_on("date_of_birth"), block_on("given_name")],
    )  # fmt: skip


def _chicago_childcare() -> Documented:
    return Documented(
        'select trim("Id") as id, lower(trim("Site name")) as name, lower(trim("Address")) as address, "Zip" as zip,'
        f" \"Phone\" as phone from read_csv('{DATA}/chicago_childcare/sites_with_true_ids.csv', all_varchar = true)",
        "id",
        [
            cl.JaroWinklerAtThresholds("name", [0.92, 0.85]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address", [0.92, 0.85]),
            cl.ExactMatch("zip").configure(term_frequency_adjustments=True),
            cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        ],
        [block_on("name"), block_on("phone"), block_on("address"), block_on("substr(name, 1, 8)")],
        [block_on("name", "phone"), block_on("address", "phone")],
        0.6,
        [block_on("phone"), block_on("name")],
    )


def cluster(task: Task) -> Ways:
    """Train, predict, and take connected components at three probabilities."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    asked = documented(task.name)
    con = duckdb.connect()
    con.execute(f"create table records as {asked.table}")
    api = DuckDBAPI(connection=con)
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name=asked.key, comparisons=asked.comparisons,
        blocking_rules_to_generate_predictions=asked.blocking,
    )  # fmt: skip
    linker = Linker(api.register("records"), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(asked.deterministic, recall=asked.recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=asked.max_pairs, seed=1)
    for rule in asked.training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.2)
    for threshold in (0.95, 0.8, 0.5):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(found, threshold)
        rows = con.execute(f"select trim({asked.key}), cluster_id from {clusters.physical_name}").fetchall()
        cluster_of = dict(rows)
        yield str(threshold), [cluster_of[key] for _, key in task.ids]


if __name__ == "__main__":
    serve("splink", cluster)
