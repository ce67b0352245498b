"""What every test gets: a Hypothesis profile, and no hub or Dagster instance of the person who runs it."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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


@pytest.fixture(autouse=True)
def _no_hub_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from the hub, the configuration and the Dagster instance of whoever runs them."""
    monkeypatch.delenv("PARTYHUB_CONFIG", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("PARTYHUB_HOME", str(tmp_path / "no-hub-was-asked-for"))
