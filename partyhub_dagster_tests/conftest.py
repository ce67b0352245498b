"""What every test gets: a Hypothesis profile, no hub or Dagster instance of the person who runs it, a hub to copy."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import build, deliver
from partyhub_dagster_tests.people import BRIDGE, crm, people_hub

pytest_plugins = ["partyhub_dagster_tests.services.fixtures"]

# Before anything imports dagster: it reads this once.
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
# Hubs of a few records gain nothing by threads, and tests run side by side; by night they do have them.
os.environ.setdefault("PARTYHUB_THREADS", "2" if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else "1")

settings.register_profile("dev", max_examples=25, stateful_step_count=15, deadline=None)
settings.register_profile(
    "ci",
    max_examples=50,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,  # a red build is red again on the next machine
    database=None,
    print_blob=True,
)
settings.register_profile(
    "nightly",
    max_examples=1_000,
    stateful_step_count=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


LONG = (
    "test_export_s3", "test_confirmations", "test_stream_runs", "test_streaming_kafka", "test_sending_events",
    "test_laws_people", "test_decide_commands", "test_laws_runs", "test_build_hub", "test_verification",
    "test_sources_broken_inputs", "test_refused_deliveries", "test_sources_contract", "test_answers_and_cli",
    "test_run_job", "test_decisions", "test_sources_without_files", "test_sources_loading", "test_matching_train",
)  # fmt: skip
"""What takes longest, longest first; the first five take no time without services."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it; the rest stays in random order."""
    rank = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONG)))


@pytest.fixture(autouse=True)
def _no_hub_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from the hub, the configuration and the Dagster instance of whoever runs them."""
    monkeypatch.delenv("PARTYHUB_CONFIG", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("PARTYHUB_HOME", str(tmp_path / "no-hub-was-asked-for"))


@pytest.fixture(scope="session")
def history_hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Release 2 merges 5 and 7 and gives 4 another phone; 3 splits 5 and 7, deletes 6, and 8 is born."""
    hub = people_hub(tmp_path_factory.mktemp("history"))
    build(hub)
    deliver(hub, "crm/2.csv", BRIDGE)
    deliver(hub, "crm/2b.csv", crm("4,2,U,Clara Whitfield,1991-07-12,212-555-0199,clara@white.test"))
    build(hub)
    rows = (
        "5,3,U,Dmitri Volkov,1965-11-30,212-555-0111,dv@volkov.test",
        "6,2,D,,,,",
        "8,1,I,Ines Duarte,1990-10-10,212-555-0166,ines@duarte.test",
    )
    deliver(hub, "crm/3.csv", crm(*rows))
    build(hub)
    return hub
