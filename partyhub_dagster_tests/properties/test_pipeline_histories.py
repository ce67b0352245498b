"""The whole pipeline, batch by batch, holds what an oracle of sets and dictionaries says."""

import random
from pathlib import Path

import pytest

from partyhub_dagster_tests.pipeline.contents import draw_families
from partyhub_dagster_tests.pipeline.history import History
from partyhub_dagster_tests.pipeline.laboratory import Laboratory, prepare


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """Three families, weighed once for all histories."""
    families = draw_families(random.Random(1), people=2, companies=2, each=6)  # noqa: S311 - repeatable
    return prepare(tmp_path_factory.mktemp("laboratory"), families)


def test_a_history_of_the_whole_pipeline_holds_what_the_oracle_says(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    history = History.begin(laboratory, tmp_path / "hub", "first")
    history.go(batches=2, first=10)
    assert history.covered["batches"] == 2
