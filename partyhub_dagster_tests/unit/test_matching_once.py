"""A run that trains has made keys and scored pairs: what follows takes them, of this model and these records only."""

from pathlib import Path

import pytest

from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.matching import stage, train
from partyhub_dagster_tests.factories import deliver
from partyhub_dagster_tests.laws import law_4_equals_rebuild
from partyhub_dagster_tests.people import crm, people_hub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return a hub whose few people are enough to count, so that its model is frozen on them."""
    monkeypatch.setattr(train, "ENOUGH_TO_COUNT", 1)
    return people_hub(tmp_path)


def normalize(run: Run) -> None:
    """Bring the records up to what was delivered."""
    for source in run.config.sources:
        run.load(source)
    run.normalize()


def match(run: Run) -> None:
    """Bring pairs and what follows up to the records."""
    run.block("person")
    run.score("person")
    run.cluster()
    run.master()


def test_keys_are_made_and_pairs_scored_once_in_a_run_that_trains(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub.run() as run:
        normalize(run)
        run.ensure_model("person")
        with monkeypatch.context() as patch:
            patch.delattr(stage, "create_blocking_keys")
            patch.delattr(stage, "create_edges")
            match(run)
    law_4_equals_rebuild(hub)


def test_records_that_came_after_training_are_scored_too(hub: Hub) -> None:
    with hub.run() as run:
        normalize(run)
        run.ensure_model("person")
        deliver(hub, "crm/2.csv", crm("8,1,I,Esther Okafor,1988-05-05,212-555-0122,esther@okafor.test"))
        normalize(run)
        match(run)
    law_4_equals_rebuild(hub)
