"""The jobs of a hub and when they run."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import InvariantError
from partyhub_dagster.hub import Run
from partyhub_dagster.lake.upkeep import keep_up
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.orchestration.lake_asset import LAKE_POOL
from partyhub_dagster.orchestration.proof import proof_of_builds
from partyhub_dagster.orchestration.resources import HubResource
from partyhub_dagster.orchestration.scrubber import attempt, scrubbed

_TRY_AGAIN = dg.RetryPolicy(max_retries=2, delay=5)  # taken only by failures that waiting can cure


def asset_jobs(config: HubConfig) -> list[Any]:
    """List the jobs that are selections of assets."""
    everything = dg.AssetSelection.all()
    build = dg.define_asset_job(
        "build_hub",
        selection=everything - proof_of_builds() if config.verify.sample else everything,
        description="Load what is new or changed and bring every stage up to a checked release and its export.",
        op_retry_policy=_TRY_AGAIN,
    )
    export = dg.define_asset_job(
        "export",
        selection=dg.AssetSelection.assets("golden_parquet"),
        description="Write the newest release as golden Parquet.",
        op_retry_policy=_TRY_AGAIN,
    )
    return [build, export]


def op_jobs(kinds: list[Kind]) -> list[dg.JobDefinition]:
    """List the jobs that make no asset."""
    return [_train_models(kinds), _verify(), _upkeep()]


def nightly() -> list[dg.ScheduleDefinition]:
    """Return the nightly build and the upkeep after it; they are switched on in the UI."""
    return [
        dg.ScheduleDefinition(name="nightly_build", job_name="build_hub", cron_schedule="0 2 * * *"),
        dg.ScheduleDefinition(name="nightly_upkeep", job_name="upkeep", cron_schedule="0 4 * * *"),
    ]


def _train_models(kinds: list[Kind]) -> dg.JobDefinition:
    @dg.op(pool=LAKE_POOL, out=dg.Out(dg.Nothing))
    def train_candidates(context: dg.OpExecutionContext, hub: HubResource) -> Iterator[dg.Output[None]]:
        """Train a candidate model of every kind."""

        def work(run: Run) -> dict[str, Any]:
            stored = {kind: run.train(kind, activate=False) for kind in kinds}
            return {f"{kind}/version": found.model.version for kind, found in stored.items()}

        versions = attempt(hub, "train", work)
        context.log.info("candidates: %s", ", ".join(f"{k} {v[:12]}" for k, v in versions.items()))
        yield dg.Output(None, metadata=versions)

    @dg.job(
        description="Train a candidate model of every kind; `partyhub model activate` makes one the active one."
    )
    def train_models() -> None:
        train_candidates()

    return train_models


def _verify() -> dg.JobDefinition:
    @dg.op(pool=LAKE_POOL, out=dg.Out(dg.Nothing))
    def compare_with_rebuild(context: dg.OpExecutionContext, hub: HubResource) -> Iterator[dg.Output[None]]:
        """Rebuild the newest release beside the hub and compare."""

        def work() -> int:
            found = verify_hub(hub.hub())
            if not found["equal"]:
                listed = "; ".join(
                    f"{d['table']}: {d['rows']:,} {d['what']} ({', '.join(d['records'][:3])})"
                    for d in found["differences"]
                )
                raise InvariantError(
                    f"The hub differs from a fresh build of itself: {listed}.",
                    remedy="Run `partyhub build --full`, and report it.",
                )
            return int(found["parties"])

        hub.tell("verify")
        parties = scrubbed(work)  # it reads a release: no other run has to wait for it
        context.log.info("equal: %d parties", parties)
        yield dg.Output(None, metadata={"parties": parties})

    @dg.job(
        description="Compare the newest release with a fresh build of the same records, decisions and models."
    )
    def verify() -> None:
        compare_with_rebuild()

    return verify


def _upkeep() -> dg.JobDefinition:
    @dg.op(pool=LAKE_POOL, out=dg.Out(dg.Nothing), retry_policy=_TRY_AGAIN)
    def let_go_of_what_nothing_needs(
        context: dg.OpExecutionContext, hub: HubResource
    ) -> Iterator[dg.Output[None]]:
        """Expire, compact and delete; releases, watermarks and readers keep theirs."""

        def work(run: Run) -> dict[str, Any]:
            report = keep_up(run.session, run.config.upkeep, datetime.now(UTC))
            return {
                **{k: v for k, v in asdict(report).items() if not isinstance(v, dict)},
                "snapshots_left": report.after.snapshots, "catalog_bytes": report.after.bytes,
            }  # fmt: skip

        found = attempt(hub, "upkeep", work)
        context.log.info("upkeep: %s", ", ".join(f"{name} {figure}" for name, figure in found.items()))
        yield dg.Output(None, metadata=found)

    @dg.job(description="Let go of snapshots, keys and files that no release, stage or reader needs.")
    def upkeep() -> None:
        let_go_of_what_nothing_needs()

    return upkeep
