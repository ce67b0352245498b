"""golden_parquet: golden records for those who read files, and when it follows the releases."""

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import dagster as dg

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.tables import golden_table
from partyhub_dagster.orchestration.lake_asset import STEWARDSHIP, AssetShape, step_of
from partyhub_dagster.orchestration.resources import HubResource
from partyhub_dagster.orchestration.schemas import copied_columns, table_schema
from partyhub_dagster.orchestration.scrubber import scrubbed
from partyhub_dagster.publish.parquet import Export
from partyhub_dagster.publish.s3 import S3Client, client_from_environment

if TYPE_CHECKING:
    from dagster_aws.s3 import S3Resource


def published_assets(config: HubConfig) -> list[dg.AssetsDefinition]:
    """List the one asset of this stage; where it goes to S3 it has a resource for that."""
    shape = _shape(config)
    return [_to_s3(shape) if exports_to_s3(config) else _to_folder(shape)]


def exports_to_s3(config: HubConfig) -> bool:
    """Whether golden records go to a bucket."""
    return config.publish.parquet.startswith("s3://")


def s3_resources(config: HubConfig) -> "dict[str, S3Resource]":
    """Return the resource `s3`, by AWS's own environment variables and profiles, if golden records go there."""
    if not exports_to_s3(config):
        return {}
    from dagster_aws.s3 import S3Resource

    return {"s3": S3Resource()}


def refresh_schedules(config: HubConfig) -> list[dg.ScheduleDefinition]:
    """List the schedules of `publish.refresh`; they are switched on in the UI. The nightly one writes every file."""
    return [
        dg.ScheduleDefinition(
            name=name,
            job_name="export",
            cron_schedule=cron,
            run_config={"resources": {"hub": {"config": {"full": name == "nightly_export"}}}},
        )
        for name, cron in config.publish.schedules.items()
    ]


def _shape(config: HubConfig) -> AssetShape:
    golden = golden_table(config.attributes.values())
    return AssetShape(
        key=("golden_parquet",),
        promise="The golden records of the newest release as Parquet by party type and bucket, with a manifest. Files"
        " never change, and those of buckets in which nothing changed are used again; one pointer in"
        f" {config.publish.parquet} is moved last, at once, and only from where it was found.",
        table=dataclasses.replace(golden, name="golden_parquet"),
        group="published",
        deps=["release", "golden_parties"],
        package="publish",
        owner=STEWARDSHIP,
        kinds=frozenset({"parquet", "s3"} if exports_to_s3(config) else {"parquet"}),
        schema=table_schema(golden, with_epoch=False),
        lineage=copied_columns(golden),
    )


def _to_folder(shape: AssetShape) -> dg.AssetsDefinition:
    @step_of(shape)
    def golden_parquet(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        return _export(context, hub, client_from_environment)

    return golden_parquet


def _to_s3(shape: AssetShape) -> dg.AssetsDefinition:
    from dagster_aws.s3 import S3Resource

    @step_of(shape)
    def golden_parquet(
        context: dg.AssetExecutionContext, hub: HubResource, s3: S3Resource
    ) -> dg.MaterializeResult[None]:
        return _export(context, hub, s3.get_client)

    return golden_parquet


def _export(
    context: dg.AssetExecutionContext, hub: HubResource, s3_client: S3Client
) -> dg.MaterializeResult[None]:
    """Export. It reads a release and needs no hold on the hub; the pool of the lake is for the memory it takes."""
    hub.tell("golden_parquet")
    began = time.monotonic()
    export: Export = scrubbed(lambda: hub.hub().export(s3_client, full=hub.full))
    manifest = export.manifest
    figures: dict[str, Any] = {
        "dagster/row_count": manifest.rows,
        "release": manifest.release,
        "run_key": manifest.run_key,
        "files": len(manifest.files),
        "files_written": export.files_written,
        "files_removed": export.files_removed,
        "bytes": manifest.bytes,
        "bytes_written": export.bytes_written,
        "seconds": round(time.monotonic() - began, 3),
    }
    context.log.info("golden_parquet: %s", ", ".join(f"{name} {figure}" for name, figure in figures.items()))
    lineage = context.assets_def.metadata_by_key[context.asset_key]["dagster/column_lineage"]
    return dg.MaterializeResult(metadata={**figures, "dagster/column_lineage": lineage})
