"""Runs whose process was killed: reported as failed, so that nothing waits for them.

A killed process writes no last event: its run would stay STARTED for ever, in the UI and in the pools. Every run
holds an OS lock on a file beside Dagster's storage, which the system frees however the process dies; a file that
nobody holds is that of a dead run. Process ids would not do: they are used again, and differ between containers.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from partyhub_dagster.lake.connection import is_held

FOLDER = "partyhub_runs"


@contextmanager
def hold_alive(storage: Path, run_id: str) -> Iterator[None]:
    """Mark a run as alive as long as this process is; marking it again inside changes nothing."""
    folder = storage / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = folder / run_id
    if mark.exists():
        yield
        return
    fresh = folder / f".{run_id}"
    handle = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        fresh.rename(mark)  # nobody ever sees the mark without its lock
        yield
    finally:
        mark.unlink(missing_ok=True)
        os.close(handle)


def report_dead_runs(instance: dg.DagsterInstance, storage: Path) -> list[str]:
    """Report the unfinished runs of killed processes as failed and free their slots; return their ids."""
    folder = storage / FOLDER
    if not folder.is_dir():
        return []
    dead = []
    for file in sorted(folder.glob("[!.]*")):
        if is_held(file, if_missing=True):  # missing: the run has ended meanwhile
            continue
        run = instance.get_run_by_id(file.name)
        if run is not None and not run.is_finished:
            instance.report_run_failed(
                run, "The process of this run was killed. Whole stages are kept; run it again."
            )
            dead.append(run.run_id)
        instance.event_log_storage.free_concurrency_slots_for_run(file.name)
        file.unlink(missing_ok=True)
    return dead
