"""Golden Parquet on a real S3 server: written in part, switched on a condition, never seen as a mix."""

import io
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from partyhub_dagster.config.publish import Publish
from partyhub_dagster.errors import LakeError, StaleError
from partyhub_dagster.hub import Hub
from partyhub_dagster.publish.manifest import Manifest
from partyhub_dagster.publish.parquet import check_export, read_manifest
from partyhub_dagster.publish.place import Place, open_place
from partyhub_dagster.publish.s3 import S3Store, client_from_environment, open_bucket
from partyhub_dagster_tests.dagster.hubs import run_on
from partyhub_dagster_tests.exports import change, configure, expected_rows, export, golden_of, paths, remove
from partyhub_dagster_tests.services.fixtures import Bucket

pytestmark = pytest.mark.service


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with golden_of(50) as connection:
        yield connection


@pytest.fixture(autouse=True)
def _reach_the_bucket(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    store = open_bucket(bucket.url, client_from_environment)
    yield
    pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
    store.remove([held["Key"] for page in pages for held in page.get("Contents", [])])


def read_dataset(bucket: Bucket, manifest: Manifest, prefix: str) -> list[tuple[Any, ...]]:
    """Read as people with pyarrow do: the files that the manifest names."""
    import pyarrow.dataset as ds

    files = [f"{bucket.name}/{prefix}/{file.path}" for file in manifest.files]
    held = ds.dataset(files, filesystem=bucket.filesystem(), partitioning="hive", format="parquet")
    table = held.to_table(columns=["party_id", "party_type", "name", "phone"])
    return sorted(tuple(row.values()) for row in table.to_pylist())


def test_only_changed_buckets_are_uploaded_and_pyarrow_reads_what_the_hub_says(
    con: duckdb.DuckDBPyConnection, bucket: Bucket, tmp_path: Path
) -> None:
    hub = configure(f"{bucket.url}/golden", rows_per_file=5)
    first = export(con, hub, tmp_path)
    change(con, 3, 2)
    remove(con, 8)
    second = export(con, hub, tmp_path, 2)
    assert 0 < second.files_written <= 4 < len(first.manifest.files) == first.files_written
    assert set(paths(first.manifest).values()) & set(paths(second.manifest).values())
    assert read_manifest(hub, tmp_path) == second.manifest
    assert read_dataset(bucket, second.manifest, "golden") == [row[:4] for row in expected_rows(con)]
    assert check_export(hub, tmp_path) == []
    assert list((tmp_path / "export").iterdir()) == []


def test_a_damaged_object_is_found_and_mended(
    con: duckdb.DuckDBPyConnection, bucket: Bucket, tmp_path: Path
) -> None:
    hub = configure(bucket.url)
    first = export(con, hub, tmp_path).manifest
    store = open_bucket(bucket.url, client_from_environment)
    store.write(first.files[0].path, b"short")
    store.remove([first.files[1].path])
    assert {found.problem for found in check_export(hub, tmp_path)} == {"size differs", "missing"}
    assert export(con, hub, tmp_path).manifest == first
    assert check_export(hub, tmp_path) == []


def test_of_many_that_switch_at_once_exactly_one_wins(bucket: Bucket) -> None:
    store = open_bucket(f"{bucket.url}/race", client_from_environment)
    for round_ in range(5):
        found = store.read("manifest.json")
        version = None if found is None else found.version

        def switch(writer: int, round_: int = round_, version: str | None = version) -> bool:
            try:
                store.replace("manifest.json", f"{round_}-{writer}".encode(), version)
            except StaleError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(switch, range(8))) == 1


def test_a_switch_whose_answer_was_lost_counts_as_done(bucket: Bucket) -> None:
    store = open_bucket(bucket.url, client_from_environment)
    store.replace("manifest.json", b"ours", None)
    store.replace("manifest.json", b"ours", None)  # the client tries again what has been done
    with pytest.raises(StaleError):
        store.replace("manifest.json", b"other", None)


