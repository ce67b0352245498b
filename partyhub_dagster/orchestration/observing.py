"""The ledger of decisions as Dagster sees it: a source asset, observed by counts."""

import dagster as dg

from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.listing import count_ledger

DATA_VERSION_TAG = "dagster/data_version"


def observe_decisions(session: Session) -> dg.AssetObservation:
    """Return how many decisions there are; their version is the number of the newest."""
    counts = count_ledger(session)
    return dg.AssetObservation(
        asset_key="decisions",
        description=f"{counts['standing']:,} decisions stand; {counts['new']:,} wait for the next build.",
        metadata={"dagster/row_count": counts["decisions"], **counts},
        tags={DATA_VERSION_TAG: str(counts["newest"])},
    )
