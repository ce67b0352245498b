"""Runs that take events: a batch straight through to its release, or batch after batch until none comes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from partyhub_dagster.errors import BrokerError
from partyhub_dagster.hub import BuildReport, Hub, Progress, Run
from partyhub_dagster.streaming.batches import Batch
from partyhub_dagster.streaming.dead_letters import send_dead_letters
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
        _finish(stream, report, progress)
        followers.tell(report)
    report.seconds = time.monotonic() - began
    return report


def drain(run: Run, first: list[Batch] | None = None, progress: Progress = _silent) -> StreamReport:
    """Take batch after batch, each with its release, until no message came for a while or time is up.

    `first` are those to begin with: who plans a run sees by them whether it came to its first release.
    """
    told = streaming_of(run.config)
    report, began = StreamReport(), time.monotonic()
    with _stream(run) as (stream, followers):
        planned = _still_planned(run, first or [])
        last = began
        released = False
        while time.monotonic() - began < told.drain_seconds:
            batches, planned = planned or stream.waiting(), []
            for batch in batches:
                report.taken.append(stream.take(batch))
            if batches or not released:
                _finish(stream, report, progress)
                followers.tell(report)
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


@contextmanager
def _stream(run: Run) -> Iterator[tuple[Stream, Followers]]:
    run.refuse_unknown_sources()
    broker = broker_of(run.config)
    stream, followers = Stream(run, broker), followers_of(run, broker)
    try:
        yield stream, followers
    except BaseException:
        followers.confirmer.let_go()
        raise
    else:
        followers.close()
    finally:
        stream.close()


def _finish(stream: Stream, report: StreamReport, progress: Progress) -> None:
    """Tell of rejected messages and release what was taken; neither waits for the other."""
    try:
        report.dead_letters_sent += send_dead_letters(
            stream.run.session, stream.broker, streaming_of(stream.config).dead_letter_topic
        )
    except BrokerError as error:
        report.warnings.append(str(error))
    report.add(stream.run.advance(BuildReport(progress)))


def stream_hub(hub: Hub, *, draining: bool, progress: Progress = _silent) -> StreamReport:
    """Hold the hub and take what waits: one batch of each topic, or all that comes."""
    with hub.run() as run:
        return drain(run, None, progress) if draining else run_batches(run, None, progress)
