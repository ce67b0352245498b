"""Lines made column by column say what Python's own writers would say, and stand where they should."""

import csv
import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from partyhub_dagster.sources.generator.arrays import text
from partyhub_dagster.sources.generator.lines import write_csv, write_json_lines

VALUES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=8)
ROWS = st.lists(st.tuples(st.text("ab", min_size=1), VALUES, VALUES), min_size=1, max_size=8)


@given(ROWS, st.lists(st.tuples(st.integers(0, 9), st.lists(VALUES, min_size=2, max_size=4)), max_size=3))
def test_csv_holds_every_row_and_the_inserted_ones_in_their_places(
    rows: list[tuple[str, ...]], inserted: list[tuple[int, list[str]]]
) -> None:
    columns = {name: text(cells) for name, cells in zip("abc", zip(*rows, strict=True), strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_csv(path, columns, inserted)
        with path.open(encoding="utf-8", newline="") as file:
            header, *found = csv.reader(file)
    assert header == ["a", "b", "c"]
    assert found == _ordered(rows, inserted)


def _ordered(rows: list[tuple[str, ...]], inserted: list[tuple[int, list[str]]]) -> list[list[str]]:
    waiting = sorted(inserted, key=lambda row: row[0])
    result: list[list[str]] = []
    for number in range(len(rows) + 1):
        result += [row for at, row in waiting if at == number or at > number == len(rows)]
        result += [list(rows[number])] if number < len(rows) else []
    return result


@given(ROWS)
def test_json_lines_leave_absent_values_out_and_split_lists(rows: list[tuple[str, ...]]) -> None:
    columns = {name: text(cells) for name, cells in zip("abc", zip(*rows, strict=True), strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_json_lines(path, columns, ("c",))
        lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == [
        {"a": a} | ({"b": b} if b else {}) | ({"c": c.split("|")} if c else {}) for a, b, c in rows
    ]
