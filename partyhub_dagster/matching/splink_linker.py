"""The one place that talks to Splink: a linker over frozen settings, quiet, with its tables cleared away."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.levels import splink_comparison
from partyhub_dagster.matching.model import MatchModel

SCRATCH = "partyhub_scratch"


def splink_settings(model: MatchModel, *, explain: bool = False, with_tf: bool = True) -> dict[str, Any]:
    """Return the model in Splink's terms; training goes without term frequencies."""
    weights = model.artefact["comparisons"]
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "rid",
        "probability_two_random_records_match": model.artefact["prior"],
        "comparisons": [
            splink_comparison(
                comparison,
                {name: tuple(mu) for name, mu in weights[comparison.name].items()},
                with_tf=with_tf,
            )
            for comparison in comparisons_of(model.kind)
            if comparison.name in weights
        ],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": explain,
        "retain_intermediate_calculation_columns": explain,
    }


@dataclass(frozen=True, slots=True)
class Script:
    """The statements by which Splink scores pairs, and the table that the last of them makes."""

    statements: tuple[str, ...]
    result: str

    @contextmanager
    def run(self, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
        """Score the pairs that are there now; yield the name of the table of results."""
        con.execute(f"attach if not exists ':memory:' as {SCRATCH}")
        with _in_scratch(con):
            made = [statement.split()[2] for statement in self.statements]
            try:
                for statement in self.statements:
                    con.execute(statement)
                yield self.result
            finally:
                con.execute("; ".join(f"drop table if exists {name}" for name in made))


@dataclass(frozen=True, slots=True)
class OpenLinker:
    """A Splink linker and the database it works in."""

    linker: Any
    api: Any

    def predict(self, blocked_pairs: str, least_bits: float | None = None) -> str:
        """Score the pairs (join_key_l, join_key_r, match_key) and return the name of the table of results."""
        return self.predict_by_script(blocked_pairs, least_bits).result

    def predict_by_script(self, blocked_pairs: str, least_bits: float | None = None) -> Script:
        """Do the same, and return what Splink did: with tables of the same names and columns it can be run again."""
        pairs = self.api.register(blocked_pairs, table_name="ph_pairs")
        self.linker.table_management.register_blocked_pairs_for_predict(pairs)
        before = len(self.api.created)
        found = self.linker.inference.predict(threshold_match_weight=least_bits, warning_mode="never")
        return Script(tuple(self.api.created[before:]), str(found.physical_name))


@contextmanager
def open_linker(
    con: duckdb.DuckDBPyConnection, settings: dict[str, Any], features: str
) -> Iterator[OpenLinker]:
    """Yield a Splink linker over the temp table `features`.

    Splink makes ordinary tables in the current schema, so it runs in a scratch database in memory: nothing of it
    can land in a lake that the connection uses.
    """
    from splink import Linker

    con.execute(f"attach if not exists ':memory:' as {SCRATCH}")
    with _quiet(), _in_scratch(con):
        api = _recording_api(con)
        try:
            linker = Linker(
                api.register(features, table_name="ph_features"),
                settings,
                log_level=None,
                validate_settings=False,
            )
            _register_frequencies(con, settings, OpenLinker(linker, api))
            yield OpenLinker(linker, api)
        finally:
            api.delete_tables_created_by_splink_from_db()
            con.execute("drop table if exists ph_no_frequencies")


def _recording_api(con: duckdb.DuckDBPyConnection) -> Any:
    """Return Splink's way to DuckDB, which keeps the statements that made tables in `created`."""
    from splink import DuckDBAPI

    class RecordingAPI(DuckDBAPI):
        def __init__(self) -> None:
            super().__init__(con)
            self.created: list[str] = []

        def _execute_sql_against_backend(self, final_sql: str) -> duckdb.DuckDBPyRelation:
            if final_sql.lstrip().lower().startswith("create table"):
                self.created.append(final_sql)
            return super()._execute_sql_against_backend(final_sql)

    return RecordingAPI()


@contextmanager
def _in_scratch(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    before = con.execute("select current_database(), current_schema()").fetchall()[0]
    con.execute(f"use {SCRATCH}.main")
    try:
        yield
    finally:
        con.execute("use {}.{}".format(*(f'"{name}"' for name in before)))


def _register_frequencies(
    con: duckdb.DuckDBPyConnection, settings: dict[str, Any], opened: OpenLinker
) -> None:
    """Tell Splink that frequencies are known: the features carry them, so that no batch counts its own."""
    names = sorted(
        level["tf_adjustment_column"]
        for comparison in settings["comparisons"]
        for level in comparison["comparison_levels"]
        if "tf_adjustment_column" in level
    )
    if not names:
        return
    columns = ", ".join(f"null::varchar as {name}, null::double as tf_{name}" for name in names)
    con.execute(f"create or replace temp table ph_no_frequencies as select {columns} limit 0")
    for name in names:
        table = opened.api.register("ph_no_frequencies", table_name=f"ph_tf_{name}")
        opened.linker.table_management.register_term_frequency_lookup(table, name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Splink from logging statements, which quote values."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
