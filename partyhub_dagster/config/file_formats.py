"""How files are written: their formats, and what each format leaves open."""

import re
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from partyhub_dagster.config.section import Section, wrong

FileFormat = Literal["csv", "jsonl", "json", "parquet", "excel", "avro", "fixed_width"]
SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet", ".xlsx": "excel", ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel",
    ".ods": "excel", ".avro": "avro",
}  # fmt: skip
COMPRESSIONS = (".gz", ".zip", ".zst", ".bz2", ".xz")

Encoding = Literal[
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1250", "windows-1251", "windows-1252",
    "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257", "iso-8859-2", "iso-8859-5",
    "iso-8859-7", "iso-8859-9", "iso-8859-15", "koi8-r", "cp437", "cp850", "cp852", "mac-roman", "shift_jis", "euc-jp",
    "euc-kr", "gb18030", "big5",
]  # fmt: skip


def _tab_form(value: Any) -> Any:
    return "\t" if value in ("\\t", "tab") else value


class CsvOptions(Section):
    """How a CSV file is written."""

    delimiter: Annotated[
        str,
        BeforeValidator(_tab_form),
        Field(min_length=1, max_length=1),
        WithJsonSchema({"type": "string", "pattern": r"^(.|\\t|tab)$"}),
    ] = ","
    """Character between two fields."""
    encoding: Encoding = "utf-8"
    """Encoding of the text; a byte order mark in the file outranks it."""
    header: bool = True
    """Whether the first line names the columns; otherwise they are column0, column1 and so on."""
    quote: Annotated[str, Field(max_length=1)] = '"'
    """Character around fields; empty: none."""
    escape: Annotated[str, Field(max_length=1)] | None = None
    """Character before a quote inside a field; left out: the quote itself, doubled."""


class JsonOptions(Section):
    """How a JSON file is laid out."""

    records: Annotated[str, Field(min_length=1)] | None = None
    """Key under which the list of records lies, such as data.items; left out: the file is the list."""


class ExcelOptions(Section):
    """Where the rows lie in a workbook."""

    sheet: str | Annotated[int, Field(ge=1)] = 1
    """Name of the sheet, or its number from 1."""
    header_row: Annotated[int, Field(ge=1)] = 1
    """Row that names the columns; rows above it are not read."""


def _range_form(value: Any) -> Any:
    """Read `11-40`, or `11` for one character."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = re.fullmatch(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?", value) if isinstance(value, str) else None
    if found is None:
        raise wrong("this is no range of characters", "Write first-last, counted from 1, such as 11-40")
    first, last = int(found[1]), int(found[2] or found[1])
    if first < 1 or last < first:
        raise wrong("this range holds no character", "Write first-last, counted from 1, such as 11-40")
    return (first, last)


_RANGE_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*[0-9]+\s*(-\s*[0-9]+\s*)?$"},
        {"type": "integer", "minimum": 1},
    ]
}


class FixedWidthOptions(Section):
    """Where the columns lie in the lines of a fixed-width file."""

    columns: dict[
        str, Annotated[tuple[int, int], BeforeValidator(_range_form), WithJsonSchema(_RANGE_SCHEMA)]
    ] = Field(default_factory=dict)
    """First and last character of each column, counted from 1, such as {ID: 1-10, NAME: 11-40}."""
    encoding: Encoding = "utf-8"
    """Encoding of the text; a byte order mark in the file outranks it."""
    skip: Annotated[int, Field(ge=0)] = 0
    """Lines above the first record."""

    @model_validator(mode="after")
    def _columns_lie_apart(self) -> Self:
        ranges = sorted(self.columns.values())
        for (_, last), (first, _) in pairwise(ranges):
            if first <= last:
                raise wrong("two columns share characters", "Correct the ranges", at=("columns",))
        return self


def format_of(path: str) -> FileFormat | None:
    """Tell the format of a file from its suffix, compressed or not."""
    return SUFFIXES.get(suffix_of(path))


def suffix_of(path: str) -> str:
    """Return the suffix of a path in lower case, that of a compression taken off."""
    name = PurePosixPath(path)
    if name.suffix.lower() in COMPRESSIONS:
        name = name.with_suffix("")
    return name.suffix.lower()
