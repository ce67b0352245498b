"""The runs of a topic as Dagster knows them: tagged when they are asked for, found again by their tags."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from partyhub_dagster.orchestration.recovery import report_dead_runs
from partyhub_dagster.streaming.planning import Attempt, AttemptState, Launch

TOPIC_TAG, BATCH_TAG, ATTEMPT_TAG = "partyhub/topic", "partyhub/batch", "partyhub/attempt"
_ENOUGH = 50
"""Runs of a topic that are looked at: more than any batch has attempts."""


def tags_of(launch: Launch) -> dict[str, str]:
    """Return the tags by which a run is found again; the topic's name is all they tell."""
    batch = launch.pending.batch
    return {TOPIC_TAG: batch.topic, BATCH_TAG: batch.batch_id, ATTEMPT_TAG: str(launch.attempt)}


def latest_attempts(instance: dg.DagsterInstance, topic: str) -> list[Attempt]:
    """Return the latest runs of a topic, newest first; those whose process was killed count as failed."""
    found = _attempts(instance, topic)
    if any(attempt.state is AttemptState.UNFINISHED for attempt in found):
        report_dead_runs(instance, Path(instance.root_directory))
        found = _attempts(instance, topic)
    return found


def _attempts(instance: dg.DagsterInstance, topic: str) -> list[Attempt]:
    filters = dg.RunsFilter(tags={TOPIC_TAG: topic})
    return [_attempt(record) for record in instance.get_run_records(filters, limit=_ENOUGH)]


def _attempt(record: dg.RunRecord) -> Attempt:
    run = record.dagster_run
    state = AttemptState.UNFINISHED
    if run.is_finished:
        state = AttemptState.SUCCEEDED if run.is_success else AttemptState.FAILED
    ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
    number = run.tags.get(ATTEMPT_TAG, "")
    return Attempt(
        number=int(number) if number.isdecimal() else 0,
        batch_id=run.tags.get(BATCH_TAG, ""),
        run_id=run.run_id,
        state=state,
        ended=ended if run.is_finished else None,
    )
