"""How files without a hub.yaml are written, which of them are one source, and their rows as a table of text."""

import csv
import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.config.file_formats import FileFormat, format_of
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.normalize.text import tokens
from partyhub_dagster.sources.readers import read_rows
from partyhub_dagster.sources.reading.compression import content_chunks
from partyhub_dagster.sources.reading.plain import plain_file
from partyhub_dagster.sources.rows import json_pointer

_PROBE_BYTES = 1 << 20
_BEGINNINGS: dict[bytes, FileFormat] = {b"PAR1": "parquet", b"Obj\x01": "avro", b"{": "jsonl", b"[": "json"}
_LOOKS_LIKE_A_VALUE = re.compile(r"^[\d.,:/+-]+$|@")
_PART_OF_A_DATE = re.compile(r"(19|20)\d\d(\d\d){0,2}|[01]\d|[0-3]\d")


@dataclass(frozen=True, slots=True)
class Feed:
    """Files of the same columns: what becomes one source."""

    name: str
    paths: tuple[Path, ...]
    format: FileFormat
    csv: dict[str, Any]
    """Options that differ from the defaults of hub.yaml."""
    columns: tuple[str, ...]
    table: str
    """Temp table of its rows: `file`, and c0, c1 ... as text, blank as null."""
    rows: int
    unreadable: int
    """Rows that would go to quarantine as they are."""


def read_feeds(
    con: duckdb.DuckDBPyConnection, paths: Sequence[Path], like: Source | None = None
) -> list[Feed]:
    """Read files into temp tables, those of the same columns and format into one.

    How a file is written is told by `like`, the source that it belongs to, else by the file itself.

    Raises:
        SourceError: a file is not there, or cannot be read as any format.
    """
    groups: dict[tuple[Any, ...], list[tuple[Path, str]]] = {}
    for number, path in enumerate(dict.fromkeys(path.resolve() for path in paths)):
        if not path.is_file():
            raise SourceError(f"{path} is no file; nothing was written.", remedy="Name files that exist.")
        format_ = like.format if like else format_of(path.name) or _format_inside(path)
        csv = _csv_options(con, path) if format_ == "csv" and like is None else {}
        if like is not None and format_ == "csv":
            csv = like.csv.model_dump(exclude_defaults=True)
        table = f"discovered_{number}"
        columns = _read_file(con, path, format_, csv, table)
        groups.setdefault((format_, tuple(sorted(csv.items())), columns), []).append((path, table))
    names: set[str] = set()
    return [
        _feed(con, files, format_, dict(csv), columns, names)
        for (format_, csv, columns), files in groups.items()
    ]


def _feed(
    con: duckdb.DuckDBPyConnection,
    files: list[tuple[Path, str]],
    format_: FileFormat,
    csv: dict[str, Any],
    columns: tuple[str, ...],
    taken: set[str],
) -> Feed:
    table = f"feed_{len(taken)}"
    parts = " union all ".join(
        f"select {number} as file, * from {part}_rows" for number, (_, part) in enumerate(files)
    )
    con.execute(f"create temp table {table} as {parts}")
    name = _source_name([path for path, _ in files], taken)
    taken.add(name)
    rows, unreadable = 0, 0
    for _, part in files:
        found = con.execute(
            f"select count(*) filter (reason is null), count(*) filter (reason is not null) from {part}"
        ).fetchone()
        rows, unreadable = rows + (found or (0, 0))[0], unreadable + (found or (0, 0))[1]
        con.execute(f"drop table {part}; drop table {part}_rows")
    if not rows:
        raise SourceError(
            f"{files[0][0].name} holds no row that can be read ({unreadable:,} cannot); nothing was written.",
            remedy="Check that the file is complete and what it claims to be; `head` shows its first lines.",
        )
    return Feed(name, tuple(path for path, _ in files), format_, csv, columns, table, rows, unreadable)


