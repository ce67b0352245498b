"""Cleaning on every core: cleaners are pure functions of text, so chunks of distinct values can go to processes.

Python cleans on one core only, and at a million records cleaning is the longest part of a build.
"""

import gc
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

CHUNK = 10_000
"""Values that are cleaned at a time."""
LEAST_RECORDS = 50_000
"""Records from which on processes are worth their start (seconds, for the libraries that clean)."""
_IDLE_SECONDS = 60
_WATCH_SECONDS = 1.0

Given = TypeVar("Given")
Made = TypeVar("Made")


class Run(Protocol):
    """Applies a picklable function to each chunk; results come in the order of the chunks."""

    def __call__(self, work: Callable[[Given], Made], chunks: Iterable[Given], /) -> Iterator[Made]:
        """Return what `work` makes of each chunk."""
        ...


@contextmanager
def cleaning_workers(records: int, cores: int | None) -> Iterator[Run]:
    """Yield how chunks are cleaned: here for few records or one core, else by as many processes as there are cores."""
    cores = cores or os.cpu_count() or 1
    if records < LEAST_RECORDS or cores < 2:
        with _no_cycle_search():
            yield map
        return
    from loky import ProcessPoolExecutor

    with ProcessPoolExecutor(
        cores, timeout=_IDLE_SECONDS, initializer=_begin, initargs=(os.getpid(),)
    ) as pool:

        def run(work: Callable[[Given], Made], chunks: Iterable[Given]) -> Iterator[Made]:
            waiting: deque[Any] = deque()  # no more in flight than keeps every process busy
            for chunk in chunks:
                waiting.append(pool.submit(work, chunk))
                if len(waiting) > 2 * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        yield run


def _begin(parent: int) -> None:
    """Set a worker up: no search for cycles, which cleaners do not make, and no life after a killed parent."""
    gc.disable()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


@contextmanager
def _no_cycle_search() -> Iterator[None]:
    """Pause the search for reference cycles: cleaners make none, and it takes a fifth of their time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
