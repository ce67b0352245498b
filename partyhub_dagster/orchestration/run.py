"""Running a job of a hub in this process, with its history kept like that of any Dagster run."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from partyhub_dagster.build_report import Progress
from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.build import build_defs
from partyhub_dagster.orchestration.recovery import hold_alive

_INSTANCE_FILE = Path(__file__).parents[2] / "dagster.yaml"
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_job(job_name: str, hub: Hub, progress: Progress) -> bool:
    """Run a job to its end and tell whether it succeeded; `progress` hears each step and what failed, by name.

    Writes the run's events to DAGSTER_HOME, or to `dagster` in the hub's folder when that is not set.
    """
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    home = prepare_dagster_home(hub)
    job = build_defs(hub, progress).resolve_job_def(job_name)
    run_id = str(uuid.uuid4())
    with dg.DagsterInstance.from_config(str(home)) as instance, hold_alive(home, run_id):
        result = job.execute_in_process(_QUIET, instance=instance, raise_on_error=False, run_id=run_id)
        for line in _what_failed(result):
            progress(line)
        return result.success


def prepare_dagster_home(hub: Hub) -> Path:
    """Return the folder of Dagster's storage, closed to other users and with our settings if it was not there."""
    named = os.environ.get("DAGSTER_HOME")
    home = Path(named).expanduser().resolve() if named else hub.place.home / "dagster"
    if not named:
        hub.place.prepare()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(_INSTANCE_FILE, home / "dagster.yaml")
    return home


def _what_failed(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for check in result.get_asset_check_evaluations():
        if not check.passed:
            weight = "failed" if check.severity is dg.AssetCheckSeverity.ERROR else "warns"
            yield f"check {weight}: {check.check_name} on {check.asset_key.to_user_string()}: {check.description}"
    failed = [event for event in result.all_events if event.is_step_failure]
    for event in failed:
        failure = event.step_failure_data.user_failure_data
        yield f"step failed: {event.step_key}: {'by its checks' if failure is None else failure.description}"
    if not (failed or result.success):
        yield "the run failed before its first step; Dagster's event log says where"
