"""Delimited text: CSV and its kin."""

import csv
from pathlib import Path
from typing import Literal

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.sources.reading.header import named_columns
from partyhub_dagster.sources.reading.lines import number_rejects, scan_text, with_one_line_ending

_MAX_NAME_BYTES = 1 << 20
_TELLING_NAMES = 8
"""A row whose first fields are the names of so many columns is the header again."""


def read_csv(con: duckdb.DuckDBPyConnection, source: Source, path: Path, out: str) -> list[str]:
    """Create temp table `out` (position, payload, reason) from a plain file; return its columns."""
    columns = csv_columns(source, path)
    options = _options(source)
    try:
        scan_text(con, path, "csv_rows", len(columns), options)
    except duckdb.InvalidInputException:
        with with_one_line_ending(con, path) as copy:  # strict reading does not take two kinds in one file
            scan_text(con, copy, "csv_rows", len(columns), options)
    number_rejects(con, header_lines=int(source.csv.header))
    fields = ", ".join(f"{quote_text(name)}, c{i}" for i, name in enumerate(columns))
    con.execute(
        f"create or replace temp table {out} as"
        f" select rank_in_file + {int(source.csv.header)} + coalesce(r.j, 0) as position,"
        f" json_object({fields})::varchar as payload, {_repeats_header(source, columns)} as reason"
        " from (select row_number() over () as rank_in_file, * from csv_rows) as rows"
        " asof left join (select good_before, max(j) as j from rejects group by all) as r on rank_in_file > good_before"
        " union all by name"
        " select line as position, raw as payload, 'row cannot be read as CSV: ' || what as reason from rejects"
    )
    con.execute(
        "drop table csv_rows; drop table rejects; drop table csv_rejects; drop table csv_rejects_scan"
    )
    return columns


def _repeats_header(source: Source, columns: list[str]) -> str:
    """Return the SQL of the reason against a row that is the header again, as in files that were joined."""
    if not source.csv.header:
        return "null::varchar"
    same = " and ".join(f"c{i} = {quote_text(name)}" for i, name in enumerate(columns[:_TELLING_NAMES]))
    return f"case when {same} then 'row repeats the header' end"


def _options(source: Source) -> str:
    options = source.csv
    escape = options.quote if options.escape is None else options.escape
    return (
        f"header = {options.header}, delim = {quote_text(options.delimiter)}, quote = {quote_text(options.quote)},"
        f" escape = {quote_text(escape)}, nullstr = '', strict_mode = true, null_padding = false"
    )


def csv_columns(source: Source, path: Path) -> list[str]:
    """Read the header of a plain file, or count the fields of the first line where there is none.

    Raises:
        SourceError: there is no usable header.
    """
    options = source.csv
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            limit = csv.field_size_limit(_MAX_NAME_BYTES if options.header else 1 << 31)
            try:
                rows = csv.reader(
                    text, delimiter=options.delimiter, quotechar=options.quote or None, quoting=quoting,
                    escapechar=options.escape or None, doublequote=options.escape in (None, options.quote),
                )  # fmt: skip
                first = next(rows, None)
            finally:
                csv.field_size_limit(limit)
        if options.header:
            "".join(first or []).encode()  # rows may be broken, the header not
    except (OSError, UnicodeError, csv.Error) as error:
        raise SourceError(
            f"The header of the file cannot be read ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check `csv: {delimiter, encoding, quote}` of the source in hub.yaml against the file.",
        ) from None
    if not options.header:
        return [f"column{i}" for i in range(len(first))] if first else named_columns([])
    return named_columns(first or [])
