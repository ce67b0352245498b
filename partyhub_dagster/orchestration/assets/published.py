"""golden_parquet: golden records for those who read files."""

import dataclasses
from typing import Any

import dagster as dg

from partyhub_dagster.config import HubConfig
from partyhub_dagster.hub import Run
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.tables import golden_table
from partyhub_dagster.orchestration.lake_asset import STEWARDSHIP, AssetShape, lake_asset
from partyhub_dagster.orchestration.schemas import copied_columns, table_schema
from partyhub_dagster.publish.parquet import export_release


def published_assets(config: HubConfig) -> list[dg.AssetsDefinition]:
    """List the one asset of this stage."""
    golden = golden_table(config.attributes.values())
    shape = AssetShape(
        key=("golden_parquet",),
        promise="The golden records of the newest release as Parquet by party type, with a manifest. Each export is"
        f" immutable; one pointer in {config.publish.parquet} is moved last and at once.",
        table=dataclasses.replace(golden, name="golden_parquet"),
        group="published",
        deps=["release", "golden_parties"],
        package="publish",
        owner=STEWARDSHIP,
        kinds=frozenset({"parquet"}),
        schema=table_schema(golden, with_epoch=False),
        lineage=copied_columns(golden),
    )
    return [lake_asset(shape, _export)]


def _export(run: Run) -> dict[str, Any]:
    place = run.session.place
    with read_release(place) as (con, release):
        manifest = export_release(con, run.config, place.home, release, "golden_parties")
    return {
        "dagster/row_count": manifest.rows,
        "release": manifest.release,
        "run_key": manifest.run_key,
        "files": len(manifest.files),
        "bytes": manifest.bytes,
    }