def _read_file(
    con: duckdb.DuckDBPyConnection, path: Path, format_: FileFormat, csv: dict[str, Any], table: str
) -> tuple[str, ...]:
    """Create temp tables `table` (as read) and `table_rows` (c0, c1 ...); return the names of the columns."""
    try:
        columns = read_rows(con, _as_source(path, format_, csv), path, table)
    except SourceError as error:
        raise SourceError(f"{path.name}: {error.args[0]}", remedy=str(error.args[1])) from None
    if columns is None:
        keys = con.execute(
            f"select key, min(n) from (select unnest(json_keys(payload)) as key, position as n from {table}"
            " where reason is null) group by key order by 2, 1"
        ).fetchall()
        columns = [row[0] for row in keys]
    texts = ", ".join(f"nullif(trim(cells[{i}]), '') as c{i - 1}" for i in range(1, len(columns) + 1))
    pointers = ", ".join(quote_text(json_pointer(name)) for name in columns)
    con.execute(
        f"create temp table {table}_rows as select {texts or 'null as c0'} from"
        f" (select json_extract_string(payload, [{pointers or quote_text('/')}]) as cells from {table}"
        " where reason is null)"
    )
    return tuple(columns)


def _as_source(path: Path, format_: FileFormat, csv: dict[str, Any]) -> Source:
    """Return a source of one file, of which nothing is known but how it is written."""
    written: dict[str, Any] = {
        "name": "file", "path": glob.escape(str(path)), "format": format_, "key": "?", "kind": "person",
        "columns": {"?": {"type": "text", "attribute": "any"}},
    }  # fmt: skip
    return Source.model_validate(written | ({"csv": csv} if csv else {}))


def _source_name(paths: list[Path], taken: set[str]) -> str:
    """Name a source after its file without the date of delivery, or after the folder when it has several."""
    stem = paths[0].name.split(".", 1)[0]
    if len(paths) > 1 or not re.search(r"[^\W\d_]", stem):
        stem = paths[0].parent.name
    said = tokens(stem)
    words = (
        "_".join(word for word in said if not _PART_OF_A_DATE.fullmatch(word) or said[0] == word) or "source"
    )
    name = words if words[0].isalpha() else f"source_{words}"
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def _format_inside(path: Path) -> FileFormat:
    """Tell the format of a file whose name does not."""
    with path.open("rb") as file:
        begin = file.read(64)
    for sign, format_ in _BEGINNINGS.items():
        if begin.lstrip().startswith(sign):
            return format_
    return "csv"


def _csv_options(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Any]:
    """Return what differs from the defaults: DuckDB's sniffer finds delimiter and quote, the bytes the encoding."""
    encoding = _encoding(path)
    options: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    try:
        with plain_file(con, _as_source(path, "csv", options), path) as plain:
            delimiter, quote, escape = _sniff(con, plain)
            has_header = _has_header(plain, delimiter)
    except OSError as error:
        raise SourceError(
            f"{path.name} could not be read ({type(error).__name__}); nothing was written.",
            remedy="Check that it is there and readable for you.",
        ) from None
    if delimiter != ",":
        options["delimiter"] = delimiter
    if quote == "'":
        options["quote"] = quote
    if escape == "\\":
        options["escape"] = escape
    if not has_header:
        options["header"] = False
    return options


def _sniff(con: duckdb.DuckDBPyConnection, plain: Path) -> tuple[str, str, str]:
    try:
        found = con.execute(
            "select delimiter, quote, escape from sniff_csv(?, sample_size = 20480, ignore_errors = true)",
            [str(plain)],
        ).fetchone()
    except duckdb.Error:
        found = None  # one column, or rows so broken that reading will tell
    delimiter, quote, escape = found or (",", '"', '"')
    return (delimiter if len(delimiter) == 1 else ","), quote, escape


def _encoding(path: Path) -> str:
    """Text that is not UTF-8 is most often that of Windows in Western Europe, which holds Latin-1 as well."""
    head = b""
    for chunk in content_chunks(_as_source(path, "csv", {}), path):
        head += chunk
        if len(head) >= _PROBE_BYTES:
            break
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-8"  # the mark outranks what hub.yaml says
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    half = len(head) // 2
    return "utf-16" if half and max(head[0::2].count(0), head[1::2].count(0)) > 0.6 * half else "utf-8"


def _has_header(plain: Path, delimiter: str) -> bool:
    """A header names most columns, and no name looks like a value."""
    with plain.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        try:
            cells = [cell.strip() for cell in next(csv.reader(text, delimiter=delimiter), [])]
        except csv.Error:
            return True
    named = [cell for cell in cells if cell]
    return 2 * len(named) > len(cells) and not any(_LOOKS_LIKE_A_VALUE.search(cell) for cell in named)
