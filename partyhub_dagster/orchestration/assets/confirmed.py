"""party_updates: what became of parties, told on Kafka."""

from typing import Any

import dagster as dg

from partyhub_dagster.config import HubConfig
from partyhub_dagster.hub import Run
from partyhub_dagster.lake.tables import CONFIRMATIONS
from partyhub_dagster.orchestration.lake_asset import AssetShape, lake_asset


def confirmed_assets(config: HubConfig) -> list[dg.AssetsDefinition]:
    """List the one asset of this stage, if the hub knows a broker."""
    if config.streaming is None:
        return []
    shape = AssetShape(
        key=("party_updates",),
        promise="Every event of lineage that readers see is confirmed on the topic"
        f" {config.streaming.confirmation_topic}, in order, none left out.",
        table=CONFIRMATIONS,
        group="published",
        deps=["release"],
        package="streaming",
        kinds=frozenset({"kafka"}),
    )
    return [lake_asset(shape, _confirm)]


def _confirm(run: Run) -> dict[str, Any]:
    from partyhub_dagster.streaming.confirming import confirmer  # brings the Kafka client

    with confirmer(run.config) as sender:
        done = sender.confirm(run.session)
        sender.note(run.session)
    return {"sent": done.sent, "generation": done.generation, "sequence": done.sequence}
