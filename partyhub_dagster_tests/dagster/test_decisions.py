"""The ledger in Dagster: a source asset that runs observe, and a sensor that asks for a run when it has grown."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.build import build_defs
from partyhub_dagster_tests.dagster.hubs import hub_of, run_on, write_small_hub
from partyhub_dagster_tests.factories import decide, party_of


@pytest.fixture(name="instance")
def _instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(hub: Hub, instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    definitions = build_defs(hub)
    sensor = definitions.get_repository_def().get_sensor_def("new_decisions")
    with dg.build_sensor_context(instance=instance, definitions=definitions) as context:
        found = sensor(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def test_a_run_takes_up_what_was_decided_and_says_which_ledger_it_saw(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    hub = hub_of(write_small_hub(tmp_path / "files"), tmp_path / "home")
    assert isinstance(tick(hub, instance), dg.SkipReason)
    assert run_on(instance, hub).success
    decide(hub, "SAME", "crm:1", "crm:3")
    asked = tick(hub, instance)
    assert isinstance(asked, dg.SensorResult)
    assert [request.run_key for request in asked.run_requests or []] == ["decisions-1"]
    assert run_on(instance, hub).success
    assert party_of(hub, "crm:3") == party_of(hub, "crm:1")
    record = instance.fetch_observations(dg.AssetKey("decisions"), limit=1).records[0]
    seen = record.asset_observation
    assert seen is not None
    assert (seen.data_version, seen.metadata["new"].value) == ("1", 1)
    assert isinstance(tick(hub, instance), dg.SkipReason)
