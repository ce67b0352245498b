"""What starts a run by itself."""

import dagster as dg

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import reading
from partyhub_dagster.orchestration.observing import observe_decisions
from partyhub_dagster.orchestration.scrubber import failure_of


def decision_sensor(hub: Hub) -> dg.SensorDefinition:
    """Return the sensor that builds the hub when people have decided; it is switched on in the UI.

    A run is asked for once per newest decision: if it fails, the next one asks again, or the nightly build.
    """

    @dg.sensor(
        name="new_decisions",
        job_name="build_hub",
        minimum_interval_seconds=30,
        description="Build the hub when decisions have come that no run has taken up.",
    )
    def tick(_: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not hub.place.catalog.exists():
            return dg.SkipReason("There is no hub yet.")
        seen = _observe(hub)
        if not seen.metadata["new"].value:
            return dg.SkipReason("Every decision is taken up.")
        run_key = f"decisions-{seen.metadata['newest'].value}"
        return dg.SensorResult([dg.RunRequest(run_key=run_key)], asset_events=[seen])

    return tick


def _observe(hub: Hub) -> dg.AssetObservation:
    """Look at the ledger at head; an error is told without what it could quote."""
    try:
        with hub.place.connect(read_only=True) as con, reading(con):
            return observe_decisions(Session(hub.place, con, run_id="sensor"))
    except Exception as error:  # noqa: BLE001 - the border: nothing unscrubbed passes
        failure = failure_of(error)
    raise failure
