"""A delivery that breaks its contract is refused whole, told in counts, and let through only if a person says so."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.answers.status import read_status
from partyhub_dagster.config.load import parse_config
from partyhub_dagster.errors import ConfigError, NotFoundError
from partyhub_dagster.hub import Hub
from partyhub_dagster.sources.accepting import accept_delivery
from partyhub_dagster.sources.contract import Overdue, overdue_sources
from partyhub_dagster_tests.factories import ask, deliver, make_hub

YAML = """
version: 1
name: people
sources:
  crm:
    path: inbox/crm/*.csv
    key: ID
    kind: person
    columns: {NAME: person_name, BORN: date_of_birth}
    contract: CONTRACT
"""
ROWS = [f"{n},Ada Lovelace,18{n},{n * 10}.5,yes,A{n}" for n in range(10, 30)]
HEADER = "ID,NAME,BORN,AMOUNT,ACTIVE,CODE"


def hub_with(folder: Path, contract: str) -> Hub:
    return make_hub(folder, YAML.replace("CONTRACT", contract))


def load(hub: Hub, text: str, name: str = "crm/1.csv") -> tuple[int, str | None]:
    """Deliver and load; return how many versions are held, and why the file was refused."""
    deliver(hub, name, text)
    with hub.run() as run:
        run.load("crm")
    ((held,),) = ask(hub, "select count(*) from source_party_history")
    ((status, error),) = ask(hub, "select status, error from load_audit order by load_order desc limit 1")
    assert status == ("loaded" if error is None else "refused")
    return held, error


def text(rows: list[str], header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


BROKEN: list[tuple[str, str, str]] = [
    ("{columns: {PHONE: {}}}", text(ROWS), "PHONE: the file lacks this column"),
    ("{extra_columns: false, columns: {CODE: {}}}", text(ROWS), "AMOUNT: no such column is expected"),
    ("{columns: {AMOUNT: {type: integer}}}", text(ROWS), "AMOUNT: not of type integer (20 of 20)"),
    ("{columns: {NAME: {type: number}}}", text(ROWS), "NAME: not of type number (20 of 20)"),
    ("{columns: {CODE: {type: date}}}", text(ROWS), "CODE: not of type date (20 of 20)"),
    ("{columns: {CODE: {type: timestamp}}}", text(ROWS), "CODE: not of type timestamp (20 of 20)"),
    ("{columns: {CODE: {type: boolean}}}", text(ROWS), "CODE: not of type boolean (20 of 20)"),
    ("{columns: {AMOUNT: {type: number, min: 150}}}", text(ROWS), "AMOUNT: below the range (5 of 20)"),
    ("{columns: {AMOUNT: {type: number, max: 250}}}", text(ROWS), "AMOUNT: above the range (5 of 20)"),
    (
        "{columns: {BORN: {type: date, min: 1815-01-01}}}",
        text(["1,Ada,1812-12-10,1,yes,A", "2,Bob,1815-12-10,1,yes,A"]),
        "BORN: below the range (1 of 2)",
    ),
    ("{columns: {CODE: {values: [A10, A11]}}}", text(ROWS), "CODE: not among the allowed values (18 of 20)"),
    ("{columns: {CODE: {pattern: 'A1[0-9]'}}}", text(ROWS), "CODE: not as the pattern (10 of 20)"),
    ("{columns: {NAME: {max_null_share: 0.1}}}", text([*ROWS[:4], "99,,,,,"]), "NAME: no value (1 of 5)"),
    ("{min_rows: 21}", text(ROWS), "rows: too few (20 of 21)"),
    ("{max_rows: 19}", text(ROWS), "rows: too many (20 of 19)"),
]


@pytest.mark.parametrize(("contract", "content", "told"), BROKEN, ids=[told for _, _, told in BROKEN])
def test_a_broken_promise_refuses_the_whole_file_and_says_which_in_counts(
    tmp_path: Path, contract: str, content: str, told: str
) -> None:
    held, error = load(hub_with(tmp_path, contract), content)
    assert held == 0
    assert error is not None
    assert told in error


KEPT = [
    "{columns: {ID: {type: integer, min: 10, max: 29}, AMOUNT: {type: number}, ACTIVE: {type: boolean}}}",
    "{columns: {CODE: {pattern: 'A[0-9]+', max_null_share: 0}, PHONE: {required: false, type: integer}}}",
    "{columns: {CODE: {values: [A10], max_broken_share: 0.95}}, min_rows: 20, max_rows: 20, max_row_change: 0}",
    "{extra_columns: false, columns: {AMOUNT: {}, ACTIVE: {}, CODE: {}}, max_age_hours: 24}",
    "{columns: {CODE: {pattern: '.*value.*', max_broken_share: 1}}}",
]


@pytest.mark.parametrize("contract", KEPT)
def test_a_delivery_that_keeps_its_contract_is_loaded(tmp_path: Path, contract: str) -> None:
    assert load(hub_with(tmp_path, contract), text(ROWS)) == (20, None)


def test_a_delivery_far_from_the_usual_size_is_refused(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{max_row_change: 0.5}")
    assert load(hub, text(ROWS)) == (20, None)
    held, error = load(hub, text(ROWS[:9]), "crm/2.csv")
    assert held == 20
    assert error is not None
    assert "too far from what is usual (9 of 20)" in error


def test_an_old_file_is_refused_and_a_source_that_went_quiet_is_overdue(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{max_age_hours: 24}")
    old = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    os.utime(deliver(hub, "crm/1.csv", text(ROWS)), (old, old))
    with hub.run() as run:
        run.load("crm")
    ((status, error),) = ask(hub, "select status, error from load_audit")
    assert (status, "older than 24 hours" in error) == ("refused", True)
    assert read_status(hub)["overdue"] == [{"source": "crm", "hours": None, "max_age_hours": 24.0}]


def overdue_in(hub: Hub, hours: float) -> list[Overdue]:
    with hub.place.connect(read_only=True) as con:
        return overdue_sources(con, hub.config, datetime.now(UTC) + timedelta(hours=hours))


def test_a_source_is_overdue_when_its_newest_file_has_grown_old(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{max_age_hours: 24}")
    load(hub, text(ROWS))
    assert overdue_in(hub, 23) == []
    assert overdue_in(hub, 48) == [Overdue("crm", 48.0, 24.0)]


def test_event_times_tell_how_fresh_a_delivery_is_whatever_the_file_says(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{max_age_hours: 24}\n    event_time: {column: AT, type: timestamp}")
    now = datetime.now(UTC)
    held, error = load(hub, f"ID,NAME,AT\n1,Ada,{now - timedelta(hours=30):%Y-%m-%d %H:%M:%S}\n")
    assert (held, error is not None and "older than 24 hours" in error) == (0, True)
    held, error = load(hub, f"ID,NAME,AT\n1,Ada,{now - timedelta(hours=10):%Y-%m-%d %H:%M:%S}\n")
    assert (held, error) == (1, None)
    assert overdue_in(hub, 13) == []
    assert overdue_in(hub, 15) == [Overdue("crm", 25.0, 24.0)]


def test_a_bound_of_times_holds_for_the_whole_day(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{columns: {AT: {type: timestamp, max: 2020-12-31}}}")
    held, error = load(hub, "ID,NAME,AT\n1,Ada,2020-12-31T23:00:00\n2,Bob,2021-01-01 00:00:00\n")
    assert (held, error is not None and "AT: above the range (1 of 2)" in error) == (0, True)


def test_a_report_holds_no_value_and_a_refused_row_is_not_in_quarantine(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{columns: {CODE: {type: integer}}}")
    _, error = load(hub, text([*ROWS, ",Nobody,1900,1,yes,A1"]))
    assert error is not None
    assert not {word for word in ("Lovelace", "A10", "Nobody") if word in error}
    assert ask(hub, "select count(*) from quarantine") == [(0,)]


def test_trying_a_refused_file_again_writes_nothing(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{columns: {CODE: {type: integer}}}")
    load(hub, text(ROWS))
    before = ask(hub, "select epoch from hub_epoch")
    with hub.run() as run:
        assert run.load("crm").failed == 1
    assert ask(hub, "select epoch from hub_epoch") == before


def accept(hub: Hub, file: str) -> Any:
    with hub.run() as run:
        accept_delivery(run.session, run.config, file, "jo", "known")
        return run.load("crm")


def test_an_accepted_file_is_loaded_for_its_content_only(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{columns: {CODE: {type: integer}}}")
    load(hub, text(ROWS))
    assert accept(hub, "inbox/crm/1.csv").stored == 20
    assert ask(hub, "select author, reason from delivery_acceptances") == [("jo", "known")]
    assert load(hub, text([*ROWS, "99,Bob,1900,1,yes,A1"]))[1] is not None


def test_only_a_file_that_was_refused_can_be_let_through(tmp_path: Path) -> None:
    hub = hub_with(tmp_path, "{columns: {CODE: {type: integer}}}")
    load(hub, text(ROWS))
    with pytest.raises(NotFoundError, match="nothing was accepted"):
        accept(hub, "inbox/crm/2.csv")


def test_a_contract_that_cannot_be_meant_is_a_mistake(tmp_path: Path) -> None:
    for contract, told in (
        ("{columns: {CODE: {min: 3}}}", "does not fit type text"),
        ("{columns: {CODE: {type: date, min: 3}}}", "does not fit type date"),
        ("{columns: {CODE: {pattern: '('}}}", "no regular expression"),
        ("{column: {}}", "no key of this section"),
    ):
        with pytest.raises(ConfigError, match=told):
            parse_config(YAML.replace("CONTRACT", contract), tmp_path / "hub.yaml")
