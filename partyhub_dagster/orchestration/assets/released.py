"""release: what readers see."""

from typing import Any

import dagster as dg

from partyhub_dagster.hub import Run
from partyhub_dagster.lake.tables import RELEASES
from partyhub_dagster.orchestration.lake_asset import STEWARDSHIP, AssetShape, lake_asset


def released_assets() -> list[dg.AssetsDefinition]:
    """List the one asset of this stage."""
    shape = AssetShape(
        key=("release",),
        promise="A checked, consistent state of the whole hub. There is a new one only if the state has changed and"
        " no blocking check stands against it; otherwise readers keep the last.",
        table=RELEASES,
        group="release",
        deps=["source_parties", "normalized_parties", "party_clusters", "golden_parties"],
        package="quality",
        owner=STEWARDSHIP,
    )
    return [lake_asset(shape, _release)]


def _release(run: Run) -> dict[str, Any]:
    released = run.release()
    if released is None:
        return {}
    facts = {"number": released.number, "run_id": released.run_id, "lineage_seq": released.lineage_seq}
    return {
        **facts,
        "checks_passed": released.checks_passed,
        "checks_failed": released.checks_failed,
        **released.counts,
    }