def test_an_export_that_was_overtaken_leaves_the_other_one(
    con: duckdb.DuckDBPyConnection, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, switch = configure(bucket.url), Place.switch
    export(con, hub, tmp_path)

    def overtaken(*given: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Place, "switch", switch)
            export(con, hub, tmp_path / "other", 3)
        switch(*given)

    monkeypatch.setattr(Place, "switch", overtaken)
    with pytest.raises(StaleError):
        export(con, hub, tmp_path, 2)
    assert read_manifest(hub, tmp_path).release == 3


def test_a_reader_beside_exports_never_sees_a_mix(
    con: duckdb.DuckDBPyConnection, bucket: Bucket, tmp_path: Path
) -> None:
    hub, done, seen, mixes = configure(f"{bucket.url}/golden", rows_per_file=7), threading.Event(), set(), []
    store = open_bucket(f"{bucket.url}/golden", client_from_environment)
    con.execute("update golden set name = '1'")
    export(con, hub, tmp_path)

    def read() -> None:
        while not done.is_set():
            pointer = store.read("manifest.json")
            assert pointer is not None
            manifest = Manifest.model_validate_json(pointer.content)
            found = read_dataset(bucket, manifest, "golden")
            if {row[2] for row in found} != {str(manifest.release)} or len(found) != 50:
                mixes.append(manifest.release)
            seen.add(manifest.release)

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            for number in range(2, 6):
                con.execute(f"update golden set name = '{number}', epoch = {number}")
                export(con, hub, tmp_path, number)
        finally:
            done.set()
        reading.result()
    assert mixes == []
    assert len(seen) > 1


def test_what_nobody_needs_is_deleted_from_the_bucket(
    con: duckdb.DuckDBPyConnection, bucket: Bucket, tmp_path: Path
) -> None:
    hub = configure(f"{bucket.url}/golden", keep_runs=1, keep_hours=0)
    for number in (1, 2, 3):
        con.execute(f"update golden set name = '{number}', epoch = {number}")
        last = export(con, hub, tmp_path, number)
    store = open_bucket(f"{bucket.url}/golden", client_from_environment)
    left = {held.path for held in store.listing("data")} - set(paths(last.manifest).values())
    assert left == set()
    assert len(store.listing("manifests")) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]
)
def test_a_bucket_that_cannot_be_reached_is_told_without_secrets(
    con: duckdb.DuckDBPyConnection,
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(LakeError, match="S3 refused or did not answer") as told:
        export(con, configure(bucket.url), tmp_path)
    assert bucket.secret_key not in str(told.value)
    assert told.value.__suppress_context__


def test_the_client_is_not_shown(bucket: Bucket) -> None:
    store = open_bucket(bucket.url, client_from_environment)
    assert repr(store) == f"S3Store(bucket='{bucket.name}', prefix='')"
    assert isinstance(store, S3Store)


def test_dagster_exports_to_the_bucket_by_its_own_resource(history_hub: Hub, bucket: Bucket) -> None:
    publish = Publish(parquet=f"{bucket.url}/golden")
    hub = Hub(history_hub.config.model_copy(update={"publish": publish}), history_hub.place)
    with dg.DagsterInstance.ephemeral() as instance:
        results = [run_on(instance, hub, "export") for _ in range(2)]
    assert all(result.success for result in results)
    first, second = (
        result.asset_materializations_for_node("golden_parquet")[0].metadata for result in results
    )
    assert (first["files_written"].value, second["files_written"].value) == (first["files"].value, 0)
    assert read_manifest(hub.config, hub.place.home).release == first["release"].value


EXPORTER = """
import sys
from pathlib import Path
from partyhub_dagster_tests.exports import configure, export, golden_of
hub = configure(sys.argv[1], rows_per_file=5, keep_runs=1, keep_hours=0)
home, first = Path(sys.argv[2]), int(sys.argv[3])
with golden_of(200) as con:
    for number in range(first, first + 1_000):
        con.execute(f"update golden set name = '{number}', epoch = {number}")
        export(con, hub, home, number)
        print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["s3", "folder"])
def test_an_export_killed_at_any_moment_leaves_a_whole_one(
    bucket: Bucket, tmp_path: Path, where: str
) -> None:
    hub = configure(f"{bucket.url}/golden" if where == "s3" else "published")
    seed = secrets.randbits(32)
    moments, number = np.random.default_rng(seed), 1
    for _ in range(int(os.environ.get("PARTYHUB_KILLS", "2"))):
        process = subprocess.Popen(
            [sys.executable, "-c", EXPORTER, hub.publish.parquet, str(tmp_path), str(number)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        number = int(process.stdout.readline())
        time.sleep(moments.uniform(0, 1))
        process.send_signal(signal.SIGKILL)
        number = max([number, *(int(line) for line in process.stdout)]) + 2
        process.wait()
        process.stdout.close()
        assert check_export(hub, tmp_path) == [], f"seed {seed}"
        manifest = read_manifest(hub, tmp_path)
        store = open_place(hub, tmp_path).store
        names = set()
        for file in manifest.files:
            with store.open(file.path) as stream:
                names |= set(pq.read_table(io.BytesIO(stream.read()), columns=["name"])["name"].to_pylist())
        assert (names, manifest.rows) == ({str(manifest.release)}, 200), f"seed {seed}"
