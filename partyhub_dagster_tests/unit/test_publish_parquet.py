"""An export is whole, checkable, named after its release, and readers see it at once or not at all."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import boto3
import duckdb
import fsspec
import pytest
from botocore.stub import Stubber

from partyhub_dagster.errors import ConfigError, InvariantError, LakeError, NotFoundError, StaleError
from partyhub_dagster.publish.local import LocalStore
from partyhub_dagster.publish.manifest import Manifest
from partyhub_dagster.publish.other import OtherStore
from partyhub_dagster.publish.parquet import check_export, read_manifest, run_key_of
from partyhub_dagster.publish.place import Place, open_place
from partyhub_dagster.publish.s3 import S3Store
from partyhub_dagster_tests.exports import (
    FIRST,
    configure,
    expected_rows,
    export,
    golden_of,
    paths,
    release,
    rows_in,
)


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with golden_of(50) as connection:
        yield connection


def read_all(root: Path) -> list[tuple[Any, ...]]:
    listed = json.loads((root / "manifest.json").read_text())["files"]
    return rows_in([str(root / file["path"]) for file in listed])


def age(root: Path, hours: float) -> None:
    """Make everything of an export older."""
    for file in root.rglob("*"):
        then = file.stat().st_mtime - hours * 3_600
        os.utime(file, (then, then))


def test_the_files_hold_every_golden_record_by_party_type(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    manifest = export(con, configure(), tmp_path).manifest
    assert read_all(tmp_path / "published") == expected_rows(con)
    assert [Path(file.path).parent.as_posix() for file in manifest.files] == [
        "data/party_type=INDIVIDUAL",
        "data/party_type=LEGAL_ENTITY",
    ]


def test_pandas_reads_the_files_that_the_manifest_names(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    import pandas as pd

    manifest = export(con, configure(), tmp_path).manifest
    found = pd.read_parquet([str(tmp_path / "published" / file.path) for file in manifest.files])
    assert found.groupby("party_type", observed=True).size().to_dict() == {
        "INDIVIDUAL": 25,
        "LEGAL_ENTITY": 25,
    }
    assert found["party_id"].str.len().eq(36).all()


def test_a_file_holds_the_parties_of_its_bucket_in_order(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    manifest = export(con, configure(rows_per_file=7), tmp_path).manifest
    assert manifest.buckets == {"INDIVIDUAL": 4, "LEGAL_ENTITY": 4}
    assert sum(file.rows for file in manifest.files) == 50
    for file in manifest.files:
        ids = [row[0] for row in duckdb.read_parquet(str(tmp_path / "published" / file.path)).fetchall()]
        assert ids == sorted(ids)
        assert {int(party_id[:3], 16) * manifest.buckets[file.party_type] // 4096 for party_id in ids} == {
            file.bucket
        }


def test_the_manifest_tells_what_is_there_and_where_it_came_from(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    manifest = export(con, configure(), tmp_path).manifest
    assert read_manifest(configure(), tmp_path) == manifest
    assert (manifest.release, manifest.models, manifest.config_hash) == (1, {"person": "m1"}, "c1")
    assert (manifest.rows, manifest.lineage_seq, manifest.run_key) == (50, 3, run_key_of(FIRST))
    names = {column.name: column.type for column in manifest.columns}
    assert (names["party_id"], names["phone"]) == ("VARCHAR", "VARCHAR[]")
    assert "epoch" not in names
    for file in manifest.files:
        held = (tmp_path / "published" / file.path).read_bytes()
        assert (len(held), hashlib.sha256(held).hexdigest()) == (file.bytes, file.sha256)


def test_the_same_release_gives_the_same_bytes(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    once = export(con, configure("a", rows_per_file=7), tmp_path).manifest
    con.execute("create or replace table golden as from golden order by hash(party_id)")
    con.execute("set threads = 1")
    assert export(con, configure("b", rows_per_file=7), tmp_path).manifest == once


def test_an_export_of_the_same_release_is_used_again(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first = export(con, configure(), tmp_path)
    pointer = tmp_path / "published" / "manifest.json"
    written = pointer.stat().st_mtime_ns
    again = export(con, configure(), tmp_path)
    assert (first.files_written, again.files_written, again.manifest) == (2, 0, first.manifest)
    assert pointer.stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["gone", "cut short"])
def test_a_file_that_was_lost_is_made_anew(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, damage: str
) -> None:
    first = export(con, configure(), tmp_path).manifest
    file = tmp_path / "published" / first.files[0].path
    file.unlink() if damage == "gone" else file.write_bytes(file.read_bytes()[:-9])
    again = export(con, configure(), tmp_path)
    assert (again.files_written, again.manifest) == (1, first)
    assert check_export(configure(), tmp_path) == []


def test_a_full_export_mends_what_only_a_checksum_shows(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = export(con, configure(), tmp_path).manifest
    file = tmp_path / "published" / first.files[0].path
    file.write_bytes(bytes(len(file.read_bytes())))
    assert [found.problem for found in check_export(configure(), tmp_path)] == ["content differs"]
    assert export(con, configure(), tmp_path, full=True).manifest == first
    assert check_export(configure(), tmp_path) == []


def test_the_pointer_follows_the_release_that_is_exported(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for number in (1, 2, 1):
        export(con, configure(), tmp_path, number)
        assert read_manifest(configure(), tmp_path).release == number


def test_only_late_exports_and_the_current_one_stay(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    root, hub = tmp_path / "published", configure(keep_runs=2)

    def kept() -> set[int]:
        names = [path.name for path in (root / "manifests").iterdir()]
        return {n for n in range(1, 7) if any(name.startswith(run_key_of(release(n))) for name in names)}

    for number in range(1, 5):
        con.execute(f"update golden set name = '{number}', epoch = {number}")
        export(con, hub, tmp_path, number)
        age(root, 20)
    assert kept() == {
        2,
        3,
        4,
    }  # at the last one the first was current until 40 hours ago, the second until 20
    assert len(list(root.glob("data/**/*.parquet"))) == 2 * 3
    age(root, 30)
    export(con, hub, tmp_path, 5)
    assert kept() == {4, 5}
    assert check_export(hub, tmp_path) == []


def test_a_release_that_is_exported_into_other_files_keeps_those_that_readers_are_at(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    before = export(con, configure(), tmp_path).manifest
    age(tmp_path / "published", 100)
    for _ in range(2):
        now = export(con, configure(rows_per_file=7), tmp_path).manifest
        assert {file.path for file in now.files}.isdisjoint(file.path for file in before.files)
        assert [file.path for file in before.files if not (tmp_path / "published" / file.path).exists()] == []


def test_a_file_that_no_manifest_names_yet_is_left_to_its_writer(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    root = tmp_path / "published"
    fresh, old = root / "data/party_type=INDIVIDUAL/fresh.parquet", root / "runs/r1/part-0000.parquet"
    for file in (fresh, old):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x")
    os.utime(old, (1, 1))
    export(con, configure(), tmp_path)
    assert (fresh.exists(), old.exists(), (root / "runs").exists()) == (True, False, False)


def test_the_time_zone_of_the_session_does_not_make_another_export() -> None:
    elsewhere = replace(FIRST, released_at=FIRST.released_at.astimezone(timezone(timedelta(hours=9))))
    assert run_key_of(elsewhere) == run_key_of(FIRST)


def test_releases_of_another_hub_are_told_apart() -> None:
    assert run_key_of(FIRST) != run_key_of(replace(FIRST, run_id="run-2"))


@pytest.mark.parametrize("step", ["put_files", "write", "replace"])
@pytest.mark.parametrize("where", ["published", "memory://crash"])
def test_a_crash_leaves_readers_with_the_export_before(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, where: str
) -> None:
    hub = configure(where)
    before = export(con, hub, tmp_path, 1).manifest
    con.execute("update golden set name = 'other', epoch = 2")
    with monkeypatch.context() as patch:
        for store in (LocalStore, OtherStore):
            patch.setattr(store, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            export(con, hub, tmp_path, 2)
    assert read_manifest(hub, tmp_path) == before
    assert check_export(hub, tmp_path) == []
    assert export(con, hub, tmp_path, 2).manifest.release == 2
    assert check_export(hub, tmp_path) == []
    assert not list(tmp_path.rglob(".staging-*"))


@pytest.mark.parametrize("where", ["published", "memory://overtaken"])
def test_an_export_that_was_overtaken_leaves_the_other_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    hub, switch = configure(where), Place.switch
    export(con, hub, tmp_path, 1)

    def overtaken(*given: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Place, "switch", switch)
            export(con, hub, tmp_path, 3)
        switch(*given)

    monkeypatch.setattr(Place, "switch", overtaken)
    with pytest.raises(StaleError, match="moved the pointer"):
        export(con, hub, tmp_path, 2)
    assert read_manifest(hub, tmp_path).release == 3
    assert check_export(hub, tmp_path) == []


def test_of_two_first_exports_one_wins(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.replace("manifest.json", b"a", None)
    with pytest.raises(StaleError):
        store.replace("manifest.json", b"b", None)


def test_a_reader_beside_exports_never_sees_a_mix(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Every golden record of release n has the name n; every other release changes half of them in epoch only."""
    hub, root, seen, done = configure(rows_per_file=7), tmp_path / "published", set(), threading.Event()
    con.execute("update golden set name = '1'")
    export(con, hub, tmp_path, 1)
    failures: list[str] = []

    def read() -> None:
        while not done.is_set():
            manifest = Manifest.model_validate_json((root / "manifest.json").read_bytes())
            found = rows_in([str(root / file.path) for file in manifest.files])
            if {row[2] for row in found} != {str(manifest.release)} or len(found) != 50:
                failures.append(f"release {manifest.release} is a mix")
            seen.add(manifest.release)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(2, 12):
            con.execute(f"update golden set name = '{number}', epoch = {number}")
            export(con, hub, tmp_path, number)
    finally:
        done.set()
        reader.join()
    assert failures == []
    assert len(seen) > 1


