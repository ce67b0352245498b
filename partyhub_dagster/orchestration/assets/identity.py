"""party_clusters: which records are one party."""

import dagster as dg

from partyhub_dagster.hub import Run
from partyhub_dagster.identity.stage import CODE_VERSION
from partyhub_dagster.lake.tables import PARTY_CLUSTERS
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.orchestration.lake_asset import STEWARDSHIP, AssetShape, lake_asset


def identity_assets(kinds: list[Kind]) -> list[dg.AssetsDefinition]:
    """List the one asset of this stage."""
    shape = AssetShape(
        key=("party_clusters",),
        promise="Every live record is in exactly one party, named after its member first seen earliest; decisions and"
        " exclusive identifiers bind. Events go to party_lineage.",
        table=PARTY_CLUSTERS,
        group="identity",
        deps=["normalized_parties", *(dg.AssetKey(["match_edges", kind]) for kind in kinds)],
        code_version=CODE_VERSION,
        owner=STEWARDSHIP,
    )
    return [lake_asset(shape, Run.cluster)]
