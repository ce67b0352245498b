"""Lines of text: what is on each, and which of them cannot be read as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.sources.reading.plain import temporary_folder

MAX_LINE_BYTES = 16 * 1024 * 1024
_REJECTS = (
    f"max_line_size = {MAX_LINE_BYTES}, store_rejects = true, rejects_table = 'csv_rejects',"
    " rejects_scan = 'csv_rejects_scan', rejects_limit = 0"
)


def scan_text(con: duckdb.DuckDBPyConnection, path: Path, out: str, fields: int, options: str) -> None:
    """Create temp tables `out` (c0, c1 ...) and `csv_rejects` from delimited text, with DuckDB's `options`."""
    types = ", ".join(f"c{i}: 'VARCHAR'" for i in range(fields))
    con.execute("drop table if exists csv_rejects; drop table if exists csv_rejects_scan")
    con.execute(
        f"create or replace temp table {out} as select * from read_csv({quote_text(str(path))},"
        f" auto_detect = false, compression = 'none', columns = {{{types}}}, {options}, {_REJECTS})"
    )


def read_lines(con: duckdb.DuckDBPyConnection, path: Path, out: str) -> None:
    """Create temp view `out` (position, line) and temp table `rejects` (line, raw, what); blank lines are no rows.

    A byte 1, which no record can hold, makes a line a reject. `drop_lines` takes both down again.
    """
    options = "header = false, delim = '\x01', quote = '', escape = ''"
    try:
        scan_text(con, path, "text_lines", 1, options)
    except duckdb.InvalidInputException:
        with with_one_line_ending(con, path) as copy:
            scan_text(con, copy, "text_lines", 1, options)
    number_rejects(con, header_lines=0)
    con.execute(
        f"create or replace temp view {out} as"
        " select rank_in_file + coalesce(r.j, 0) as position, c0 as line"
        " from (select row_number() over () as rank_in_file, c0 from text_lines) as lines"
        " asof left join (select good_before, max(j) as j from rejects group by all) as r on rank_in_file > good_before"
        " where trim(coalesce(c0, ''), ' \t\r') <> ''"
    )


def drop_lines(con: duckdb.DuckDBPyConnection, lines: str) -> None:
    """Drop what `read_lines` made."""
    con.execute(
        f"drop view {lines}; drop table text_lines; drop table rejects;"
        " drop table csv_rejects; drop table csv_rejects_scan"
    )


@contextmanager
def with_one_line_ending(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Path]:
    """Yield a copy of the file in which every line ends with a line feed."""
    with temporary_folder(con) as folder:
        copy = folder / "rows"
        with path.open("rb") as read, copy.open("wb") as write:
            write.writelines(line.removesuffix(b"\n").removesuffix(b"\r") + b"\n" for line in read)
        yield copy


def number_rejects(con: duckdb.DuckDBPyConnection, header_lines: int) -> None:
    """Create temp table `rejects`: the j-th unreadable line, and how many readable rows stand before it.

    So a readable row's line follows from its rank; exact while no field spans lines.
    """
    con.execute(
        f"""
        create or replace temp table rejects as
        select line, any_value(csv_line) as raw, string_agg(distinct lower(error_type::varchar), ', ') as what,
            row_number() over (order by line) as j, line - {header_lines} - j as good_before
        from csv_rejects group by line
        """
    )
