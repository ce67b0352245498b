"""normalized_parties from raw records: distinct values through the cleaners once, joined back set-based."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

import duckdb
import pyarrow as pa

from partyhub_dagster.config.attributes import Attribute
from partyhub_dagster.config.sources import Source
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.normalize import addresses, organization_names, person_names
from partyhub_dagster.normalize.layout import Layout, layout_of
from partyhub_dagster.normalize.singles import clean_singles
from partyhub_dagster.normalize.statements import (
    extract_statement,
    split_statement,
    value_lists,
    values_expression,
)
from partyhub_dagster.normalize.text import SLOT_SEPARATOR
from partyhub_dagster.normalize.versions import library_versions
from partyhub_dagster.normalize.workers import CHUNK, Run

__all__ = ["NormalizeCounts", "library_versions", "normalize_records"]

_TABLES = ("wide", "person", "organization", "address", "slots", "cells", "countries", "results", "singles")
_ROW = pa.schema([("unit_key", pa.string()), ("cleaned", pa.string())])
_LISTS = frozenset({"name_tokens", "names", "addresses"})


@dataclass(frozen=True, slots=True)
class NormalizeCounts:
    """What one call read and found."""

    records: int
    placeholders: int
    invalid_values: int


def normalize_records(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    attributes: Mapping[str, Attribute],
    raw: str,
    out: str,
    run: Run = map,
) -> NormalizeCounts:
    """Make the temporary table `out`: normalized_parties, without epoch, of the records of one source.

    Grain: one row per row of `raw`. Key: record_id.
    Reads: `raw` (record_id, source, source_record_id, first_seen, recency, event_time, payload as JSON object).
    `run` applies cleaners to chunks of distinct values, by default one after another.
    Guarantees: a function of payload, hub.yaml and library versions alone; no value makes it raise.
    """
    layout = layout_of(source, attributes)
    with _scratch(con):
        con.execute(f"create temp table normalize_wide as {extract_statement(source, layout, raw)}")
        shown = _clean_units(con, layout, attributes, run)
        clean_singles(con, layout, attributes, run)
        _assemble(con, shown, layout, out)
        found = con.execute(
            "select count(*), coalesce(sum(placeholders), 0), coalesce(sum(invalid_values), 0)"
            f" from {quote_name(out)}"
        ).fetchone()
    records, placeholders, invalid = found or (0, 0, 0)
    return NormalizeCounts(int(records), int(placeholders), int(invalid))


@contextmanager
def _scratch(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    def drop() -> None:
        for name in _TABLES:
            con.execute(f"drop table if exists temp.normalize_{name}")

    drop()
    try:
        yield
    finally:
        drop()


def _clean_units(
    con: duckdb.DuckDBPyConnection, layout: Layout, attributes: Mapping[str, Attribute], run: Run
) -> dict[str, dict[str, str]]:
    """Clean names and addresses; return per unit table the column that shows each attribute."""
    people, places = layout.person_layout(), layout.address_layout()
    owned = layout.organization_attributes()
    slots = tuple(mapping.attribute for mapping in layout.organization_names)
    shown = {
        "person": _shown(people.attributes, person_names.VALUE_PARTS, attributes),
        "organization": _shown(owned, ("full",), attributes),
        "address": _shown(places.attributes, addresses.VALUE_PARTS, attributes),
    }
    _clean_unit(
        con, "person", person_names.COLUMNS, len(people.attributes) * len(person_names.VALUE_PARTS),
        partial(person_names.clean_person_names, layout=people), run,
    )  # fmt: skip
    _clean_unit(
        con, "organization", organization_names.COLUMNS, len(owned),
        partial(organization_names.clean_organization_names, attributes=slots, order=owned), run,
    )  # fmt: skip
    _clean_unit(
        con, "address", addresses.COLUMNS, len(places.attributes) * len(addresses.VALUE_PARTS),
        partial(addresses.clean_addresses, layout=places), run,
    )  # fmt: skip
    return shown


def _shown(
    leading: tuple[str, ...], parts: tuple[str, ...], attributes: Mapping[str, Attribute]
) -> dict[str, str]:
    """Return the value column of each attribute and sub-attribute that the hub has."""
    columns: dict[str, str] = {}
    for i, name in enumerate(leading):
        for j, part in enumerate(parts):
            attribute = name if part == "full" else f"{name}_{part}"
            if attribute in attributes:
                columns[attribute] = f"v{i * len(parts) + j}"
    return columns


def _clean_unit(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: tuple[str, ...],
    values: int,
    clean: Callable[[str], list[str]],
    run: Run,
) -> None:
    """Make normalize_<name>: one row per distinct unit with what its cleaner returns.

    A row comes from Python as one text and is split here: far cheaper than an Arrow array for each column.
    """
    found = con.execute(f"select distinct {name}_unit from normalize_wide where {name}_unit is not null")
    chunks = iter(partial(found.fetchmany, CHUNK), [])
    batches = list(run(partial(_clean_chunk, clean), ([unit for (unit,) in chunk] for chunk in chunks)))
    con.register("normalize_cleaned", pa.Table.from_batches(batches, _ROW))
    try:
        statement = split_statement("normalize_cleaned", columns, _LISTS, values)
        con.execute(f"create temp table normalize_{name} as {statement}")
    finally:
        con.unregister("normalize_cleaned")


def _clean_chunk(clean: Callable[[str], list[str]], units: list[str]) -> pa.RecordBatch:
    rows = [SLOT_SEPARATOR.join(clean(unit)) for unit in units]
    return pa.record_batch([pa.array(units, pa.string()), pa.array(rows, pa.string())], _ROW)


def _assemble(
    con: duckdb.DuckDBPyConnection, shown: dict[str, dict[str, str]], layout: Layout, out: str
) -> None:
    statement = (files(__package__) / "sql" / "assemble_records.sql").read_text(encoding="utf-8")
    singles = sorted({mapping.attribute for mapping in layout.singles})
    country = "null" if layout.country is None else quote_text(layout.country.lower())
    parts = {
        "null /*values*/": values_expression(shown, singles),
        "/*value_lists*/": value_lists(singles),
        "null /*default_country*/": country,
    }
    for mark, expression in parts.items():
        statement = statement.replace(mark, expression)
    con.execute(f"create or replace temp table {quote_name(out)} as {statement}")
