"""A refused file holds back the release and nothing else, until it is mended, taken away or accepted; by commands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.quality import latest_results, objections_in
from partyhub_dagster_tests.factories import PEOPLE_YAML, ask, build, copy_hub, deliver, make_hub
from partyhub_dagster_tests.people import FIRST_CRM, FIRST_WEB, crm, web
from partyhub_dagster_tests.program import Program

Run = Callable[..., tuple[int, str, str]]
YAML = PEOPLE_YAML.replace(
    "  web:\n", "    contract: {columns: {BORN: {type: date}}, max_age_hours: 1000}\n  web:\n", 1
)
BAD_ROW = "8,1,I,Hilda Quist,not known,212-555-0199,hilda@quist.test"
GOOD_ROW = BAD_ROW.replace("not known", "1944-04-04")
WAITING = "inbox/crm/2.csv"


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Return a released hub that then got a refused file of the CRM and a good one of the web."""
    hub = make_hub(tmp_path_factory.mktemp("refused"), YAML)
    deliver(hub, "crm/1.csv", crm(*FIRST_CRM))
    deliver(hub, "web/1.jsonl", web(*FIRST_WEB[:3]))
    build(hub)
    deliver(hub, "crm/2.csv", crm(BAD_ROW))
    deliver(hub, "web/2.jsonl", web(FIRST_WEB[3]))
    with pytest.raises(Exception, match="every_delivery_loaded failed"):
        build(hub)
    return hub


@pytest.fixture
def hub(refused: Hub, tmp_path: Path) -> Hub:
    return copy_hub(refused, tmp_path / "hub")


def command_of(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Program(monkeypatch, capsys).on(hub).run


@pytest.fixture
def partyhub(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return the program on a copy that the test may change."""
    return command_of(hub, monkeypatch, capsys)


@pytest.fixture
def asking(refused: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return the program on the hub itself, for commands that only ask."""
    return command_of(refused, monkeypatch, capsys)


def answer(run: Run, *words: str) -> Any:
    code, out, _ = run(*words, "--json")
    assert code == 0
    return json.loads(out)


def objections(hub: Hub) -> list[str]:
    with hub.place.connect(read_only=True) as con:
        results = latest_results(Session(hub.place, con, "test"), hub.config)
        return [found.rule.name for found in objections_in(results, hub.config)]


def releases(hub: Hub) -> int:
    return int(ask(hub, "select count(*) from releases")[0][0])


def test_the_build_goes_on_with_the_other_files_but_does_not_release(refused: Hub, asking: Run) -> None:
    assert ask(refused, "select count(*) from golden_parties where name = 'Gwen Ashdown'") == [(1,)]
    assert ask(refused, "select count(*) from source_parties where source_record_id = '8'") == [(0,)]
    assert objections(refused) == ["every_delivery_loaded"]
    assert releases(refused) == 1
    code, _, err = asking("build", "--quiet")
    assert code == 1
    assert WAITING in err
    assert "BORN: not of type date (1 of 1)" in err
    assert "not known" not in err


def test_a_good_file_in_its_place_settles_it(hub: Hub) -> None:
    deliver(hub, "crm/2.csv", crm(GOOD_ROW))
    assert build(hub).release is not None
    assert (objections(hub), releases(hub)) == ([], 2)


def test_taking_the_file_away_settles_it(hub: Hub) -> None:
    (hub.config.root / WAITING).unlink()
    build(hub)
    assert (objections(hub), releases(hub)) == ([], 2)


def test_letting_the_file_through_settles_it(hub: Hub, partyhub: Run) -> None:
    code, out, _ = partyhub("load", "--accept", WAITING, "--reason", "known to the desk")
    assert (code, "Not loaded" in out) == (0, False)
    assert ask(hub, "select file, reason from delivery_acceptances") == [(WAITING, "known to the desk")]
    assert partyhub("build", "--quiet")[0] == 0
    assert (objections(hub), releases(hub)) == ([], 2)
    assert ask(hub, "select count(*) from golden_parties where name = 'Hilda Quist'") == [(1,)]


def test_load_says_what_waits_and_ends_with_1(asking: Run) -> None:
    code, out, _ = asking("load")
    assert code == 1
    assert f"Not loaded: {WAITING} of source crm: The delivery breaks its contract" in out
    code, out, _ = asking("load", "--json")
    assert (code, json.loads(out)["crm"]["failed"]) == (1, 1)


def test_an_acceptance_needs_a_reason(asking: Run) -> None:
    assert asking("load", "--accept", WAITING)[0] == 2
    assert asking("load", "--accept", WAITING, "--reason", " ")[0] == 2


def test_status_says_what_it_means_and_what_to_do(asking: Run) -> None:
    code, out, _ = asking("status")
    assert code == 0
    assert "every_delivery_loaded (blocks): A file could not be loaded or breaks its contract." in out
    assert f"refused: {WAITING} of source crm" in out
    assert f"partyhub load --accept {WAITING} --reason TEXT" in out
    status = answer(asking, "status")
    assert [(f["file"], f["status"]) for f in status["failed_loads"]] == [(WAITING, "refused")]
    assert status["overdue"] == []


def test_checks_lists_every_check_with_counts_and_no_value(asking: Run) -> None:
    code, out, _ = asking("checks")
    assert code == 0
    found = answer(asking, "checks")
    assert {check["rule"] for check in found} == {line.split(" ")[0].strip(":") for line in out.splitlines()
                                                  if line and not line.startswith(" ")}  # fmt: skip
    assert len(found) > 40
    assert not {word for word in ("Stonebridge", "555-0177", "1970-01-01") if word in out + json.dumps(found)}


def test_checks_that_failed_are_told_with_meaning_and_next_step(asking: Run) -> None:
    found = answer(asking, "checks", "--failed")
    assert found
    assert all(not check["passed"] and check["meaning"] and check["next_step"] for check in found)
    assert "every_delivery_loaded" in {check["rule"] for check in found}
    assert asking("checks", "loads_reconcile", "--failed")[1].strip() == "Every check holds."


def test_one_check_says_what_it_claims_and_where_it_fails(asking: Run) -> None:
    (check,) = answer(asking, "checks", "every_delivery_loaded")
    assert (check["rows_failed"], check["rows_checked"], check["severity"]) == (1, 4, "block")
    out = asking("checks", "every_delivery_loaded")[1]
    assert "accept it by: partyhub release --accept every_delivery_loaded --reason TEXT" in out
    assert "Of every load, rows in" in asking("checks", "loads_reconcile")[1]


@pytest.mark.parametrize("more", [(), ("--failed",)])
def test_a_check_that_there_is_not_is_an_error(asking: Run, more: tuple[str, ...]) -> None:
    code, out, err = asking("checks", "nonsense", *more)
    assert (code, out) == (1, "")
    assert "No check of that name" in err
