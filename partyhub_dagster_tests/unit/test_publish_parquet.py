"""An export is whole, checkable, named after its release, and readers see it at once or not at all."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.load import parse_config
from partyhub_dagster.errors import ConfigError, InvariantError, LakeError, NotFoundError
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.publish import parquet
from partyhub_dagster.publish.parquet import check_export, export_release, read_manifest, run_key_of
from partyhub_dagster.publish.place import Place, open_place

FIRST = Release(
    number=1,
    snapshot=10,
    head_epoch=7,
    lineage_seq=3,
    run_id="run-1",
    models={"person": "m1"},
    config_hash="c1",
    checks_passed=5,
    checks_failed=0,
    counts={},
    released_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def release(number: int) -> Release:
    at = FIRST.released_at + timedelta(days=number)
    return replace(FIRST, number=number, snapshot=10 * number, released_at=at)


def configure(where: str = "published", keep: int = 5) -> HubConfig:
    text = (
        "{version: 1, name: test, sources: {crm: {path: a.csv, key: ID, kind: person, columns: {N: person_name}}},"
        f" publish: {{parquet: '{where}', keep_runs: {keep}}}}}"
    )
    return parse_config(text, Path("/nowhere"))


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(
            "create table golden (party_id UUID, party_type VARCHAR, kind VARCHAR, name VARCHAR, phone VARCHAR[],"
            " provenance MAP(VARCHAR, STRUCT(record_id UUID, rule VARCHAR)[]), members INTEGER, confidence DOUBLE,"
            " epoch BIGINT)"
        )
        connection.execute(
            "insert into golden select md5(i::varchar)::uuid, ['INDIVIDUAL', 'LEGAL_ENTITY'][i % 2 + 1], 'person',"
            " 'n' || i, ['+1', '+2'], map {'name': [{'record_id': md5(i::varchar)::uuid, 'rule': 'only'}]}, 1, null, i"
            " from range(50) as t(i)"
        )
        yield connection


def read_all(root: Path) -> list[tuple[Any, ...]]:
    files = [str(root / file["path"]) for file in json.loads((root / "manifest.json").read_text())["files"]]
    return duckdb.sql(
        f"select party_id, party_type, name, phone, provenance['name'][1].record_id from read_parquet({files!r},"
        " hive_partitioning = true)"
    ).fetchall()


def test_the_files_hold_every_golden_record_by_party_type(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    manifest = export_release(con, configure(), tmp_path, FIRST, "golden")
    found = read_all(tmp_path / "published")
    expected = con.execute("select party_id::varchar, party_type, name, phone, party_id::varchar from golden")
    assert sorted(found) == sorted(expected.fetchall())
    run = f"runs/{run_key_of(FIRST)}"
    assert [file.path for file in manifest.files] == [
        f"{run}/party_type={word}/part-0000.parquet" for word in ("INDIVIDUAL", "LEGAL_ENTITY")
    ]


def test_pandas_reads_the_folder_of_a_run(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    import pandas as pd

    export_release(con, configure(), tmp_path, FIRST, "golden")
    found = pd.read_parquet(tmp_path / "published/runs" / run_key_of(FIRST))
    assert found.groupby("party_type", observed=True).size().to_dict() == {
        "INDIVIDUAL": 25,
        "LEGAL_ENTITY": 25,
    }
    assert found["party_id"].str.len().eq(36).all()


def test_rows_are_sorted_by_party_id(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    export_release(con, configure(), tmp_path, FIRST, "golden")
    for word in ("INDIVIDUAL", "LEGAL_ENTITY"):
        ids = [row[0] for row in read_all(tmp_path / "published") if row[1] == word]
        assert ids == sorted(ids)


def test_the_manifest_tells_what_is_there_and_where_it_came_from(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    manifest = export_release(con, configure(), tmp_path, FIRST, "golden")
    assert read_manifest(configure(), tmp_path) == manifest
    assert (manifest.release, manifest.models, manifest.config_hash) == (1, {"person": "m1"}, "c1")
    assert (manifest.rows, sum(file.rows for file in manifest.files)) == (50, 50)
    names = {column.name: column.type for column in manifest.columns}
    assert (names["party_id"], names["phone"]) == ("VARCHAR", "VARCHAR[]")
    assert "epoch" not in names
    for file in manifest.files:
        held = (tmp_path / "published" / file.path).read_bytes()
        assert (len(held), hashlib.sha256(held).hexdigest()) == (file.bytes, file.sha256)


def test_many_records_of_a_type_become_several_files(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_FILE", 7)
    manifest = export_release(con, configure(), tmp_path, FIRST, "golden")
    assert len(manifest.files) == 8
    assert len({row[0] for row in read_all(tmp_path / "published")}) == manifest.rows == 50


def test_the_same_release_gives_the_same_bytes(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    once = export_release(con, configure("a"), tmp_path, FIRST, "golden")
    con.execute("create table shuffled as from golden order by hash(party_id)")
    con.execute("set threads = 1")
    assert export_release(con, configure("b"), tmp_path, FIRST, "shuffled") == once


def test_an_export_of_the_same_release_is_used_again(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first = export_release(con, configure(), tmp_path, FIRST, "golden")
    file = tmp_path / "published" / first.files[0].path
    written = file.stat().st_mtime_ns
    con.execute("drop table golden")
    assert export_release(con, configure(), tmp_path, FIRST, "golden") == first
    assert file.stat().st_mtime_ns == written


def test_an_export_that_lost_a_file_is_made_anew(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first = export_release(con, configure(), tmp_path, FIRST, "golden")
    (tmp_path / "published" / first.files[0].path).unlink()
    assert export_release(con, configure(), tmp_path, FIRST, "golden") == first
    assert check_export(configure(), tmp_path) == []


def test_the_pointer_follows_the_release_that_is_exported(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for number in (1, 2, 1):
        export_release(con, configure(), tmp_path, release(number), "golden")
        assert read_manifest(configure(), tmp_path).release == number


def test_only_the_newest_runs_and_the_current_one_stay(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for number in range(1, 6):
        export_release(con, configure(keep=2), tmp_path, release(number), "golden")
    kept = sorted(path.name for path in (tmp_path / "published/runs").iterdir())
    assert kept == [run_key_of(release(4)), run_key_of(release(5))]
    export_release(con, configure(keep=2), tmp_path, release(3), "golden")
    kept = sorted(path.name for path in (tmp_path / "published/runs").iterdir())
    assert kept == [run_key_of(release(number)) for number in (3, 4, 5)]


def test_the_time_zone_of_the_session_does_not_make_another_export() -> None:
    elsewhere = replace(FIRST, released_at=FIRST.released_at.astimezone(timezone(timedelta(hours=9))))
    assert run_key_of(elsewhere) == run_key_of(FIRST)


def test_releases_of_another_hub_are_told_apart() -> None:
    assert run_key_of(FIRST) != run_key_of(replace(FIRST, run_id="run-2"))


@pytest.mark.parametrize("step", ["publish_run", "point_to"])
@pytest.mark.parametrize("where", ["published", "memory://crash"])
def test_a_crash_leaves_readers_with_the_export_before(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, where: str
) -> None:
    hub = configure(where)
    before = export_release(con, hub, tmp_path, release(1), "golden")
    with monkeypatch.context() as patch:
        patch.setattr(Place, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            export_release(con, hub, tmp_path, release(2), "golden")
    assert read_manifest(hub, tmp_path) == before
    assert check_export(hub, tmp_path) == []
    assert export_release(con, hub, tmp_path, release(2), "golden").release == 2
    assert not list(tmp_path.rglob(".staging-*"))


def test_what_a_killed_export_left_is_removed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    left = tmp_path / "published/.staging-dead/runs"
    left.mkdir(parents=True)
    half = tmp_path / "published/runs/20200101T000000000000-r000001-00000000"
    half.mkdir(parents=True)
    export_release(con, configure(), tmp_path, FIRST, "golden")
    assert not left.exists()
    assert not half.exists()


def test_any_file_system_that_fsspec_reaches_can_hold_the_export(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    hub = configure("memory://hub/golden", keep=1)
    for number in (1, 2):
        export_release(con, hub, tmp_path, release(number), "golden")
    assert read_manifest(hub, tmp_path).release == 2
    assert check_export(hub, tmp_path) == []
    assert open_place(hub, tmp_path).run_keys() == [run_key_of(release(2))]
    assert list(tmp_path.iterdir()) == []


def test_the_check_finds_files_that_are_missing_or_changed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    manifest = export_release(con, configure(), tmp_path, FIRST, "golden")
    first, second = (tmp_path / "published" / file.path for file in manifest.files)
    held = bytearray(first.read_bytes())
    held[len(held) // 2] ^= 1
    first.write_bytes(held)
    second.unlink()
    found = {Path(damage.path).parent.name: damage.problem for damage in check_export(configure(), tmp_path)}
    assert found == {"party_type=INDIVIDUAL": "content differs", "party_type=LEGAL_ENTITY": "missing"}


def test_nothing_exported_yet_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="partyhub export"):
        read_manifest(configure(), tmp_path)


def test_a_hub_without_parties_exports_an_empty_manifest(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("delete from golden")
    manifest = export_release(con, configure(), tmp_path, FIRST, "golden")
    assert (manifest.rows, manifest.files) == (0, [])
    assert export_release(con, configure(), tmp_path, FIRST, "golden") == manifest


def test_a_record_without_party_type_is_not_lost_in_silence(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("update golden set party_type = null where name = 'n3'")
    with pytest.raises(InvariantError):
        export_release(con, configure(), tmp_path, FIRST, "golden")


def test_an_unknown_place_is_a_mistake_in_the_configuration(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        export_release(con, configure("nowhere://user:secret@host/x"), tmp_path, FIRST, "golden")


def test_a_place_that_cannot_be_written_is_told_without_values(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "published").write_text("a file where the folder should be")
    with pytest.raises(LakeError, match="could not be written"):
        export_release(con, configure(), tmp_path, FIRST, "golden")
