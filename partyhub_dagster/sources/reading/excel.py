"""Workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods."""

import datetime
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.sources.reading.header import named_columns
from partyhub_dagster.sources.reading.workbook import SheetFacts, sheet_facts

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_BATCH = 20_000
_EXACT_INTEGERS = 2.0**53
_NO_VALUE = "a formula has no value: open the file in a spreadsheet program and save it"
_ERROR = "a cell holds an error instead of a value"
_MERGED = "a cell is merged with one of a row above"
_WIDER = "the row has more cells than the header"


def read_excel(con: duckdb.DuckDBPyConnection, source: Source, path: Path, out: str) -> list[str]:
    """Create temp table `out` (position, payload, reason) from one sheet; return its columns.

    Numbers come as text without a needless .0, dates and times in ISO 8601; blank rows are no rows.

    Raises:
        SourceError: there is no such sheet or no usable header, or the workbook cannot be read.
    """
    sheet, facts = _sheet(source, path)
    rows = enumerate(_rows(sheet), start=1)
    header_row = source.excel.header_row
    header = next((row for number, row in rows if number == header_row), [])
    while header and header[-1] == "":
        header = header[:-1]
    columns = named_columns([_text(cell) or "" for cell in header])
    width, bad = len(columns), _reasons(sheet, facts)
    types = ", ".join(f"c{i} varchar" for i in range(width))
    con.execute(f"create or replace temp table excel_rows (position bigint, reason varchar, {types})")
    while batch := list(islice(rows, _BATCH)):
        _insert(con, [(number, row) for number, row in batch if any(c != "" for c in row)], width, bad)
    fields = ", ".join(f"{quote_text(name)}, c{i}" for i, name in enumerate(columns))
    con.execute(
        f"create or replace temp table {out} as"
        f" select position, json_object({fields})::varchar as payload, reason from excel_rows"
    )
    con.execute("drop table excel_rows")
    return columns


def excel_columns(source: Source, path: Path) -> list[str]:
    """Read the header of the sheet."""
    sheet, _ = _sheet(source, path)
    header = next(islice(_rows(sheet), source.excel.header_row - 1, None), [])
    while header and header[-1] == "":
        header = header[:-1]
    return named_columns([_text(cell) or "" for cell in header])


def _sheet(source: Source, path: Path) -> tuple["CalamineSheet", SheetFacts]:
    from python_calamine import CalamineError, load_workbook

    chosen = source.excel.sheet
    try:
        workbook = load_workbook(str(path))
        names = workbook.sheet_names
        name = chosen if isinstance(chosen, str) else names[chosen - 1] if chosen <= len(names) else None
        if name not in names:
            raise SourceError(
                f"The workbook has no sheet {chosen} among its {len(names)}; nothing of it was loaded.",
                remedy="Correct `excel: {sheet: NAME}` of the source in hub.yaml.",
            )
        facts = sheet_facts(path, name, source.max_expanded_mb)
        return workbook.get_sheet_by_name(name), facts
    except CalamineError as error:
        raise SourceError(
            f"The workbook could not be read ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check that it is a complete workbook without a password, and `format` of the source in hub.yaml.",
        ) from None


def _rows(sheet: "CalamineSheet") -> Iterator[list[Any]]:
    """Yield the rows from the first of the sheet, each from the first column."""
    top, left = sheet.start or (0, 0)
    yield from ([] for _ in range(top))
    for row in sheet.iter_rows() if sheet.start else ():
        yield [""] * left + row


def _reasons(sheet: "CalamineSheet", facts: SheetFacts) -> dict[int, str]:
    """Return why rows are none, by row. A range that is merged over rows has its value in the first of them only."""
    merged = {
        row
        for (first, _), (last, _) in sheet.merged_cell_ranges or []
        for row in range(first + 2, min(last, sheet.total_height) + 2)
    }
    return {
        **dict.fromkeys(merged, _MERGED),
        **dict.fromkeys(facts.errors, _ERROR),
        **dict.fromkeys(facts.uncomputed, _NO_VALUE),
    }


def _insert(
    con: duckdb.DuckDBPyConnection, rows: list[tuple[int, list[Any]]], width: int, bad: dict[int, str]
) -> None:
    import pyarrow as pa

    names = ["position", "reason", *(f"c{i}" for i in range(width))]
    reasons = [
        bad.get(number) or (_WIDER if any(cell != "" for cell in row[width:]) else None)
        for number, row in rows
    ]
    cells = [[_text(row[i]) if i < len(row) else None for _, row in rows] for i in range(width)]
    columns = [pa.array([number for number, _ in rows], pa.int64()), pa.array(reasons, pa.string())]
    batch = pa.table([*columns, *(pa.array(column, pa.string()) for column in cells)], names)
    con.register("excel_batch", batch)
    con.execute("insert into excel_rows select * from excel_batch")
    con.unregister("excel_batch")


def _text(cell: Any) -> str | None:
    match cell:
        case str():
            return cell or None
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) <= _EXACT_INTEGERS:
            return str(int(cell))
        case datetime.datetime() | datetime.date() | datetime.time():
            return cell.isoformat()
        case _:
            return str(cell)
