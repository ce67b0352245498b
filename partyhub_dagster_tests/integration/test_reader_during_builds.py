"""A reader beside builds that run and are killed sees releases whole, each the same for ever."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster_tests.factories import build
from partyhub_dagster_tests.people import people_hub

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "reader_during_builds.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reader_during_builds", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_reader_beside_builds_and_kills_sees_no_half_state(benchmark: ModuleType, tmp_path: Path) -> None:
    seen = benchmark.run(tmp_path, builds=2, records=100, seed=3, upkeep_every=2)
    assert seen["wrong"] == []
    assert seen["equals_rebuild"]
    assert seen["looks"] > 2


def test_a_release_that_is_half_a_state_is_found(benchmark: ModuleType, tmp_path: Path) -> None:
    hub: Hub = people_hub(tmp_path / "people")
    build(hub)
    assert benchmark.look(hub.place, {}) == []
    with hub.place.connect() as con, write_transaction(Session(hub.place, con, "test")):
        con.execute("delete from golden_parties where party_id = (select min(party_id) from golden_parties)")
        con.execute("update releases set snapshot = (select id + 1 from lake.current_snapshot())")
    found = benchmark.look(hub.place, {})
    assert any("parties without golden record" in text for text in found)
    assert any("was released with" in text for text in found)
