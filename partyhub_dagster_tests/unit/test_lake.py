"""The store writes only what differs, all of it or nothing, one writer at a time, and says what changed."""

import fcntl
import itertools
import os
import stat
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from partyhub_dagster.errors import BusyError, InvariantError, LakeError
from partyhub_dagster.lake import schema
from partyhub_dagster.lake.connection import LakePlace, is_held, locked
from partyhub_dagster.lake.ids import record_id, record_id_sql
from partyhub_dagster.lake.schema import ensure_schema
from partyhub_dagster.lake.session import FEW_CHANGES, FEW_RECORDS, Session
from partyhub_dagster.lake.stage import read_delta, write_stage
from partyhub_dagster.lake.tables import MATCH_EDGES, PARTY_CLUSTERS, all_tables
from partyhub_dagster.lake.write import head_epoch, write_transaction
from partyhub_dagster_tests.factories import decide
from partyhub_dagster_tests.feed import Lake, new_lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake") / "home") as lake:
        yield lake


def clusters(lake: Lake, *rows: tuple[int, int]) -> None:
    """Create temp table `given` of (record, party), numbers standing for ids."""
    lake.con.execute("create or replace temp table given (record_id uuid, party_id uuid)")
    for record, party in rows:
        lake.con.execute(
            "insert into given values (?, ?)", [str(uuid.UUID(int=record)), str(uuid.UUID(int=party))]
        )
    lake.con.execute(
        "create or replace temp table rows as select record_id, party_id as component_id, party_id,"
        " null::double as confidence from given"
    )


def held(lake: Lake) -> dict[int, tuple[int, int]]:
    rows = lake.con.execute("select record_id, party_id, epoch from party_clusters").fetchall()
    return {row[0].int: (row[1].int, row[2]) for row in rows}


def test_only_rows_that_differ_are_written_and_removed_keys_are_logged(lake: Lake) -> None:
    clusters(lake, (1, 1), (2, 1), (3, 3))
    with write_transaction(lake.session) as first:
        first.write_differences(PARTY_CLUSTERS, "rows", None)
    clusters(lake, (1, 1), (2, 2), (4, 4))
    with write_transaction(lake.session) as second:
        written = second.write_differences(PARTY_CLUSTERS, "rows", None)
    assert (written.changed, written.removed) == (2, 1)
    assert held(lake) == {1: (1, first.epoch), 2: (2, second.epoch), 4: (4, second.epoch)}
    removed = "select key from removed_keys where table_name = 'party_clusters' and epoch = $e"
    assert lake.con.execute(removed, {"e": second.epoch}).fetchall() == [(str(uuid.UUID(int=3)),)]
    with write_transaction(lake.session) as third:
        assert third.write_differences(PARTY_CLUSTERS, "rows", None).rows == 0


def test_outside_its_scope_nothing_is_touched(lake: Lake) -> None:
    clusters(lake, (11, 11), (12, 11), (13, 13))
    with write_transaction(lake.session) as transaction:
        transaction.write_differences(PARTY_CLUSTERS, "rows", None)
    clusters(lake, (11, 12))
    lake.con.execute("create or replace temp table scope as select record_id from given union all"
                     f" select '{uuid.UUID(int=12)}'::uuid")  # fmt: skip
    with write_transaction(lake.session) as transaction:
        transaction.write_differences(PARTY_CLUSTERS, "rows", "scope")
    assert {record: party for record, (party, _) in held(lake).items()} == {11: 12, 13: 13}


def test_a_change_to_a_small_hub_works_on_one_thread_and_everything_on_all(tmp_path: Path) -> None:
    place = LakePlace(tmp_path / "home", threads=3)
    with place.connect() as con:
        session = Session(place, con, "a run")

        def threads(records: int | None, changed: int = 0) -> int:
            session.fit_threads(records, changed)
            return int(con.execute("select current_setting('threads')").fetchall()[0][0])

        assert [threads(n) for n in (0, None, FEW_RECORDS - 1, FEW_RECORDS)] == [1, 3, 1, 3]
        assert [threads(0, n) for n in (FEW_CHANGES - 1, FEW_CHANGES)] == [1, 3]


def test_a_delta_is_what_was_written_or_removed_since_the_watermark(lake: Lake) -> None:
    clusters(lake, (21, 21), (22, 22))
    with write_transaction(lake.session) as transaction:
        transaction.write_differences(PARTY_CLUSTERS, "rows", None)
    session = Session(lake.place, lake.con, "a run")
    delta = read_delta(session, "a stage", "fingerprint")
    assert delta.everything
    write_stage(lake.session, delta, lambda _: [])
    assert read_delta(session, "a stage", "fingerprint").is_empty([PARTY_CLUSTERS])
    assert read_delta(session, "a stage", "another fingerprint").everything
    assert read_delta(session, "a stage", "fingerprint", full=True).everything
    clusters(lake, (21, 22))
    with write_transaction(lake.session) as transaction:
        transaction.write_differences(PARTY_CLUSTERS, "rows", None)
    delta = read_delta(session, "a stage", "fingerprint")
    assert not delta.is_empty([PARTY_CLUSTERS])
    assert delta.is_empty([MATCH_EDGES])
    changed = lake.con.execute(delta.changed(PARTY_CLUSTERS, "record_id")).fetchall()
    assert {row[0].int for row in changed} == {21, 22}


