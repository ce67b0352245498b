"""What the hub answers, and what `partyhub` prints and returns: shapes, exit codes, messages without values."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.answers.status import read_status
from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.errors import GateError
from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import ask, build, copy_hub, decide, deliver, id_of
from partyhub_dagster_tests.people import crm, people_hub
from partyhub_dagster_tests.program import Program

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    hub = people_hub(tmp_path_factory.mktemp("people"))
    deliver(hub, "crm/1b.csv", crm("12:30,1,I,Ivor Colon,1944-04-04,,", ",1,I,No Key,1944-04-04,,"))
    decide_nothing = build(hub)
    assert decide_nothing.release is not None
    return hub


@pytest.fixture
def partyhub(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Program(monkeypatch, capsys).on(hub).run


def answer(run: Run, *words: str) -> Any:
    code, out, _ = run(*words, "--json")
    assert code == 0
    return json.loads(out)


def test_status_counts_what_is_released(partyhub: Run) -> None:
    status = answer(partyhub, "status")
    assert {key: status[key] for key in ("records", "quarantined", "parties", "release")} == {
        "records": 12, "quarantined": 1, "parties": 8, "release": 1,
    }  # fmt: skip
    assert status["checks"]["failed"] == len(status["failed_checks"])
    assert status["models"]["person"]["origin"] == "shipped"
    assert status["lineage_seq"] == 8
    assert partyhub("status")[0] == 0


def test_status_tells_what_the_stages_of_the_last_run_took_and_changed(partyhub: Run) -> None:
    run = answer(partyhub, "status")["last_run"]
    assert list(run["stages"])[:3] == ["raw/crm", "raw/web", "normalized_parties"]
    assert list(run["stages"])[-2:] == ["checks", "release"]
    changed = {stage: held["changed"] for stage, held in run["stages"].items()}
    assert (changed["raw/crm"], changed["normalized_parties"], changed["golden_parties"]) == (8, 12, 8)
    assert run["seconds"] == pytest.approx(sum(stage["seconds"] for stage in run["stages"].values()))
    assert "normalized_parties" in partyhub("status")[1]


def test_a_run_that_changes_nothing_notes_no_time_and_one_that_is_held_back_does(
    hub: Hub, tmp_path: Path
) -> None:
    copy = copy_hub(hub, tmp_path / "copy")
    build(copy)
    assert ask(copy, "select count(distinct run_id) from run_stages") == [(1,)]
    quality = copy.config.quality.model_copy(update={"min_completeness": {"email": 1.0}})
    strict = replace(copy, config=copy.config.model_copy(update={"quality": quality}))
    deliver(copy, "crm/2.csv", crm("9,1,I,Jonas Weber,1981-08-08,,"))
    for _ in range(2):
        with pytest.raises(GateError):
            build(strict)
    run = read_status(strict)["last_run"]
    assert "release" not in run["stages"]
    assert run["stages"]["normalized_parties"]["changed"] == 1
    assert ask(copy, "select count(distinct run_id) from run_stages") == [(2,)]


def test_status_tells_which_decisions_wait(
    hub: Hub, tmp_path: Path, partyhub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer(partyhub, "status")["decisions"]["decisions"] == 0
    copy = copy_hub(hub, tmp_path / "copy")
    decide(copy, "NOT_SAME", "crm:1", "crm:3")
    decide(copy, "SAME", "crm:1", "crm:nobody")
    monkeypatch.setenv("PARTYHUB_HOME", str(copy.place.home))
    told = answer(partyhub, "status")["decisions"]
    assert (told["standing"], told["new"], told["waiting"]) == (2, 2, 1)
    said = partyhub("status")[1]
    assert "2 not taken up yet" in said
    assert "1 for records that are not there" in said


@pytest.mark.parametrize("name", ["crm:2", "web:b", str(id_of("crm:1")), str(id_of("crm:2"))])
def test_show_finds_a_party_by_any_of_its_names(partyhub: Run, name: str) -> None:
    party = answer(partyhub, "show", name)
    assert party["party_id"] == str(id_of("crm:1"))
    assert party["party_type"] == "INDIVIDUAL"
    assert {(m["source"], m["source_record_id"]) for m in party["members"]} == {
        ("crm", "1"),
        ("crm", "2"),
        ("web", "b"),
    }
    assert party["values"]["birth_date"]["value"] == "1980-02-03"
    assert party["values"]["birth_date"]["rule"]


def test_show_takes_a_key_with_a_colon(partyhub: Run) -> None:
    assert answer(partyhub, "show", "crm:12:30")["members"][0]["source_record_id"] == "12:30"


@pytest.mark.parametrize("name", ["crm:nobody", "crm:", "nonsense", "other:1", str(uuid.UUID(int=7))])
def test_who_is_not_there_is_not_found(partyhub: Run, name: str) -> None:
    code, out, err = partyhub("show", name)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert "What to do: " in err


def test_explain_tells_a_link_from_none(partyhub: Run) -> None:
    linked, apart = (
        answer(partyhub, "explain", "crm:1", "crm:2"),
        answer(partyhub, "explain", "crm:1", "crm:3"),
    )
    assert linked["linked"]
    assert linked["same_party"]
    assert linked["blocking_rules"]
    assert linked["weight"] == pytest.approx(
        linked["prior"] + sum(c["weight"] for c in linked["comparisons"]), abs=0.01
    )
    assert not apart["linked"]
    assert not apart["same_party"]
    assert partyhub("explain", "crm:1", "crm:1")[0] == 1


def test_evaluate_counts_a_label_once_and_leaves_out_who_has_none(partyhub: Run, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    rows = ["crm,1,A", "crm,1,A", "crm,2,A", "crm,3,B", "web,a,C", "crm,4,", "web,c,", "crm,404,A"]
    truth.write_text("\n".join(["source,source_record_id,entity_id", *rows]) + "\n")
    figures = answer(partyhub, "evaluate", "--truth", str(truth))
    assert (figures["records"], figures["true_pairs"]) == (4, 1)
    assert figures["pairs"] == {"precision": 0.5, "recall": 1.0, "f1": 0.666667}
    assert figures["bcubed"]["precision"] == 0.75


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "source,source_record_id,entity_id\ncrm,1,A\ncrm,1,B\n"]
)
def test_a_truth_file_that_cannot_be_right_is_refused(partyhub: Run, tmp_path: Path, content: str) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text(content)
    code, _, err = partyhub("evaluate", "--truth", str(truth))
    assert code == 1
    assert "nothing was evaluated" in err


@pytest.mark.parametrize(
    "words",
    [["frobnicate"], ["status", "--nonsense"], ["show"], ["generate", "--out", "x", "--records", "1"]],
)
def test_a_wrong_call_ends_with_2(partyhub: Run, words: list[str]) -> None:
    code, _, err = partyhub(*words)
    assert code == 2
    assert "Unexpected" not in err


@pytest.mark.parametrize("command", [["status"], ["verify"], ["show", "crm:1"]])
def test_without_a_hub_the_answer_says_what_to_do(
    partyhub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("PARTYHUB_HOME", str(tmp_path / "none"))
    code, _, err = partyhub(*command)
    assert code == 1
    assert "partyhub build" in err
    assert not (tmp_path / "none").exists()


def test_verify_names_what_was_changed_behind_the_hubs_back(hub: Hub, tmp_path: Path) -> None:
    equal = verify_hub(hub)
    assert (equal["equal"], equal["parties"], equal["differences"]) == (True, 8, [])
    copy = copy_hub(hub, tmp_path / "copy")
    with copy.place.connect() as con:
        con.execute("delete from releases")
        con.execute(f"delete from golden_parties where party_id = '{id_of('crm:5')}'")
        con.execute(f"update match_edges set weight = weight + 1 where record_id = '{id_of('crm:1')}'")
    found = {d["table"]: (d["what"], d["rows"]) for d in verify_hub(copy)["differences"]}
    assert found["golden_parties"] == ("only in the rebuild", 1)
    assert found["match_edges"][0] == "values differ"


def test_a_delivery_of_rejected_rows_alone_fails_the_build_until_it_is_accepted(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partyhub: Run
) -> None:
    copy = copy_hub(hub, tmp_path / "copy")
    monkeypatch.setenv("PARTYHUB_CONFIG", str(copy.config.root / "hub.yaml"))
    monkeypatch.setenv("PARTYHUB_HOME", str(copy.place.home))
    deliver(copy, "crm/2.csv", crm(*(f"{n},x,I,Secret Person{n},1980-02-03,," for n in range(30))))
    code, out, err = partyhub("build")
    assert code == 1
    assert "quarantined_share" in err
    assert "Secret" not in out + err
    assert partyhub("release", "--accept", "quarantined_share")[0] == 2
    assert partyhub("release", "--accept", "quarantined_share", "--reason", "known")[0] == 0
    assert partyhub("build", "--quiet")[0] == 0


def test_an_error_of_a_library_is_told_by_its_place_only(
    partyhub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partyhub_dagster.answers import status

    def fails(*_: object) -> None:
        raise ValueError("Ann Miller")

    monkeypatch.setattr(status, "shown_release", fails)
    code, out, err = partyhub("status")
    assert code == 1
    assert "ValueError at answers" in err
    assert "Ann" not in out + err


def test_a_decision_shows_in_the_explanation_at_once(hub: Hub, tmp_path: Path) -> None:
    from partyhub_dagster.answers.pairs import explain_records

    copy = copy_hub(hub, tmp_path / "copy")
    decide(copy, "NOT_SAME", "crm:1", "crm:2")
    explained = explain_records(copy.place, copy.config, "crm:1", "crm:2")
    assert [d["verdict"] for d in explained["decisions"]] == ["NOT_SAME"]
    assert explained["same_party"]


def test_a_model_of_shipped_weights_was_trained_on_nothing(partyhub: Run) -> None:
    models = answer(partyhub, "model", "list")
    assert [(held["kind"], held["origin"], held["trained_records"]) for held in models] == [
        ("person", "shipped", None)
    ]
    assert answer(partyhub, "status")["models"]["person"]["trained_records"] is None


@pytest.mark.parametrize("version", ["", "  "])
def test_activating_a_model_without_its_version_is_refused(partyhub: Run, version: str) -> None:
    code, _, message = partyhub("model", "activate", version)
    assert code == 1
    assert "nothing was done" in message
