"""A run whose process was killed is reported as failed; one that lives is left alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from partyhub_dagster.orchestration.recovery import FOLDER, hold_alive, report_dead_runs

SLEEPER = """
import sys, time, uuid
from pathlib import Path
import dagster as dg
from partyhub_dagster.orchestration.recovery import hold_alive

@dg.op(pool="lake")
def sleep():
    Path(sys.argv[2]).touch()
    time.sleep(600)

@dg.job(executor_def=dg.in_process_executor)
def sleeping():
    sleep()

run_id = str(uuid.uuid4())
with dg.DagsterInstance.from_config(sys.argv[1]) as instance, hold_alive(Path(sys.argv[1]), run_id):
    sleeping.execute_in_process(instance=instance, run_id=run_id)
"""


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    """Return a DAGSTER_HOME under the harshest setting: pools of one slot, held by steps."""
    home = tmp_path / "dagster"
    home.mkdir()
    settings = "concurrency: {pools: {default_limit: 1, granularity: op}}\ntelemetry: {enabled: false}\n"
    (home / "dagster.yaml").write_text(settings, encoding="utf-8")
    return home


@pytest.fixture(name="instance")
def _instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@dg.op(pool="lake")
def work() -> None:
    """Take the slot for a moment."""


@dg.job(executor_def=dg.in_process_executor)
def working() -> None:
    """Take the slot for a moment."""
    work()


def test_a_killed_run_is_reported_and_the_next_one_gets_its_slot(
    home: Path, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    killed = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, str(home), str(begun)], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(begun)
        (run,) = instance.get_runs()
        assert report_dead_runs(instance, home) == []  # it lives
        assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED  # type: ignore[union-attr]
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert report_dead_runs(instance, home) == [run.run_id]
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
    assert list((home / FOLDER).iterdir()) == []
    assert report_dead_runs(instance, home) == []
    assert working.execute_in_process(
        instance=instance
    ).success  # would wait for ever for a slot that is not freed


def wait_for(file: Path) -> None:
    until = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_run_that_has_ended_is_not_reported_although_its_mark_is_left(
    home: Path, instance: dg.DagsterInstance
) -> None:
    result = working.execute_in_process(instance=instance)
    (home / FOLDER).mkdir()
    (home / FOLDER / result.run_id).touch()
    assert report_dead_runs(instance, home) == []
    assert instance.get_run_by_id(result.run_id).status is dg.DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
    assert list((home / FOLDER).iterdir()) == []


def test_marking_a_run_twice_in_a_process_neither_waits_nor_ends_the_mark_early(tmp_path: Path) -> None:
    with hold_alive(tmp_path, "run"):
        with hold_alive(tmp_path, "run"):
            pass
        assert [mark.name for mark in (tmp_path / FOLDER).iterdir()] == ["run"]
    assert list((tmp_path / FOLDER).iterdir()) == []
