"""Bad deliveries stop at the guard and can be taken back or accepted; good ones pass. Generated data, real builds."""

from pathlib import Path

import pytest

from partyhub_dagster.errors import GateError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.quality import RuleResult, accept, latest_results
from partyhub_dagster_tests import impact_world
from partyhub_dagster_tests.factories import ask, build, copy_hub, deliver

pytestmark = pytest.mark.slow

RECORDS = 1_000
STOPPED_BY = {
    "nulls": {"columns_emptied", "golden_values_changed"},
    "shifted columns": {"columns_shifted", "golden_values_changed"},
    "one phone everywhere": {"one_value_everywhere"},
    "re-keyed source": {"keys_reused", "golden_values_changed"},
    "half the file as a snapshot": {"rows_collapsed"},
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Return a hub with one release; tests change copies of it."""
    hub = impact_world.first_hub(tmp_path_factory.mktemp("impact") / "hub", RECORDS)
    build(hub)
    return hub


@pytest.fixture(scope="module")
def rekeyed(first: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Return a hub that holds back a re-keyed source; tests change copies of it."""
    hub = impact_world.rekeyed(copy_hub(first, tmp_path_factory.mktemp("rekeyed") / "hub"))
    with pytest.raises(GateError):
        build(hub)
    return hub


def failed(hub: Hub) -> dict[str, RuleResult]:
    """Return the blocking rules that do not hold."""
    with hub.place.connect(read_only=True) as con:
        results = latest_results(Session(hub.place, con, "test"), hub.config)
    return {r.rule: r for r in results if r.severity == "block" and not r.passed}


def release_number(hub: Hub) -> int:
    ((number,),) = ask(hub, "select max(number) from releases")
    return int(number)


@pytest.mark.parametrize("name", sorted(STOPPED_BY.keys() - {"re-keyed source"}))
def test_a_bad_delivery_is_not_released(first: Hub, tmp_path: Path, name: str) -> None:
    hub = impact_world.BAD[name](copy_hub(first, tmp_path / "hub"))
    with pytest.raises(GateError, match="stand against a release"):
        build(hub)
    assert release_number(hub) == 1
    assert set(failed(hub)) >= STOPPED_BY[name]


def test_a_re_keyed_source_is_not_released(rekeyed: Hub) -> None:
    assert release_number(rekeyed) == 1
    assert set(failed(rekeyed)) >= STOPPED_BY["re-keyed source"]


@pytest.mark.parametrize("name", impact_world.GOOD)
def test_a_good_delivery_is_released(first: Hub, tmp_path: Path, name: str) -> None:
    hub = impact_world.GOOD[name](copy_hub(first, tmp_path / "hub"))
    build(hub)
    assert release_number(hub) == 2


def test_what_would_change_is_told_by_part_with_counts_and_ids(rekeyed: Hub) -> None:
    found = failed(rekeyed)
    (part,) = found["keys_reused"].parts
    assert part.part == "crm"
    assert part.rows_failed > 0.9 * part.rows_checked
    assert found["keys_reused"].sample
    assert {p.part for p in found["golden_values_changed"].parts} >= {"name", "birth_date", "email"}


def test_the_good_version_takes_a_bad_delivery_back(rekeyed: Hub, tmp_path: Path) -> None:
    hub = copy_hub(rekeyed, tmp_path / "hub")
    good = impact_world.rows_of_crm(hub.config.root / "inbox" / "crm" / "000.csv")
    deliver(hub, "crm/001.csv", impact_world.as_csv([{**row, "REV_NO": "900"} for row in good]))
    assert build(hub).release is not None
    assert release_number(hub) == 2
    assert failed(hub) == {}


def test_an_accepted_impact_is_released_and_the_next_build_is_compared_with_it(
    rekeyed: Hub, tmp_path: Path
) -> None:
    hub = copy_hub(rekeyed, tmp_path / "hub")
    with hub.run() as run:
        for rule in failed(hub):
            accept(run.session, run.config, rule, "jo", "the CRM was migrated")
        assert run.release() is not None
    rows = impact_world.rows_of_crm(hub.config.root / "inbox" / "crm" / "001.csv")
    deliver(
        hub,
        "crm/002.csv",
        impact_world.as_csv([{**row, "REV_NO": "901", "CITY_NM": "Boston"} for row in rows[:5]]),
    )
    build(hub)
    assert release_number(hub) == 3


def test_a_full_check_of_a_released_state_says_the_same_again(first: Hub, tmp_path: Path) -> None:
    hub = impact_world.corrections(copy_hub(first, tmp_path / "hub"))
    build(hub)
    evaluations = "select count(*) from dq_results"
    before = ask(hub, evaluations)
    build(hub, full=True)
    assert ask(hub, evaluations) == before