@pytest.mark.parametrize("place", ["memory://hub/golden", "local://{}/golden"])
def test_any_file_system_that_fsspec_reaches_can_hold_the_export(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, place: str
) -> None:
    hub = configure(place.format(tmp_path), keep_runs=1, keep_hours=0)
    for number in (1, 2):
        con.execute(f"update golden set name = '{number}', epoch = {number}")
        export(con, hub, tmp_path, number)
    assert read_manifest(hub, tmp_path).release == 2
    assert check_export(hub, tmp_path) == []
    held = {file.path for file in open_place(hub, tmp_path).store.listing("data")}
    assert held == set(paths(read_manifest(hub, tmp_path)).values())
    assert list((tmp_path / "export").iterdir()) == []


def test_files_that_s3_does_not_delete_are_told() -> None:
    """S3 answers well and names what it refused in the answer."""
    client = boto3.session.Session().client("s3", region_name="us-east-1")
    refused = {"Key": "p/a", "Code": "AccessDenied"}
    with Stubber(client) as answers:
        for errors in ([{"Key": "p/a", "Code": "NoSuchKey"}], [refused]):
            answers.add_response("delete_objects", {"Errors": errors})
        store = S3Store(client, "bucket", "p")
        store.remove(["a"])  # gone already
        with pytest.raises(LakeError, match="did not delete 1 files") as told:
            store.remove(["a"])
    assert "p/a" not in str(told.value)


def test_the_check_finds_files_that_are_missing_or_changed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    manifest = export(con, configure(), tmp_path).manifest
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
    manifest = export(con, configure(), tmp_path).manifest
    assert (manifest.rows, manifest.files) == (0, [])
    assert export(con, configure(), tmp_path).manifest == manifest


def test_a_record_without_party_type_is_not_lost_in_silence(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("update golden set party_type = null where name = 'n3'")
    with pytest.raises(InvariantError):
        export(con, configure(), tmp_path)


def test_an_unknown_place_is_a_mistake_in_the_configuration(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        export(con, configure("nowhere://host/x"), tmp_path)


def test_a_place_that_cannot_be_written_is_told_without_values(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "published").write_text("a file where the folder should be")
    with pytest.raises(LakeError, match="could not be written"):
        export(con, configure(), tmp_path)
