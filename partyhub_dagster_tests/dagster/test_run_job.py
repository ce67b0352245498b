"""Running a job without a server: its history is kept, and what failed is said by name."""

import stat
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.run import run_job
from partyhub_dagster_tests.dagster.hubs import hub_of, with_completeness, write_small_hub


@pytest.fixture(name="hub")
def _hub(tmp_path: Path) -> Hub:
    return hub_of(write_small_hub(tmp_path / "files"), tmp_path / "home")


def test_history_is_kept_in_the_folder_of_the_hub_closed_to_others(
    hub: Hub, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    assert run_job("build_hub", hub, said.append)
    home = hub.place.home / "dagster"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert instance.get_latest_materialization_event(dg.AssetKey("golden_parties")) is not None
        assert not instance.telemetry_enabled
    assert said[:3] == ["raw/crm", "raw/registry", "source_parties"]  # in the order of hub.yaml
    assert said[-2:] == ["release", "golden_parquet"]
    assert capfd.readouterr().err == ""


def test_what_failed_is_said_by_name(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    said: list[str] = []
    strict = replace(hub, config=with_completeness(hub.config, "lei", 1.0))
    assert not run_job("build_hub", strict, said.append)
    assert any(line.startswith("check failed: completeness__lei on golden_parties: ") for line in said)
    assert (tmp_path / "elsewhere" / "dagster.yaml").is_file()
    assert not (hub.place.home / "dagster").exists()
