"""golden_parties: the surviving values of every party."""

import dagster as dg

from partyhub_dagster.config import HubConfig
from partyhub_dagster.hub import Run
from partyhub_dagster.lake.tables import golden_table
from partyhub_dagster.orchestration.lake_asset import STEWARDSHIP, AssetShape, lake_asset
from partyhub_dagster.orchestration.schemas import golden_lineage


def golden_assets(config: HubConfig) -> list[dg.AssetsDefinition]:
    """List the one asset of this stage."""
    shape = AssetShape(
        key=("golden_parties",),
        promise="Every party with its surviving values, each with the record and the rule behind it. A function of"
        " members, rules and decisions alone.",
        table=golden_table(config.attributes.values()),
        group="golden",
        deps=["party_clusters", "normalized_parties", "decisions"],
        package="survivorship",
        owner=STEWARDSHIP,
        lineage=golden_lineage(config),
    )
    return [lake_asset(shape, Run.master)]
