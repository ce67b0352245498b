"""Law 1, nothing is lost, and law 2, feeding the same again changes nothing, where files enter the hub."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from partyhub_dagster.errors import InvariantError, LakeError, NotFoundError, SourceError
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.sources import load, storing
from partyhub_dagster.sources.retire import retire_records
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster_tests.feed import Feed, Lake, new_lake

VERSIONED = "version: {column: REV, type: integer}\ndeleted: {column: OP, values: [D]}"
SNAPSHOT = "feed: snapshot\nmax_deleted_share: 0.5"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


def versioned(*rows: str) -> str:
    return "\n".join(["ID,REV,OP,NAME", *rows]) + "\n"


def plain(*rows: str) -> str:
    return "\n".join(["ID,NAME", *rows]) + "\n"


def broken_rules(feed: Feed) -> list[str]:
    """Return the rules on sources, those that block a release, that the lake breaks."""
    names = ("loads_reconcile", "current_is_newest_version")
    queries = {name: load_sql("partyhub_dagster.quality", f"{name}.sql") for name in names}
    return [name for name, query in queries.items() if feed.lake.con.execute(query).fetchall()]


# --- the same again


def test_a_file_is_loaded_once_whatever_its_name_and_time(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    path = feed.put("a.csv", versioned("1,1,,Ann", "2,1,,Bob", ",1,,bad"))
    feed.load()
    before = feed.epochs()
    os.utime(path, ns=(1, 1))
    feed.put("renamed.csv", path.read_bytes())
    assert feed.load() == LoadCounts()
    assert feed.epochs() == before


@pytest.mark.parametrize("rows", [["1,1,,Ann"], ["2,1,,Bob", "1,2,,Ann M"], [",1,,bad"], ["3,2,D,"]])
def test_a_part_of_a_file_fed_again_changes_no_row(lake: Lake, tmp_path: Path, rows: list[str]) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    feed.send("a.csv", versioned("1,1,,Ann", "2,1,,Bob", ",1,,bad", "1,2,,Ann M", "3,1,,Cy", "3,2,D,"))
    before = feed.epochs()
    counts = feed.send("b.csv", versioned(*rows))
    assert (counts.unchanged, counts.stored, counts.quarantined) == (len(rows), 0, 0)
    assert feed.epochs() == before


def test_a_file_without_versions_that_has_only_grown_brings_only_what_is_new(
    lake: Lake, tmp_path: Path
) -> None:
    feed = lake.feed(tmp_path)
    feed.send("a.csv", plain("1,Ann", "1,Anna", "2,Bob"))
    counts = feed.send("a.csv", plain("1,Ann", "1,Anna", "2,Bob", "2,Bobby", "1,Annie"))
    assert (counts.stored, counts.unchanged) == (2, 3)
    assert len(feed.versions("1")) == 3


def test_a_record_without_versions_can_take_an_earlier_content_again(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path)
    for file, name in (("a", "Ann"), ("b", "Anna"), ("c", "Ann\n")):
        feed.send(f"{file}.csv", plain(f"1,{name}"))
    assert feed.live() == {"1": '{"ID":"1","NAME":"Ann"}'}
    assert len(feed.versions("1")) == 3


# --- versions


def test_a_late_version_goes_to_history_only(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    feed.send("a.csv", versioned("1,3,,Ann"))
    counts = feed.send("b.csv", versioned("1,2,,Old", "1,1,D,"))
    assert (counts.stored, counts.late) == (2, 2)
    assert "Ann" in feed.live()["1"]
    assert broken_rules(feed) == []


def test_an_equal_version_with_other_content_is_stored_and_counted(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    counts = feed.send("a.csv", versioned("1,1,,Ann", "1,1,,Anna", "2,1,,Bob"))
    assert (counts.stored, counts.version_conflicts) == (3, 1)
    assert "Anna" in feed.live()["1"]
    assert feed.send("b.csv", versioned("1,1,,Anne")).version_conflicts == 1
    assert "Anne" in feed.live()["1"]


def test_a_deleted_record_that_returns_keeps_its_first_seen(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    feed.send("a.csv", versioned("1,1,,Ann", "2,1,,Bob"))
    seen = feed.ask("select first_seen from source_parties where source = $name and source_record_id = '1'")
    feed.send("b.csv", versioned("1,2,D,"))
    assert feed.keys() == {"2"}
    feed.send("c.csv", versioned("1,3,,Ann"))
    assert feed.keys() == {"1", "2"}
    again = feed.ask("select first_seen from source_parties where source = $name and source_record_id = '1'")
    assert again == seen


def test_a_deletion_of_a_record_never_seen_is_kept_and_outranks_older_versions(
    lake: Lake, tmp_path: Path
) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    feed.send("a.csv", versioned("1,5,D,"))
    feed.send("b.csv", versioned("1,4,,Ann"))
    assert feed.keys() == set()
    assert broken_rules(feed) == []


# --- full snapshots


def test_a_snapshot_deletes_absent_keys_and_a_later_one_revives_them(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, SNAPSHOT)
    whole = plain("1,Ann", "2,Bob", "3,Cy")
    feed.send("a.csv", whole)
    assert feed.send("b.csv", plain("1,Ann", "3,Cy")).deletions == 1
    assert feed.keys() == {"1", "3"}
    counts = feed.send("c.csv", whole)
    assert feed.keys() == {"1", "2", "3"}
    assert (counts.stored, counts.unchanged) == (1, 2)
    assert broken_rules(feed) == []


def test_a_snapshot_with_versions_revives_with_the_version_it_had(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, SNAPSHOT + "\n" + VERSIONED)
    whole = versioned("1,1,,Ann", "2,4,,Bob")
    for file, content in (("a", whole), ("b", versioned("1,1,,Ann")), ("c", whole)):
        feed.send(f"{file}.csv", content)
    assert feed.keys() == {"1", "2"}
    assert [deleted for _, deleted in feed.versions("2")] == [False, True, False]
    assert feed.send("d.csv", whole + "\n").stored == 0


def test_a_key_in_a_rejected_row_counts_as_present(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, SNAPSHOT + "\n" + VERSIONED)
    feed.send("a.csv", versioned("1,1,,Ann", "2,1,,Bob"))
    counts = feed.send("b.csv", versioned("1,1,,Ann", "2,not a number,,Bob"))
    assert (counts.quarantined, counts.deletions, counts.deletions_refused) == (1, 0, 0)
    assert feed.keys() == {"1", "2"}


@pytest.mark.parametrize("content", [plain("1,Ann", "x"), plain("1,Ann", ",who"), plain()])
def test_deletions_are_refused_if_a_key_is_unreadable_or_too_many_would_go(
    lake: Lake, tmp_path: Path, content: str
) -> None:
    feed = lake.feed(tmp_path, SNAPSHOT)
    feed.send("a.csv", plain("1,Ann", "2,Bob", "3,Cy"))
    counts = feed.send("b.csv", content)
    assert counts.deletions == 0
    assert counts.deletions_refused > 0
    assert feed.keys() == {"1", "2", "3"}


def test_an_old_snapshot_that_is_only_touched_takes_nothing_back(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, SNAPSHOT)
    old = feed.put("a.csv", plain("1,Ann", "2,Bob"))
    feed.load()
    feed.send("b.csv", plain("1,Anna", "2,Bob"))
    os.utime(old, ns=(1, 1))
    assert feed.load() == LoadCounts()
    assert "Anna" in feed.live()["1"]


# --- retiring


@pytest.mark.parametrize("options", ["", VERSIONED, SNAPSHOT])
def test_a_retired_source_adds_up_and_comes_back_whole_when_hub_yaml_names_it_again(
    lake: Lake, tmp_path: Path, options: str
) -> None:
    feed = lake.feed(tmp_path, options)
    feed.send("a.csv", versioned("1,1,,Ann", "2,1,,Bob") if options == VERSIONED else plain("1,Ann", "2,Bob"))
    (tmp_path / "other").mkdir()
    without = lake.feed(tmp_path / "other").config
    with pytest.raises(SourceError, match="still names"):
        retire_records(feed.session, feed.config, feed.name)
    assert retire_records(feed.session, without, feed.name) == 2
    assert feed.keys() == set()
    assert broken_rules(feed) == []
    with pytest.raises(NotFoundError):
        retire_records(feed.session, without, feed.name)
    feed.load()
    assert feed.keys() == {"1", "2"}
    assert broken_rules(feed) == []


# --- failures


def test_a_failed_load_keeps_nothing_and_is_audited_and_the_next_one_carries_on(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    feed.put("a.csv", versioned("1,1,,Ann", ",1,,bad"))

    def fails(*_: object) -> None:
        raise duckdb.ConversionException("could not convert string 'Ann' to INT32")

    with monkeypatch.context() as patched:
        patched.setattr(load, "write_audit", fails)
        with pytest.raises((LakeError, duckdb.Error)):
            feed.load()
    assert feed.epochs() == []
    assert feed.load().stored == 1
    assert broken_rules(feed) == []


def test_an_error_of_a_library_leaves_neither_value_nor_cause_in_ours(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = lake.feed(tmp_path, VERSIONED)
    feed.put("a.csv", versioned("1,1,,Ann"))

    def fails(*_: object, **__: object) -> None:
        raise duckdb.ConversionException("could not convert string 'Ann' to INT32")

    for broken in ("describe_rows", "store_rows"):
        with monkeypatch.context() as patched:
            patched.setattr(load, broken, fails)
            with pytest.raises((SourceError, LakeError)) as caught:
                feed.load()
        assert "Ann" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
    errors = feed.ask("select error from load_audit where source = $name and status = 'failed'")
    assert len(errors) == 2
    assert not any("Ann" in error for (error,) in errors)


# --- law 1 on any input

GOOD = st.tuples(st.sampled_from("123"), st.sampled_from("12"), st.sampled_from("ID"), st.sampled_from("ab")).map(
    lambda parts: (True, ",".join(parts))
)  # fmt: skip
BAD = st.sampled_from([",1,,a", "1", "1,2,,b,extra", "1,,,a", "2,x,,a"]).map(lambda row: (False, row))
Files = list[list[tuple[bool, str]]]


def check_law_1(feed: Feed, files: Files) -> None:
    """Every row is stored, known or in quarantine, and what the audit says is what the tables hold."""
    sent: set[tuple[bool, str]] = set()
    for number, rows in enumerate(files):
        counts = feed.send(f"{number:03}.csv", versioned(*(row for _, row in rows)))
        new = set(rows) - sent
        if counts.rows_in:  # a file of the same content as one before is not read
            assert counts.rows_in == len(rows)
            assert counts.stored == sum(good for good, _ in new)
            assert counts.quarantined == sum(not good for good, _ in new)
            assert counts.unchanged == len(rows) - len(new)
        sent |= new
    assert feed.ask("select count(*) from source_party_history where source = $name") == [
        (sum(g for g, _ in sent),)
    ]
    assert feed.ask("select count(*) from quarantine where source = $name") == [
        (sum(not g for g, _ in sent),)
    ]
    assert broken_rules(feed) == []


@settings(max_examples=max(5, settings().max_examples // 10), suppress_health_check=[HealthCheck.too_slow])
@given(files=st.lists(st.lists(GOOD | BAD, max_size=6), min_size=1, max_size=3))
@example(
    files=[[(True, "1,1,I,a"), (True, "1,1,I,a"), (False, ",1,,a")], [(False, ",1,,a"), (True, "1,2,D,a")]]
)
def test_law_1_holds_for_any_rows_in_any_files(
    lake: Lake, tmp_path_factory: pytest.TempPathFactory, files: Files
) -> None:
    check_law_1(lake.feed(tmp_path_factory.mktemp("feed"), VERSIONED), files)


@pytest.mark.parametrize(
    "bug", ["drops rejected rows", "forgets late versions", "counts a rejected row as stored"]
)
def test_law_1_finds_a_planted_bug(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    store, reject = load.store_rows, storing.quarantine_rows

    def stored(transaction: Any, *rest: Any) -> LoadCounts:
        counts = store(transaction, *rest)
        if bug == "forgets late versions":
            transaction.con.execute(
                "delete from source_party_history where record_id in (select record_id from staged where is_late)"
            )
        return counts

    def rejected(transaction: Any, *rest: Any) -> int:
        if bug == "drops rejected rows":
            transaction.con.execute("delete from described where len(reasons) > 0")
            return 0
        return reject(transaction, *rest) - (bug == "counts a rejected row as stored")

    monkeypatch.setattr(load, "store_rows", stored)
    monkeypatch.setattr(storing, "quarantine_rows", rejected)
    feed = lake.feed(tmp_path, VERSIONED)
    try:
        with pytest.raises((AssertionError, InvariantError)):
            check_law_1(feed, [[(True, "1,2,I,a"), (False, ",1,,a")], [(True, "1,1,I,a")]])
    finally:
        for table in ("load_audit", "source_party_history", "source_parties", "quarantine"):
            feed.lake.con.execute(f"delete from {table} where source = '{feed.name}'")
