"""Runs that take events: a batch straight through to its release, or batch after batch until none comes."""

import importlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from partyhub_dagster.build_report import BuildReport, Progress
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.streaming.batches import Batch
from partyhub_dagster.streaming.following import Followers, followers_of
from partyhub_dagster.streaming.kafka import broker_of, streaming_of
from partyhub_dagster.streaming.offsets import is_overtaken
from partyhub_dagster.streaming.report import StreamReport
from partyhub_dagster.streaming.stream import Stream

_LOOK_AGAIN_S = 0.5
"""How often an idle drain run asks the broker for more."""


def _silent(_: str) -> None:
    return


def run_batches(run: Run, batches: list[Batch] | None = None, progress: Progress = _silent) -> StreamReport:
    """Take these batches, by default the next one of each topic, and bring the hub up to a release.

    A batch that the lake holds already is not read again, but released if it was not: so a run that was killed
    anywhere can be tried again. One that was read in part, or by another run, is left out, for the rest of it is
    planned anew.
    """
    report, began = StreamReport(), time.monotonic()
    with _stream(run) as (stream, followers):
        for batch in stream.waiting() if batches is None else _still_planned(run, batches):
            progress(f"{batch.topic}: {batch.offsets:,} offsets")
            report.taken.append(stream.take(batch))
        _release(run, followers, report, progress)
    report.seconds = time.monotonic() - began
    return report


def drain(run: Run, progress: Progress = _silent) -> StreamReport:
    """Take batch after batch of all topics, each with its release, until no message came for a while or time is up.

    It begins where the lake stands, with all that waits by then: more than what it was started for, as a rule.
    """
    told = streaming_of(run.config)
    report, began = StreamReport(), time.monotonic()
    with _stream(run) as (stream, followers):
        last = began
        released = False
        while time.monotonic() - began < told.drain_seconds:
            batches = stream.waiting()
            for batch in batches:
                report.taken.append(stream.take(batch))
            if batches or not released:
                _release(run, followers, report, progress)
                released, last = True, time.monotonic()
            elif time.monotonic() - last >= told.idle_seconds:
                break
            else:
                time.sleep(_LOOK_AGAIN_S)
    report.seconds = time.monotonic() - began
    return report


def _still_planned(run: Run, batches: list[Batch]) -> list[Batch]:
    """Leave out what another run has read meanwhile, in whole or in part: drain runs take all topics."""
    return [batch for batch in batches if not is_overtaken(run.session.con, batch)]


_IMPORTED_LATE = ("splink", "pandera.pandas", "scipy.sparse.csgraph")


def import_ahead() -> None:
    """Import, beside all else, what stages import when they need it: seconds of the first batch."""

    def work() -> None:
        for name in _IMPORTED_LATE:
            with suppress(ImportError):  # whoever needs it says so
                importlib.import_module(name)

    threading.Thread(target=work, daemon=True).start()


@contextmanager
def _stream(run: Run) -> Iterator[tuple[Stream, Followers]]:
    run.refuse_unknown_sources()
    broker = broker_of(run.config)
    stream, followers = Stream(run, broker), followers_of(run, broker)
    try:
        yield stream, followers
    except BaseException:
        followers.let_go()
        raise
    else:
        followers.close()
    finally:
        stream.close()


def _release(run: Run, followers: Followers, report: StreamReport, progress: Progress) -> None:
    """Release what was taken, and tell of it; of rejected messages also if a check stands against the release."""
    try:
        report.add(run.advance(BuildReport(progress)))
    finally:
        followers.tell_rejected(report)
    followers.tell(report)


def stream_hub(hub: Hub, *, draining: bool, progress: Progress = _silent) -> StreamReport:
    """Hold the hub and take what waits: one batch of each topic, or all that comes."""
    import_ahead()
    with hub.run() as run:
        return drain(run, progress) if draining else run_batches(run, None, progress)
