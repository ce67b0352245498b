"""What fails inside a step: Dagster keeps its kind and place, never the value that it failed on."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from partyhub_dagster.errors import BusyError, GateError
from partyhub_dagster.hub import Run
from partyhub_dagster.orchestration.scrubber import failure_of
from partyhub_dagster_tests.dagster.hubs import hub_of, run_on, write_small_hub

PLANTED = "Ottoline Quenby-Farrow"


def events_of(instance: dg.DagsterInstance, run_id: str) -> str:
    return "\n".join(
        f"{entry.message} {entry.user_message} {entry.error_info} {entry.dagster_event!r} {entry.to_json()}"
        for entry in instance.all_logs(run_id)
    )


@pytest.mark.parametrize("stage", ["normalize", "check"])
def test_a_value_in_the_text_of_a_library_is_not_in_the_event_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def fail_on_a_value(run: Run, *_: Any) -> None:
        run.session.con.execute(f"select '{PLANTED}'::date")

    monkeypatch.setattr(Run, stage, fail_on_a_value)
    hub = hub_of(write_small_hub(tmp_path / "files"), tmp_path / "home")
    with dg.DagsterInstance.ephemeral() as instance:
        result = run_on(instance, hub)
        logged = events_of(instance, result.run_id)
    assert not result.success
    assert "Unexpected ConversionException" in logged
    assert PLANTED not in logged


def test_our_own_errors_pass_with_their_remedy_and_are_retried_only_if_waiting_helps() -> None:
    refused = failure_of(GateError("Two checks stand against a release.", remedy="Correct the data."))
    assert refused.description == "Two checks stand against a release. Remedy: Correct the data."
    assert not refused.allow_retries
    assert failure_of(BusyError("Somebody else is at work.", remedy="Wait.")).allow_retries
    assert not failure_of(ValueError(PLANTED)).allow_retries
    assert PLANTED not in str(failure_of(ValueError(PLANTED)).description)


def test_another_run_at_work_is_said_so_by_name(tmp_path: Path) -> None:
    hub = hub_of(write_small_hub(tmp_path / "files"), tmp_path / "home")
    with hub.run(), dg.DagsterInstance.ephemeral() as instance:
        result = run_on(instance, hub, "train_models")
        logged = events_of(instance, result.run_id)
    assert not result.success
    assert "Another run is at work on this hub." in logged
