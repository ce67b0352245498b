"""Runs of a stream that nobody looks at any more: with a run per batch they would fill Dagster's storage in weeks."""

from pathlib import Path

import dagster as dg

from partyhub_dagster.orchestration.stream_attempts import TOPIC_TAG

_AT_ONCE = 20
"""Runs that one call forgets at most, so that no run waits long for it."""


def forget_old_runs(instance: dg.DagsterInstance, topic: str, kept: int) -> int:
    """Forget the oldest successful runs of a topic beyond the `kept` newest; return how many.

    Guarantees: failed runs stay, and with them what an operator may ask about.
    """
    filters = dg.RunsFilter(tags={TOPIC_TAG: topic}, statuses=[dg.DagsterRunStatus.SUCCESS])
    surplus = instance.get_runs_count(filters) - kept
    if surplus <= 0:
        return 0
    oldest = instance.get_run_records(filters, limit=min(surplus, _AT_ONCE), ascending=True)
    for record in oldest:
        run_id = record.dagster_run.run_id
        instance.delete_run(run_id)
        _delete_file(instance, run_id)
    return len(oldest)


def _delete_file(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete the file that Dagster's SQLite storage has for each run, and leaves when the run is deleted."""
    path_of = getattr(instance.event_log_storage, "path_for_shard", None)
    if path_of is not None:
        Path(path_of(run_id)).unlink(missing_ok=True)
