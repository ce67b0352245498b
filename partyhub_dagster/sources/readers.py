"""Reading a file into rows as received: one JSON object a row, or the raw text with the reason why it is none."""

from pathlib import Path

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.reading.avro import avro_columns, read_avro
from partyhub_dagster.sources.reading.csv_text import csv_columns, read_csv
from partyhub_dagster.sources.reading.excel import excel_columns, read_excel
from partyhub_dagster.sources.reading.fixed_width import read_fixed_width
from partyhub_dagster.sources.reading.json_text import read_json, read_json_lines
from partyhub_dagster.sources.reading.parquet import parquet_columns, read_parquet
from partyhub_dagster.sources.reading.plain import plain_file


def read_rows(con: duckdb.DuckDBPyConnection, source: Source, path: Path, out: str) -> list[str] | None:
    """Create temp table `out` (position, payload, reason) from a file; return its columns, None if rows vary.

    Grain: one row per input row; reason is null where the row could be read.

    Raises:
        SourceError: the file as a whole cannot be read.
    """
    try:
        with plain_file(con, source, path) as plain:
            return _read(con, source, plain, out)
    except duckdb.Error as error:
        raise SourceError(
            f"The file could not be read as {source.format} ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check `format` and its options of the source in hub.yaml against the file, and that it is"
            " complete.",
        ) from None
    except OSError as error:
        raise SourceError(
            f"The file could not be read ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check that it is there and readable for the user who runs the hub, and that the disk is not full.",
        ) from None


def _read(con: duckdb.DuckDBPyConnection, source: Source, plain: Path, out: str) -> list[str] | None:
    columns: list[str] | None = None
    match source.format:
        case "csv":
            columns = read_csv(con, source, plain, out)
        case "jsonl":
            read_json_lines(con, plain, out)
        case "json":
            read_json(con, source, plain, out)
        case "parquet":
            columns = read_parquet(con, plain, out)
        case "excel":
            columns = read_excel(con, source, plain, out)
        case "avro":
            columns = read_avro(con, plain, out)
        case "fixed_width":
            columns = read_fixed_width(con, source, plain, out)
    return columns


def columns_of_file(con: duckdb.DuckDBPyConnection, source: Source, path: Path) -> list[str] | None:
    """Read the names of a file's columns without its rows; None where rows vary.

    Raises:
        SourceError: the file has no usable header, or cannot be expanded.
        duckdb.Error: the file is not what its format says.
        OSError: it cannot be read.
    """
    with plain_file(con, source, path) as plain:
        match source.format:
            case "csv":
                return csv_columns(source, plain)
            case "parquet":
                return parquet_columns(con, plain)
            case "excel":
                return excel_columns(source, plain)
            case "avro":
                return avro_columns(plain)
            case "fixed_width":
                return list(source.fixed_width.columns)
            case _:
                return None
