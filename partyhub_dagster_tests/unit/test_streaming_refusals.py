"""What a run that takes events refuses before it has changed anything; no broker is asked."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from partyhub_dagster.config.streaming import Streaming
from partyhub_dagster.errors import ConfigError, LakeError, StreamError
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.streaming.confirming import confirm_release
from partyhub_dagster.streaming.report import StreamReport
from partyhub_dagster.streaming.restarting import restart_topic
from partyhub_dagster.streaming.run import drain, run_batches
from partyhub_dagster_tests.factories import ask, copy_hub


@pytest.fixture
def hub(history_hub: Hub, tmp_path: Path) -> Hub:
    """A hub with records of two sources that takes events; nobody listens where its broker should be."""
    made = copy_hub(history_hub, tmp_path / "hub")
    streaming = Streaming(bootstrap_servers="127.0.0.1:1")
    return replace(made, config=made.config.model_copy(update={"streaming": streaming}))


@pytest.mark.parametrize("take", [lambda run: run_batches(run, []), drain])
def test_a_source_that_hub_yaml_no_longer_names_stops_the_run_and_its_records_stay(
    hub: Hub, take: Callable[[Run], StreamReport]
) -> None:
    sources = {name: source for name, source in hub.config.sources.items() if name != "web"}
    without = replace(hub, config=hub.config.model_copy(update={"sources": sources}))
    before = ask(hub, "select count(*) from normalized_parties")
    with without.run() as run, pytest.raises(ConfigError, match="does not name: web"):
        take(run)
    assert ask(hub, "select count(*) from normalized_parties") == before


def test_confirming_where_there_is_no_hub_says_so_and_makes_none(hub: Hub, tmp_path: Path) -> None:
    nowhere = replace(hub, place=replace(hub.place, home=tmp_path / "nowhere"))
    with pytest.raises(LakeError, match="There is no hub"):
        confirm_release(nowhere)
    assert not nowhere.place.catalog.exists()


@pytest.mark.parametrize("said", [("ann", " "), ("", "new cluster")])
def test_a_topic_is_restarted_only_by_somebody_who_says_why(hub: Hub, said: tuple[str, str]) -> None:
    with hub.run() as run, pytest.raises(StreamError, match="an author and a reason are required"):
        restart_topic(run, "party.events.raw", *said)
