"""Rows as lines of text, made column by column with Arrow: what makes a million of them a matter of seconds.

The same rows always give the same bytes. An absent value is the empty string.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partyhub_dagster.sources.generator.arrays import Text

_ROWS_AT_ONCE: Final = 50_000  # bounds memory, and keeps a column of lines far below Arrow's two gigabytes
Columns = Mapping[str, Text]
Inserted = Sequence[tuple[int, Sequence[str]]]
"""Rows that stand between the others: (number of rows before it, its fields)."""


def write_csv(path: Path, columns: Columns, inserted: Inserted = ()) -> None:
    """Write columns as CSV with a header; `inserted` rows go in as they are, whatever their number of fields."""
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = sorted(inserted, key=lambda row: row[0])
    with path.open("wb") as file:
        file.write(_csv_text([list(columns)]).encode())
        for start, part in _parts(columns):
            lines = _csv_lines(part)
            here = [(at - start, row) for at, row in waiting if start <= at < start + len(lines)]
            file.write(_text_of(_with_inserted(lines, here)))
        file.write(_csv_text(row for at, row in waiting if at >= _rows(columns)).encode())


def write_json_lines(path: Path, columns: Columns, lists: Sequence[str]) -> None:
    """Write columns as JSON Lines; absent values are left out, listed columns become lists at their bars.

    Values have no control characters.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for _, part in _parts(columns):
            file.write(_text_of(_json_lines(part, lists)))


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _parts(columns: Columns) -> Iterable[tuple[int, dict[str, Any]]]:
    """Return the rows in parts as Arrow columns, with the number of the first row of each."""
    import pyarrow as pa

    for start in range(0, _rows(columns), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        yield start, {name: pa.array(column[rows], type=pa.string()) for name, column in columns.items()}


def _csv_text(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _csv_lines(columns: Mapping[str, Any]) -> Any:
    import pyarrow.compute as pc

    cells = [_replaced(column, '[",\r\n]', _quoted) for column in columns.values()]
    return pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, ","), "", "\n")


def _quoted(values: Any) -> Any:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise('"', pc.replace_substring(values, '"', '""'), '"', "")


def _with_inserted(lines: Any, inserted: Inserted) -> Any:
    """Return the lines with the inserted rows before those at whose number they stand."""
    import pyarrow as pa

    if not inserted:
        return lines
    extra = pa.array([_csv_text([row]) for _, row in inserted], type=pa.string())
    order: NDArray[np.int64] = np.insert(
        np.arange(len(lines)), [at for at, _ in inserted], len(lines) + np.arange(len(extra))
    )
    return pa.concat_arrays([lines, extra]).take(pa.array(order))


def _json_lines(columns: Mapping[str, Any], lists: Sequence[str]) -> Any:
    import pyarrow.compute as pc

    cells = []
    for name, column in columns.items():
        escaped = _replaced(column, r'["\\]', _escaped)
        opening, closing = (f'"{name}":["', '"]') if name in lists else (f'"{name}":"', '"')
        if name in lists:
            escaped = pc.replace_substring(escaped, "|", '","')
        cell = pc.binary_join_element_wise(opening, escaped, closing, "")
        cells.append(pc.if_else(pc.equal(column, ""), None, cell))
    inside = pc.binary_join_element_wise(*cells, ",", null_handling="skip")
    return pc.binary_join_element_wise("{", inside, "}\n", "")


def _escaped(values: Any) -> Any:
    import pyarrow.compute as pc

    return pc.replace_substring(pc.replace_substring(values, "\\", "\\\\"), '"', '\\"')


def _replaced(values: Any, pattern: str, change: Callable[[Any], Any]) -> Any:
    """Return the values, changed where they match: most columns have none that do."""
    import pyarrow.compute as pc

    hit = pc.match_substring_regex(values, pattern)
    return pc.if_else(hit, change(values), values) if pc.any(hit).as_py() else values


def _text_of(lines: Any) -> memoryview:
    """Return what the lines are as one text: Arrow holds them one after another already."""
    _, offsets, text = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(text)[ends[lines.offset] : ends[lines.offset + len(lines)]]
