"""decisions and party_clusters: which records are one party."""

import dagster as dg

from partyhub_dagster.hub import Run
from partyhub_dagster.lake.tables import DECISIONS, PARTY_CLUSTERS
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.orchestration.lake_asset import STEWARDSHIP, AssetShape, lake_asset, lake_input
from partyhub_dagster.orchestration.observing import observe_decisions


def identity_assets(kinds: list[Kind]) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """List what people decided, and the clusters that follow from it and from the edges."""
    decided = AssetShape(
        key=("decisions",),
        promise="What people decided: SAME, NOT_SAME, PIN, and what they took back. Append-only.",
        table=DECISIONS,
        group="identity",
        deps=[],
        package="identity",
        owner=STEWARDSHIP,
    )
    shape = AssetShape(
        key=("party_clusters",),
        promise="Every live record is in exactly one party, named after its member first seen earliest; decisions and"
        " exclusive identifiers bind. Events go to party_lineage.",
        table=PARTY_CLUSTERS,
        group="identity",
        deps=["normalized_parties", *(dg.AssetKey(["match_edges", kind]) for kind in kinds), "decisions"],
        package="identity",
        owner=STEWARDSHIP,
        observed=lambda run: observe_decisions(run.session),
    )
    return [lake_input(decided), lake_asset(shape, Run.cluster)]
