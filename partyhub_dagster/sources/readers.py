"""Reading a file into rows as received: one JSON object a row, or the raw text with the reason why it is none."""

import csv
import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.metadata import quote_text

_MAX_LINE_BYTES = 16 * 1024 * 1024


def read_rows(con: duckdb.DuckDBPyConnection, source: Source, path: Path, out: str) -> list[str] | None:
    """Create temp table `out` (position, payload, reason) from a file; return its columns, None if rows vary.

    Grain: one row per input row; reason is null where the row could be read.

    Raises:
        SourceError: the file as a whole cannot be read.
    """
    try:
        if source.format == "csv":
            return _read_csv(con, source, path, out)
        if source.format == "jsonl":
            _read_json_lines(con, path, out)
            return None
        return _read_parquet(con, path, out)
    except duckdb.Error as error:
        raise SourceError(
            f"The file could not be read as {source.format} ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check `format` and `csv` options of the source in hub.yaml against the file, and that it is"
            " complete.",
        ) from None


def _read_csv(con: duckdb.DuckDBPyConnection, source: Source, path: Path, out: str) -> list[str]:
    columns = csv_columns(source, path)
    try:
        _scan_csv(con, source, path, len(columns))
    except duckdb.InvalidInputException:
        if source.csv.encoding == "utf-16":
            raise
        with _with_one_line_ending(con, path) as copy:  # strict reading does not take two kinds in one file
            _scan_csv(con, source, copy, len(columns))
    _number_rejects(con, header_lines=int(source.csv.header))
    fields = ", ".join(f"{quote_text(name)}, c{i}" for i, name in enumerate(columns))
    con.execute(
        f"create or replace temp table {out} as"
        f" select rank_in_file + {int(source.csv.header)} + coalesce(r.j, 0) as position,"
        f" json_object({fields})::varchar as payload, null::varchar as reason"
        " from (select row_number() over () as rank_in_file, * from csv_rows) as rows"
        " asof left join (select good_before, max(j) as j from rejects group by all) as r on rank_in_file > good_before"
        " union all by name"
        " select line as position, raw as payload, 'row cannot be read as CSV: ' || what as reason from rejects"
    )
    con.execute(
        "drop table csv_rows; drop table rejects; drop table csv_rejects; drop table csv_rejects_scan"
    )
    return columns


def _scan_csv(con: duckdb.DuckDBPyConnection, source: Source, path: Path, fields: int) -> None:
    """Create temp tables `csv_rows` (c0, c1 ...: names of the file may differ in case only) and `csv_rejects`."""
    options = source.csv
    types = ", ".join(f"c{i}: 'VARCHAR'" for i in range(fields))
    con.execute("drop table if exists csv_rejects; drop table if exists csv_rejects_scan")
    con.execute(
        f"create or replace temp table csv_rows as select * from read_csv({quote_text(str(path))},"
        f" auto_detect = false, columns = {{{types}}}, header = {options.header},"
        f" delim = {quote_text(options.delimiter)}, quote = {quote_text(options.quote)},"
        f" escape = {quote_text(options.quote)}, encoding = {quote_text(options.encoding)},"
        f" nullstr = '', strict_mode = true, null_padding = false, max_line_size = {_MAX_LINE_BYTES},"
        " store_rejects = true, rejects_table = 'csv_rejects', rejects_scan = 'csv_rejects_scan', rejects_limit = 0)"
    )


@contextmanager
def _with_one_line_ending(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Path]:
    """Yield a copy of the file, beside what DuckDB spills, in which every line ends with a line feed."""
    row = con.execute("select current_setting('temp_directory')").fetchone()
    with tempfile.TemporaryDirectory(dir=row[0] if row and Path(row[0]).is_dir() else None) as folder:
        copy = Path(folder) / "rows.csv"
        with _opened(path) as read, copy.open("wb") as write:
            write.writelines(line.removesuffix(b"\n").removesuffix(b"\r") + b"\n" for line in read)
        yield copy


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _number_rejects(con: duckdb.DuckDBPyConnection, header_lines: int) -> None:
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


