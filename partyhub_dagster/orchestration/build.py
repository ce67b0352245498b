"""The code location, made from one hub."""

import dagster as dg

from partyhub_dagster.build_report import Progress
from partyhub_dagster.config import HubConfig
from partyhub_dagster.hub import Hub
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.orchestration.assets.confirmed import confirmed_assets
from partyhub_dagster.orchestration.assets.golden import golden_assets
from partyhub_dagster.orchestration.assets.identity import identity_assets
from partyhub_dagster.orchestration.assets.matching import matching_assets
from partyhub_dagster.orchestration.assets.normalized import normalized_assets
from partyhub_dagster.orchestration.assets.published import (
    published_assets,
    refresh_schedules,
    s3_resources,
)
from partyhub_dagster.orchestration.assets.raw import raw_assets
from partyhub_dagster.orchestration.assets.released import released_assets
from partyhub_dagster.orchestration.assets.topics import topic_assets
from partyhub_dagster.orchestration.checks import suite_checks
from partyhub_dagster.orchestration.jobs import asset_jobs, nightly, op_jobs
from partyhub_dagster.orchestration.proof import proof_checks, proof_jobs, proof_schedules
from partyhub_dagster.orchestration.reading import release_of
from partyhub_dagster.orchestration.resources import resource_of
from partyhub_dagster.orchestration.sensors import decision_sensor
from partyhub_dagster.orchestration.stream_jobs import stream_jobs
from partyhub_dagster.orchestration.stream_sensor import stream_sensors
from partyhub_dagster.places import hub_from_environment


def build_defs(hub: Hub | None = None, progress: Progress | None = None) -> dg.Definitions:
    """Make the definitions of a hub; left out: the one that the environment names."""
    hub = hub_from_environment() if hub is None else hub
    kinds: list[Kind] = [kind for kind in ("person", "organization") if kind in hub.config.kinds]
    return dg.Definitions(
        assets=_assets(hub.config, kinds),
        asset_checks=[*suite_checks(hub.config), *proof_checks(hub.config)],
        jobs=[*asset_jobs(hub.config), *op_jobs(kinds), *proof_jobs(hub.config), *stream_jobs(hub.config)],
        schedules=[*nightly(), *refresh_schedules(hub.config), *proof_schedules(hub.config)],
        sensors=[decision_sensor(hub), *stream_sensors(hub)],
        resources={
            "hub": resource_of(hub, progress),
            "release": release_of(hub),
            **s3_resources(hub.config),
        },
        executor=dg.in_process_executor,  # a process per step would cost seconds each
    )


def _assets(config: HubConfig, kinds: list[Kind]) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    return [
        *topic_assets(config),
        *raw_assets(config),
        *normalized_assets(),
        *matching_assets(kinds),
        *identity_assets(kinds),
        *golden_assets(config),
        *released_assets(),
        *published_assets(config),
        *confirmed_assets(config),
    ]
