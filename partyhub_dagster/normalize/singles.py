"""Phones, e-mails, identifiers and all else of one value each: every distinct value is cleaned once."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files

import duckdb
import pyarrow as pa

from partyhub_dagster.config.attributes import Attribute
from partyhub_dagster.config.semantics import MEANINGS
from partyhub_dagster.errors import InvariantError
from partyhub_dagster.normalize.cleaned import Cleaned
from partyhub_dagster.normalize.countries import clean_country
from partyhub_dagster.normalize.dates import clean_date, is_month_first
from partyhub_dagster.normalize.emails import clean_email
from partyhub_dagster.normalize.identifiers import clean_identifier
from partyhub_dagster.normalize.layout import Cleaning, Layout
from partyhub_dagster.normalize.numbers import clean_free_text, clean_number
from partyhub_dagster.normalize.phones import clean_phone
from partyhub_dagster.normalize.websites import clean_website
from partyhub_dagster.normalize.workers import CHUNK, Run

_HINTED = frozenset({"phone", "tax_id", "identifier"})
"""Types that are read by the country of the record."""
_PLAIN_CLEANERS: dict[str, Callable[[str], Cleaned]] = {
    "email": clean_email,
    "website": clean_website,
    "country": clean_country,
    "number": clean_number,
    "text": clean_free_text,
}
_RESULT = pa.schema([
    ("cleaning", pa.int32()), ("hint", pa.string()), ("raw", pa.string()), ("value", pa.string()),
    ("key", pa.string()), ("valid", pa.bool_()), ("placeholder", pa.bool_()),
])  # fmt: skip


def cleaner_of(cleaning: Cleaning, hint: str) -> Callable[[str], Cleaned]:
    """Return the cleaner of one meaning; `hint` is the country of the record, empty where not known."""
    type_, scheme, country = cleaning
    match type_:
        case "phone":
            regions = tuple(dict.fromkeys(code for code in (hint, country) if code))
            return lambda raw: clean_phone(raw, regions)
        case "date" | "date_of_birth":
            month_first = is_month_first(country)
            return lambda raw: clean_date(raw, month_first=month_first)
        case _ if scheme is not None:
            land = hint or country
            return lambda raw: clean_identifier(raw, scheme, land)
        case _:
            return _PLAIN_CLEANERS[type_]


def clean_singles(
    con: duckdb.DuckDBPyConnection, layout: Layout, attributes: Mapping[str, Attribute], run: Run
) -> None:
    """Make normalize_singles: one row per value of a record, cleaned.

    Grain: one row per (rid, slot, position). Countries go first, as they tell how phones are read.
    """
    _write_slots(con, layout, attributes)
    con.execute(_statement("create_cells.sql"))
    con.execute(  # columns declared: see _refuse_lost_values
        "create temp table normalize_results (cleaning integer, hint varchar, raw varchar, value varchar, key varchar,"
        " valid boolean, placeholder boolean)"
    )
    _clean(con, layout, "s.type = 'country'", "''", run)
    con.execute(_statement("create_countries.sql"))
    _clean(con, layout, "s.type != 'country'", "case when s.hinted then n.country else '' end", run)
    con.execute(_statement("create_singles.sql"))
    _refuse_lost_values(con)


def _refuse_lost_values(con: duckdb.DuckDBPyConnection) -> None:
    """Every value received is cleaned, if only to be found a placeholder: then it has its row.

    Raises:
        InvariantError: values went missing on the way. DuckDB 1.5.5 loses rows without a word: an insert of 122,880
            or more into a table of the same transaction that was given no row by an insert or a query before.
    """
    received, cleaned = con.execute(
        "select (select count(*) from normalize_cells), (select count(*) from normalize_singles)"
    ).fetchall()[0]
    if received != cleaned:
        raise InvariantError(
            f"{received:,} values were received and {cleaned:,} came out of cleaning; nothing was written.",
            remedy="Run the build again; if it repeats, report it with these numbers.",
        )


def _statement(name: str) -> str:
    return (files(__package__) / "sql" / name).read_text(encoding="utf-8")


def _write_slots(con: duckdb.DuckDBPyConnection, layout: Layout, attributes: Mapping[str, Attribute]) -> None:
    slots = pa.table(
        {
            "slot": pa.array(range(1, len(layout.singles) + 1), type=pa.int64()),
            "type": pa.array([mapping.type for mapping in layout.singles], type=pa.string()),
            "attribute": pa.array([mapping.attribute for mapping in layout.singles], type=pa.string()),
            "cleaning": pa.array(
                [layout.cleaning_of(mapping) for mapping in layout.singles], type=pa.int32()
            ),
            "hinted": pa.array([mapping.type in _HINTED for mapping in layout.singles], type=pa.bool_()),
            "is_identifier": pa.array(
                [MEANINGS[mapping.type].is_identifier for mapping in layout.singles], type=pa.bool_()
            ),
            "exclusive": pa.array(
                [attributes[mapping.attribute].exclusive for mapping in layout.singles], type=pa.bool_()
            ),
        }
    )
    con.register("normalize_given", slots)
    con.execute("create temp table normalize_slots as select * from normalize_given")
    con.unregister("normalize_given")


def _clean(con: duckdb.DuckDBPyConnection, layout: Layout, which: str, hint: str, run: Run) -> None:
    """Clean the distinct values of the slots that `which` takes, and add them to normalize_results."""
    countries = "join normalize_countries n using (rid)" if "n." in hint else ""
    groups = con.execute(f"""
        select s.cleaning, {hint} as hint, list(distinct c.raw)
        from normalize_cells c join normalize_slots s using (slot) {countries}
        where {which}
        group by all""").to_arrow_table()
    chunks = (
        (cleaning.as_py(), hint_.as_py(), raws.values[start : start + CHUNK])
        for cleaning, hint_, raws in zip(*(column.combine_chunks() for column in groups.columns), strict=True)
        for start in range(0, len(raws.values), CHUNK)
    )
    batches = list(run(partial(_clean_chunk, layout.cleanings), chunks))
    if not batches:
        return
    con.register("normalize_given", pa.Table.from_batches(batches, schema=_RESULT))
    con.execute("insert into normalize_results select * from normalize_given")
    con.unregister("normalize_given")


def _clean_chunk(cleanings: tuple[Cleaning, ...], chunk: tuple[int, str, pa.Array]) -> pa.RecordBatch:
    """Clean distinct values of one cleaning and hint."""
    cleaning, hint, raws = chunk
    clean = cleaner_of(cleanings[cleaning], hint)
    cleaned = zip(*map(clean, raws.to_pylist()), strict=True)
    rest = [
        pa.array(column, type=field.type) for column, field in zip(cleaned, list(_RESULT)[3:], strict=True)
    ]
    constants = [pa.repeat(pa.scalar(cleaning, pa.int32()), len(raws)), pa.repeat(pa.scalar(hint), len(raws))]
    return pa.record_batch([*constants, raws.cast(pa.string()), *rest], schema=_RESULT)
