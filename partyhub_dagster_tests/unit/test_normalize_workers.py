"""Cleaning in worker processes: the same results in the same order, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time

from partyhub_dagster.normalize.workers import LEAST_RECORDS, cleaning_workers

_PARENT = """
import os, sys, time
from partyhub_dagster.normalize.workers import LEAST_RECORDS, cleaning_workers
with cleaning_workers(LEAST_RECORDS, 2) as run:
    print(*set(run(eval, ["__import__('os').getpid()"] * 8)), flush=True)
    time.sleep(60)
"""


def test_processes_give_the_same_results_in_the_same_order_as_this_one() -> None:
    chunks = [[str(i), "x" * i] for i in range(50)]
    with cleaning_workers(LEAST_RECORDS, 2) as run:
        assert list(run(" ".join, chunks)) == [" ".join(chunk) for chunk in chunks]
        (there,) = run(eval, ["__import__('os').getpid()"])
    with cleaning_workers(LEAST_RECORDS - 1, 2) as run:
        (here,) = run(eval, ["__import__('os').getpid()"])
    assert here == os.getpid() != there


def test_workers_end_with_a_process_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert workers
    patience = time.monotonic() + 30
    while any(map(_lives, workers)) and time.monotonic() < patience:
        time.sleep(0.1)
    assert not any(map(_lives, workers))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
