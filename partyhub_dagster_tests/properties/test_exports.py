"""However releases follow one another, an export that reuses files says what one from nothing would say."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyhub_dagster.publish import parquet
from partyhub_dagster.publish.buckets import Bucket, FilePlan
from partyhub_dagster.publish.parquet import check_export
from partyhub_dagster_tests.exports import (
    add,
    change,
    configure,
    expected_rows,
    export,
    golden_of,
    paths,
    remove,
    rows_in,
)

PARTIES = 16
_PARTY = st.integers(0, PARTIES - 1)
_STEP = st.one_of(
    st.tuples(st.just("change"), _PARTY),
    st.tuples(st.just("retype"), _PARTY),
    st.tuples(st.just("remove"), _PARTY),
    st.tuples(st.just("grow"), st.integers(1, 12)),
)
HISTORIES = st.lists(st.lists(_STEP, max_size=3), min_size=1, max_size=3)
History = list[list[tuple[str, int]]]


def play(history: History) -> None:
    """Export after every release, and hold each export against one from nothing."""
    with golden_of(PARTIES) as con, tempfile.TemporaryDirectory() as folder:
        home, hub, held = Path(folder), configure(rows_per_file=4), PARTIES
        before = export(con, hub, home).manifest
        for number, steps in enumerate(history, start=2):
            for what, which in steps:
                match what:
                    case "change" | "retype":
                        change(con, which, number, party_type="INDIVIDUAL" if what == "retype" else None)
                    case "remove":
                        remove(con, which)
                    case "grow":
                        add(con, range(held, held + which), number)
                        held += which
            done = export(con, hub, home, number)
            files = [str(home / "published" / file.path) for file in done.manifest.files]
            assert rows_in(files) == expected_rows(con)
            assert check_export(hub, home) == []
            assert done.manifest.rows == len(expected_rows(con))
            stayed = set(paths(before).values()) & set(paths(done.manifest).values())
            if not steps:
                assert (done.files_written, stayed) == (0, set(paths(before).values()))
            before = done.manifest


@settings(max_examples=max(5, settings().max_examples // 5))  # each writes dozens of files
@given(HISTORIES)
def test_an_export_that_reuses_files_equals_one_from_nothing(history: History) -> None:
    play(history)


@pytest.mark.parametrize(
    ("bug", "history"),
    [
        ("changes are overlooked", [[("change", 3)]]),
        ("rows are not counted", [[("remove", 3)]]),
        ("rows are not counted", [[("retype", 3)]]),
    ],
)
def test_an_export_that_overlooks_something_is_found(
    monkeypatch: pytest.MonkeyPatch, bug: str, history: History
) -> None:
    if bug == "changes are overlooked":
        monkeypatch.setattr(parquet, "changed_prefixes", lambda *_: set())
    else:
        real = parquet.plan_files

        def plan(*given: Any) -> FilePlan:
            """As if every file had as many rows as its bucket has now."""
            con, golden, rows_per_file, before, dirty = given
            wanted = real(con, golden, rows_per_file, before, None).written
            told = {} if before is None else before.model_copy(update={"files": [
                file.model_copy(update={"rows": wanted.get(Bucket(file.party_type, file.bucket), 0)})
                for file in before.files
            ]})  # fmt: skip
            return real(con, golden, rows_per_file, told or None, dirty)

        monkeypatch.setattr(parquet, "plan_files", plan)
    with pytest.raises(AssertionError):
        play(history)


def test_one_change_writes_one_file(tmp_path: Path) -> None:
    with golden_of(400) as con:
        hub = configure(rows_per_file=10)
        first = export(con, hub, tmp_path)
        change(con, 7, 2)
        second = export(con, hub, tmp_path, 2)
    assert first.files_written == len(first.manifest.files) == 64
    assert second.files_written == 1
    assert len(set(paths(first.manifest).values()) & set(paths(second.manifest).values())) == 63
