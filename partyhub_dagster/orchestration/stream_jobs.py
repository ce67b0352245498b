"""The jobs of a stream: a run per batch, and a drain run that keeps taking batches until none comes."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from partyhub_dagster.config import HubConfig
from partyhub_dagster.hub import Run
from partyhub_dagster.orchestration.lake_asset import LAKE_POOL
from partyhub_dagster.orchestration.resources import HubResource
from partyhub_dagster.orchestration.scrubber import attempt
from partyhub_dagster.orchestration.stream_attempts import TOPIC_TAG
from partyhub_dagster.orchestration.stream_history import forget_old_runs
from partyhub_dagster.streaming.batches import Batch
from partyhub_dagster.streaming.ranges import OffsetRange

RUN_JOB, DRAIN_JOB = "stream_run", "stream_drain"
TRY_AGAIN = dg.RetryPolicy(max_retries=2, delay=5)  # taken only by failures that waiting can cure
_OPS = {RUN_JOB: "take_batch", DRAIN_JOB: "take_batches"}
Found = dict[str, Any]
_OTHER_NAMES = {"confirmations": "party_updates", "checks": "", "dead_letters": ""}
"""Stage -> the asset that it brings up to date, where that is not its name; empty: none."""


class BatchConfig(dg.Config):
    """Which offsets a run takes: ranges only, never a message."""

    topic: str
    ranges: list[list[int]]
    """Partition, start, end; the end is not read."""

    def batch(self) -> Batch:
        """Return the batch that the ranges are."""
        return Batch(self.topic, tuple(OffsetRange(self.topic, *held) for held in self.ranges))


class DrainConfig(BatchConfig):
    """For which offsets a drain run was started: it takes all that waits. By hand they may be left out."""

    topic: str = ""
    ranges: list[list[int]] = Field(default=[])


def run_config_of(job: str, batch: Batch) -> dict[str, Any]:
    """Return the run config for a batch."""
    ranges = [[r.partition, r.start, r.end] for r in batch.ranges]
    return {"ops": {_OPS[job]: {"config": {"topic": batch.topic, "ranges": ranges}}}}


def stream_jobs(config: HubConfig) -> list[dg.JobDefinition]:
    """List the jobs of a hub that takes events."""
    told = config.streaming
    return [] if told is None else [_stream_run(told.sensor.keep_runs), _stream_drain(told.sensor.keep_runs)]


def _stream_run(keep_runs: int) -> dg.JobDefinition:
    @dg.op(pool=LAKE_POOL, out=dg.Out(dg.Nothing), retry_policy=TRY_AGAIN)
    def take_batch(
        context: dg.OpExecutionContext, hub: HubResource, config: BatchConfig
    ) -> Iterator[dg.Output[None]]:
        """Take exactly these offsets into the lake and bring every stage up to a checked release."""

        def work(run: Run) -> Found:
            from partyhub_dagster.streaming.run import run_batches

            return run_batches(run, [config.batch()], hub.tell).as_dict()

        yield _told(context, hub, work)
        _tidy(context, keep_runs)

    @dg.job(name=RUN_JOB, description="Take one batch of a topic into the hub, up to a checked release.")
    def stream_run() -> None:
        take_batch()

    return stream_run


def _stream_drain(keep_runs: int) -> dg.JobDefinition:
    @dg.op(pool=LAKE_POOL, out=dg.Out(dg.Nothing), retry_policy=TRY_AGAIN)
    def take_batches(
        context: dg.OpExecutionContext,
        hub: HubResource,
        config: DrainConfig,  # noqa: ARG001 - shown in the UI
    ) -> Iterator[dg.Output[None]]:
        """Take batch after batch of all topics, each with its release, until none comes or time is up."""

        def work(run: Run) -> Found:
            from partyhub_dagster.streaming.run import drain

            return drain(run, hub.tell).as_dict()

        yield _told(context, hub, work)
        _tidy(context, keep_runs)

    @dg.job(
        name=DRAIN_JOB,
        description="Take batch after batch of all topics into the hub, each up to a checked release, until none"
        " comes.",
    )
    def stream_drain() -> None:
        take_batches()

    return stream_drain


def _told(context: dg.OpExecutionContext, hub: HubResource, work: Callable[[Run], Found]) -> dg.Output[None]:
    """Do the work and tell of it in counts: on the run, and on the assets that it has brought up to date."""
    from partyhub_dagster.streaming.run import import_ahead

    import_ahead()
    found = attempt(hub, "stream", work)
    for warning in found["warnings"]:
        context.log.warning(warning)
    context.log.info(
        "%d messages: %d stored, %d known, %d in quarantine",
        found["messages"], found["stored"], found["unchanged"], found["quarantined"],
    )  # fmt: skip
    if found["quarantined"]:
        context.log.warning(
            "%d messages were rejected: `partyhub quarantine list` tells why, `partyhub quarantine replay` takes mended"
            " ones in", found["quarantined"],
        )  # fmt: skip
    for asset, metadata in _brought_up(found).items():
        context.log_event(dg.AssetMaterialization(asset.split("/"), metadata=metadata))
    shown = {name: figure for name, figure in found.items() if isinstance(figure, int | float)}
    return dg.Output(None, metadata={**shown, "batches": len(found["batches"])})


def _tidy(context: dg.OpExecutionContext, keep_runs: int) -> None:
    """Forget old runs of the topic; the run is done, so whatever fails here may wait for the next one."""
    topic = context.run_tags.get(TOPIC_TAG)
    if topic is not None:
        with contextlib.suppress(Exception):
            forget_old_runs(context.instance, topic, keep_runs)


def _brought_up(found: Found) -> dict[str, Found]:
    """Return the assets that a run brought up to date, with what to show of each; none if nothing came."""
    if not found["messages"]:
        return {}
    counts = {name: found[name] for name in ("messages", "stored", "unchanged", "quarantined", "late")}
    assets: dict[str, Found] = {"source_parties": counts}
    for stage, seconds in found["stages"].items():
        asset = "blocking_keys" if stage.startswith("blocking_keys/") else _OTHER_NAMES.get(stage, stage)
        before = assets.get(asset, {"seconds": 0.0})["seconds"]
        assets[asset] = {"seconds": round(before + seconds, 3)}
    assets.pop("", None)
    if "party_updates" in assets:
        assets["party_updates"]["sent"] = found["confirmations_sent"]
    if found["release"] is not None:
        assets["release"] = {**assets.get("release", {}), "number": found["release"]}
    return assets
