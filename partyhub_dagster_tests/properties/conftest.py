"""The small hub that tests of the laws start from: built once, copied for each test."""

from pathlib import Path

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import build, copy_hub, partition_of
from partyhub_dagster_tests.people import PARTIES, people_hub


@pytest.fixture(scope="session")
def built_people(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """A released hub of the people; not to be changed."""
    hub = people_hub(tmp_path_factory.mktemp("people"))
    build(hub)
    assert partition_of(hub) == PARTIES
    return hub


@pytest.fixture
def hub(built_people: Hub, tmp_path: Path) -> Hub:
    """A released hub of the people that the test may change."""
    return copy_hub(built_people, tmp_path / "copy")