def csv_columns(source: Source, path: Path) -> list[str]:
    """Read the header, or count the fields of the first line where there is none."""
    options = source.csv
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    errors = (
        "surrogateescape" if options.encoding == "utf-8" else "strict"
    )  # rows may be broken, the header not
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE
    try:
        with _opened(path) as file, io.TextIOWrapper(file, encoding, errors, newline="") as text:
            rows = csv.reader(
                text, delimiter=options.delimiter, quotechar=options.quote or None, quoting=quoting
            )
            first = next(rows, None)
            if options.header:
                "".join(first or []).encode()
    except (OSError, UnicodeError, csv.Error) as error:
        raise SourceError(
            f"The header of the file cannot be read ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check `csv: {delimiter, encoding, quote}` of the source in hub.yaml against the file.",
        ) from None
    if not first:
        raise SourceError(
            "The file is empty: it has no header; nothing was loaded from it.",
            remedy="Have the file delivered again, or remove it from the source's path.",
        )
    if not options.header:
        return [f"column{i}" for i in range(len(first))]
    columns = [name.strip() for name in first]
    if len(set(columns)) < len(columns) or "" in columns:
        raise SourceError(
            "The header names a column twice or leaves a name empty; nothing of the file was loaded.",
            remedy="Give every column of the file a name of its own.",
        )
    return columns


def _read_json_lines(con: duckdb.DuckDBPyConnection, path: Path, out: str) -> None:
    """Lines are read as text, so that a broken one is kept as it came; blank ones are no rows."""
    try:
        _scan_lines(con, path)
    except duckdb.InvalidInputException:
        with _with_one_line_ending(con, path) as copy:
            _scan_lines(con, copy)
    _number_rejects(con, header_lines=0)
    con.execute(
        f"create or replace temp table {out} as"
        " select rank_in_file + coalesce(r.j, 0) as position, trim(line, ' \t\r') as payload,"
        " case when json_valid(line) and json_type(line) = 'OBJECT' then null"
        " when json_valid(line) then 'line is JSON but not an object' else 'line is not valid JSON' end as reason"
        " from (select row_number() over () as rank_in_file, line from json_lines) as lines"
        " asof left join (select good_before, max(j) as j from rejects group by all) as r on rank_in_file > good_before"
        " where trim(coalesce(line, ''), ' \t\r') <> ''"
        " union all by name"
        " select line as position, raw as payload, 'line cannot be read as text: ' || what as reason from rejects"
    )
    con.execute(
        "drop table json_lines; drop table rejects; drop table csv_rejects; drop table csv_rejects_scan"
    )


def _scan_lines(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Create temp tables `json_lines` and `csv_rejects`; a byte 1, which JSON cannot hold, makes a line a reject."""
    con.execute("drop table if exists csv_rejects; drop table if exists csv_rejects_scan")
    con.execute(
        f"create or replace temp table json_lines as select * from read_csv({quote_text(str(path))},"
        " auto_detect = false, columns = {'line': 'VARCHAR'}, header = false, delim = '\x01', quote = '', escape = '',"
        f" max_line_size = {_MAX_LINE_BYTES}, store_rejects = true, rejects_table = 'csv_rejects',"
        " rejects_scan = 'csv_rejects_scan', rejects_limit = 0)"
    )


def _read_parquet(con: duckdb.DuckDBPyConnection, path: Path, out: str) -> list[str]:
    file = f"read_parquet({quote_text(str(path))})"
    columns = parquet_columns(con, path)
    con.execute(
        f"create or replace temp table {out} as select row_number() over () as position,"
        f" to_json(r)::varchar as payload, null::varchar as reason from {file} as r"
    )
    return columns


def parquet_columns(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Read the names of the columns."""
    described = con.execute(f"describe select * from read_parquet({quote_text(str(path))})").fetchall()
    return [row[0] for row in described]