@pytest.mark.parametrize(
    "error", [duckdb.ConversionException("could not convert 'Ann'"), KeyboardInterrupt()]
)
def test_a_write_that_fails_leaves_no_trace(lake: Lake, error: BaseException) -> None:
    before = head_epoch(lake.con), held(lake)
    clusters(lake, (31, 31))

    def fails() -> None:
        with write_transaction(lake.session) as transaction:
            transaction.write_differences(PARTY_CLUSTERS, "rows", None)
            raise error

    with pytest.raises((LakeError, KeyboardInterrupt)) as caught:
        fails()
    assert (head_epoch(lake.con), held(lake)) == before
    assert "Ann" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_writers_in_parallel_take_turns(tmp_path: Path) -> None:
    from partyhub_dagster_tests.people import people_hub

    hub = people_hub(tmp_path)
    with hub.run():
        pass

    def write() -> None:
        for _ in range(3):
            decide(hub, "SAME", "crm:1", "crm:2")

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with hub.place.connect(read_only=True) as con:
        assert con.execute("select sequence, epoch from decisions order by sequence").fetchall() == [
            (n, n) for n in range(1, 10)
        ]


def test_a_lock_that_is_held_is_refused_or_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "some.lock"
    with (
        locked(file, wait=False, holder="run"),
        pytest.raises(BusyError),
        locked(file, wait=False, holder="run"),
    ):
        pass
    with locked(file, wait=False, holder="run"):
        pass


def test_who_only_looks_whether_a_lock_is_held_keeps_nobody_out(tmp_path: Path) -> None:
    file = tmp_path / "some.lock"
    with locked(file, wait=False, holder="run"):
        assert is_held(file)
    assert not is_held(file)
    looking = os.open(file, os.O_RDWR)
    fcntl.flock(looking, fcntl.LOCK_SH)  # as is_held does, between two instructions
    looked = threading.Timer(0.01, os.close, [looking])
    looked.start()
    with locked(file, wait=False, holder="run"):
        looked.join()
    assert [is_held(tmp_path / "none", if_missing=held) for held in (False, True)] == [False, True]


def test_a_lake_is_closed_to_other_users(lake: Lake) -> None:
    assert stat.S_IMODE(lake.place.home.stat().st_mode) == 0o700


def test_connections_spill_apart_and_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    with new_lake(tmp_path / "home") as lake, lake.place.connect() as other:
        setting = "select current_setting('temp_directory')"
        folders = {con.execute(setting).fetchall()[0][0] for con in (lake.con, other)}
        assert len(folders) == 2
        assert set(map(Path, folders)) == set(lake.place.spill.iterdir())
        left = lake.place.spill / "left"
        left.mkdir()
        (left / "duckdb_temp_storage_DEFAULT-0.tmp").touch()
        with lake.place.connect():
            assert not left.exists()
            assert len(list(lake.place.spill.iterdir())) == 3
    assert list(lake.place.spill.iterdir()) == []


def test_a_missing_or_broken_lake_is_told_without_the_text_of_a_library(tmp_path: Path) -> None:
    place = LakePlace(tmp_path / "none")

    def look() -> None:
        with place.connect(read_only=True):
            pass

    with pytest.raises(LakeError, match="There is no hub"):
        look()
    assert not place.home.exists()
    place.prepare()
    place.catalog.write_text("Ann Miller wrote over it " * 100)
    with pytest.raises(LakeError, match="could not be opened") as caught:
        look()
    assert "Ann" not in str(caught.value)


def test_a_lake_of_another_schema_version_is_refused(tmp_path: Path) -> None:
    with new_lake(tmp_path / "home") as lake:
        lake.con.execute("update hub_epoch set schema_version = 99")
        with pytest.raises(LakeError, match="schema version 99"):
            ensure_schema(lake.place, lake.con, [])


def test_a_new_lake_is_empty_even_if_its_maker_was_killed_half_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = LakePlace(tmp_path / "home", threads=2)
    place.prepare()
    begin = schema._transaction
    with place.connect() as con, monkeypatch.context() as patch:
        patch.setattr(schema, "_transaction", _dying_at(begin, 3))
        with pytest.raises(KeyboardInterrupt):
            ensure_schema(place, con, [])
    with place.connect() as con:
        ensure_schema(place, con, [])
        rows = {name: con.execute(f"select count(*) from {name}").fetchone() for name in all_tables([])}
    assert {name for name, row in rows.items() if row != (0,)} == {"hub_epoch"}


def test_a_lake_that_lost_its_gate_is_refused_and_keeps_what_it_holds(tmp_path: Path) -> None:
    with new_lake(tmp_path / "home") as lake:
        clusters(lake, (1, 1), (2, 1))
        with write_transaction(lake.session) as transaction:
            transaction.write_differences(PARTY_CLUSTERS, "rows", None)
        lake.con.execute("delete from hub_epoch")
        with pytest.raises(InvariantError, match=r"no write gate.*backup"):
            ensure_schema(lake.place, lake.con, [])
        assert lake.con.execute("select count(*) from party_clusters").fetchall() == [(2,)]


def _dying_at(begin: Callable[..., Any], number: int) -> Callable[..., Any]:
    """Return `begin` that ends the program at its n-th call."""
    calls = itertools.count(1)

    def dying(con: duckdb.DuckDBPyConnection) -> Any:
        if next(calls) == number:
            raise KeyboardInterrupt
        return begin(con)

    return dying


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
@example("crm", "e\u0301")
@example("crm", "\U0001f469\u200d\U0001f467")
@example("", "\x00")
def test_record_ids_are_the_same_in_python_and_in_sql(source: str, key: str) -> None:
    query = f"select {record_id_sql('$s::varchar', '$k::varchar')}"
    with duckdb.connect() as con:
        assert con.execute(query, {"s": source, "k": key}).fetchall() == [(record_id(source, key),)]


def test_ids_of_keys_that_run_into_each_other_differ() -> None:
    assert record_id("a", "bc") != record_id("ab", "c")
    assert record_id("a", "1:b") != record_id("a1", ":b")
