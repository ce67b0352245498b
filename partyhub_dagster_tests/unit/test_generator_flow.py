"""The generated sources row by row: exactly as many as asked for, and each row what it is counted as."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from partyhub_dagster.sources.generator.flow import Portion, rows_of, send_flow

MIX = {"updates": 0.25, "deletes": 0.06, "late": 0.05, "duplicates": 0.04}
CONTROL = {
    "crm": ("CUST_ID", "REV_NO"),
    "dnb": ("dnbRecordId", "lastUpdateTimestamp"),
    "markit": ("ENTITY_ID", "VERSION_NO"),
}


def rows_in_order(portions: list[Portion]) -> list[tuple[str, dict[str, Any], str]]:
    return [
        (source, row, op)
        for portion in portions
        for source, drop in portion.drops.items()
        for row, op in zip(rows_of(source, drop), drop.op.tolist(), strict=True)
    ]


def what_a_reader_sees(portions: list[Portion]) -> Counter[str]:
    """Tell every row's kind from what came before it alone."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    seen: Counter[str] = Counter()
    for source, row, op in rows_in_order(portions):
        key, version = CONTROL[source]
        place = source, row[key]
        held = newest.get(place)
        if held is None:
            seen["inserts"] += 1
        elif held == row:
            seen["duplicates"] += 1
        elif _order(row[version]) < _order(held[version]):
            seen["late"] += 1
            continue
        else:
            seen["deletes" if op == "D" else "updates"] += 1
        newest[place] = row
    return seen


def _order(version: int | str) -> int | str:
    return int(version) if str(version).isdigit() else version


def test_each_row_is_what_it_is_counted_as() -> None:
    portions = list(send_flow(7, 3_000, MIX, "-S7.0"))
    counts: Counter[str] = sum((portion.counts for portion in portions), Counter())
    assert what_a_reader_sees(portions) == counts
    assert counts.total() == 3_000
    for kind, share in MIX.items():
        assert counts[kind] == pytest.approx(3_000 * share, abs=3)


@settings(max_examples=8)
@given(st.integers(1, 400), st.integers(0, 1_000))
@example(1, 0)
@example(26, 1)
def test_a_flow_has_exactly_the_rows_asked_for(rows: int, seed: int) -> None:
    portions = list(send_flow(seed, rows, MIX, ""))
    assert sum(len(drop.key) for portion in portions for drop in portion.drops.values()) == rows
    assert sum(portion.counts.total() for portion in portions) == rows


def test_the_same_arguments_give_the_same_rows_and_keys_end_in_the_mark() -> None:
    first, second = (rows_in_order(list(send_flow(3, 200, MIX, "-S3.1"))) for _ in range(2))
    assert first == second
    assert {row[CONTROL[source][0]][-5:] for source, row, _ in first} == {"-S3.1"}


def test_absent_values_are_left_out_and_lists_are_lists() -> None:
    rows = [row for source, row, _ in rows_in_order(list(send_flow(3, 600, MIX, ""))) if source == "dnb"]
    names = [row["tradeStyleNames"] for row in rows if "tradeStyleNames" in row]
    assert names
    assert all(isinstance(held, list) for held in names)
    assert not any(value == "" for row in rows for value in row.values())
