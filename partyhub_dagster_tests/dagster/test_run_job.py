"""Running a job without a server: its history is kept without values, and what failed is said by name."""

import shutil
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from partyhub_dagster.config.verify import Verify
from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.build import build_defs
from partyhub_dagster.orchestration.reading import release_of
from partyhub_dagster.orchestration.run import run_job
from partyhub_dagster_tests.dagster.hubs import hub_of, with_quality, write_small_hub
from partyhub_dagster_tests.factories import ask

NAMES = (b"quenby", b"farrow", b"zzyzx", b"quibblethwaite", b"flumgranary", b"bartholomew.example")


@dataclass(frozen=True, slots=True)
class Told:
    """A hub whose main job was run once, and what was said meanwhile."""

    hub: Hub
    succeeded: bool
    said: list[str]


@pytest.fixture(name="told", scope="module")
def _told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("hub")
    hub = hub_of(write_small_hub(folder / "files"), folder / "home")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        return Told(hub, run_job("build_hub", hub, said.append), said)


def test_history_is_kept_in_the_folder_of_the_hub_closed_to_others(told: Told) -> None:
    assert told.succeeded
    home = told.hub.place.home / "dagster"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs(dg.RunsFilter(job_name="build_hub"))
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert instance.get_latest_materialization_event(dg.AssetKey("golden_parties")) is not None
        assert not instance.telemetry_enabled


def test_every_step_is_said_as_it_begins_sources_in_the_order_of_hub_yaml(told: Told) -> None:
    assert told.said[:4] == ["raw/crm", "raw/registry", "source_parties", "check source"]
    assert told.said[-2:] == ["release", "golden_parquet"]


def test_no_value_of_a_record_is_in_the_storage_of_dagster(told: Told) -> None:
    files = [file for file in (told.hub.place.home / "dagster").rglob("*") if file.is_file()]
    held = b"".join(file.read_bytes() for file in files).lower()
    assert b"normalized_parties" in held
    assert {name for name in NAMES if name in held} == set()


def test_what_failed_is_said_by_name_in_the_dagster_home_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    hub = hub_of(write_small_hub(tmp_path / "files"), tmp_path / "home")
    with (tmp_path / "files" / "crm.csv").open("a", encoding="utf-8") as rows:
        rows.writelines(f",Nobody {n} Zzyzx,\n" for n in range(20))  # they lack their key
    said: list[str] = []
    strict = replace(hub, config=with_quality(hub.config, max_quarantined_share=0.0))
    assert not run_job("build_hub", strict, said.append)
    assert [line.split(": ")[1] for line in said if line.startswith("check failed: ")] == [
        "quarantined_share on source_parties"
    ]
    assert "step failed: source_suite: by its checks" in said
    assert (tmp_path / "elsewhere" / "dagster.yaml").is_file()
    assert not (hub.place.home / "dagster").exists()


def test_the_release_resource_reads_what_is_released_and_writes_nothing(told: Told) -> None:
    with release_of(told.hub).get_connection() as con:
        assert con.execute("select count(*) from golden_parties").fetchone() == (4,)
        with pytest.raises(duckdb.Error):
            con.execute("delete from golden_parties")


def proof(hub: Hub, said: list[str]) -> tuple[bool, dg.AssetCheckEvaluation]:
    succeeded = run_job("verify_sample", hub, said.append)
    with dg.DagsterInstance.from_config(str(hub.place.home / "dagster")) as instance:
        (run,) = instance.get_runs(limit=1)
        (found,) = instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
        assert found.event_log_entry.dagster_event is not None
        evaluation = found.event_log_entry.dagster_event.asset_check_evaluation_data
        return succeeded, evaluation


def test_the_nightly_proof_has_a_job_of_its_own_and_no_build_waits_for_it(told: Told) -> None:
    assert "check proof" not in told.said
    with told.hub.run():  # a build is at work
        succeeded, evaluation = proof(told.hub, [])
    assert succeeded
    assert (evaluation.check_name, evaluation.passed) == ("incremental_equals_rebuild", True)
    held = {name: value.value for name, value in evaluation.metadata.items()}
    assert (held["release"], held["records"], held["components"], held["rows_that_differ"]) == (1, 5, 4, 0)


def test_the_nightly_proof_tells_what_differs_by_record_and_without_values(
    told: Told, tmp_path: Path
) -> None:
    shutil.copytree(told.hub.place.home, tmp_path / "home")
    hub = hub_of(told.hub.config.root / "hub.yaml", tmp_path / "home")
    with hub.place.connect() as con:
        con.execute("update golden_parties set name = 'Zzyzx Quenby' where kind = 'organization'")
        con.execute("update releases set snapshot = snapshot + 1")
    said: list[str] = []
    succeeded, evaluation = proof(hub, said)
    parties = [
        row[0] for row in ask(hub, "select party_id::varchar from golden_parties where kind = 'organization'")
    ]
    assert succeeded  # the check is red, and the run is not
    assert not evaluation.passed
    assert evaluation.metadata["records_that_differ"].value == ", ".join(sorted(parties))
    (differs,) = evaluation.metadata["differences"].records
    assert differs.data == {"stage": "golden_parties", "what": "values differ", "columns": "name", "rows": 2}
    held = b"".join(f.read_bytes() for f in (hub.place.home / "dagster").rglob("*") if f.is_file()).lower()
    assert {name for name in NAMES if name in held} == set()


def test_without_a_sample_there_is_no_proof(told: Told) -> None:
    off = replace(told.hub, config=told.hub.config.model_copy(update={"verify": Verify(sample=0)}))
    repository = build_defs(off).get_repository_def()
    assert "verify_sample" not in {job.name for job in repository.get_all_jobs()}
    assert "nightly_verify" not in {schedule.name for schedule in repository.schedule_defs}
    assert off.config.fingerprint("hub") == told.hub.config.fingerprint("hub")
