"""normalized_parties: records made match-ready."""

import dagster as dg

from partyhub_dagster.hub import Run
from partyhub_dagster.lake.tables import NORMALIZED_PARTIES
from partyhub_dagster.orchestration.lake_asset import AssetShape, lake_asset


def normalized_assets() -> list[dg.AssetsDefinition]:
    """List the one asset of this stage."""
    shape = AssetShape(
        key=("normalized_parties",),
        promise="Every live source record with cleaned names, addresses, phones, dates and identifiers. A function of"
        " the record, hub.yaml and library versions alone; no model is needed.",
        table=NORMALIZED_PARTIES,
        group="normalized",
        deps=["source_parties"],
        package="normalize",
    )
    return [lake_asset(shape, Run.normalize)]
