"""Reviewing merges in doubt: which are offered, in which order, and what an answer writes."""

import csv
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import (
    advance,
    ask,
    copy_hub,
    decide,
    deliver,
    open_hub,
    partition_of,
)
from partyhub_dagster_tests.people import crm
from partyhub_dagster_tests.program import Program

WHY = ("--reason", "read side by side", "--author", "steward")
EVERYTHING = "review: {person: {low: -20, high: 40}}\n"


@pytest.fixture
def hub(history_hub: Hub, tmp_path: Path) -> Hub:
    """All merges of the people are in doubt."""
    copy = copy_hub(history_hub, tmp_path / "copy")
    file = copy.config.root / "hub.yaml"
    file.write_text(file.read_text(encoding="utf-8") + EVERYTHING, encoding="utf-8")
    return open_hub(copy.config.root)


@pytest.fixture
def partyhub(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(monkeypatch, capsys).on(hub)


Typing = Callable[[str], str]


@pytest.fixture
def typing(partyhub: Program, monkeypatch: pytest.MonkeyPatch) -> Typing:
    def typed(keys: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(keys) + "\n"))
        return partyhub.say("review", *WHY)

    return typed


def sides(item: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    left, right = (frozenset(record["key"] for record in item[side]) for side in ("left", "right"))
    return left, right


def offered(partyhub: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = partyhub.answer("review")["items"]
    return found


def verdicts(hub: Hub) -> list[tuple[Any, ...]]:
    return ask(hub, "select verdict, author, reason from decisions order by sequence")


def test_every_merge_of_the_parties_is_offered_the_most_worthwhile_first(hub: Hub, partyhub: Program) -> None:
    items = offered(partyhub)
    made = [frozenset().union(*sides(item)) for item in items if item["now"] == "one party"]
    assert {party for party in partition_of(hub) if len(party) > 1} <= set(made)
    assert len(made) == sum(len(party) - 1 for party in partition_of(hub))
    values = [item["expected_value"] for item in items]
    assert values == sorted(values, reverse=True)
    for item in items:
        if item["now"] == "two parties":
            assert {*sides(item)} <= partition_of(hub)


def test_outside_of_the_band_nothing_is_offered_and_the_band_changes_no_state(
    history_hub: Hub, hub: Hub
) -> None:
    assert history_hub.config.fingerprint("hub") == hub.config.fingerprint("hub")
    program = hub.config.root / "hub.yaml"
    program.write_text(
        program.read_text(encoding="utf-8").replace(EVERYTHING, "review: {person: {low: 30, high: 40}}\n"),
        encoding="utf-8",
    )
    from partyhub_dagster.cli.reviewing import _offered

    assert _offered(open_hub(hub.config.root), 10) == ([], 0)


def test_a_rejected_merge_is_not_offered_again_whatever_happens_to_its_records(
    hub: Hub, partyhub: Program, typing: Typing
) -> None:
    said = typing("n")
    assert "splits off" in said or "confirmed" in said
    first = said.split("---")[1]
    assert "1 of" in first
    rejected = ask(hub, "select left_key, right_key from decisions where verdict = 'NOT_SAME'")
    assert rejected

    def assert_not_offered() -> None:
        for item in offered(partyhub):
            left, right = sides(item)
            for one, other in rejected:
                assert not (one in left and other in right)
                assert not (other in left and one in right)

    assert_not_offered()
    deliver(hub, "crm/9.csv", crm("1,9,U,Ann B. Miller,1980-02-03,212-555-0134,ann.miller@mail.test",
                                  "3,9,U,Robert A Stonebridge,1970-01-01,212-555-0177,bob@stone.test"))  # fmt: skip
    advance(hub, full=True)
    assert_not_offered()


def test_a_yes_confirms_a_merge_and_changes_no_party(hub: Hub, partyhub: Program, typing: Typing) -> None:
    items = offered(partyhub)
    made = next(n for n, item in enumerate(items) if item["now"] == "one party")
    said = typing("s" * made + "yq")
    assert "confirmed: nothing changes" in said
    assert {row[0] for row in verdicts(hub)} == {"SAME"}
    assert all(row[1:] == ("steward", "read side by side") for row in verdicts(hub))
    assert len(offered(partyhub)) < len(items)


def test_undo_takes_the_last_answer_back_and_asks_again(hub: Hub, partyhub: Program, typing: Typing) -> None:
    before = [item["item"] for item in offered(partyhub)]
    said = typing("nzq")
    assert "taken back: n" in said
    assert said.count("--- 1 of") == 2
    assert verdicts(hub)[-1][0] == "REVOKE"
    assert [item["item"] for item in offered(partyhub)] == before
    assert "nothing to undo" in typing("zq")


def test_what_somebody_was_unsure_about_comes_last(hub: Hub, partyhub: Program, typing: Typing) -> None:
    first = offered(partyhub)[0]["item"]
    typing("uq")
    assert [item["item"] for item in offered(partyhub)][-1] == first
    assert verdicts(hub) == []
    assert (hub.place.home / "review_unsure.json").stat().st_mode & 0o077 == 0


def test_answers_come_back_by_csv_and_those_of_yesterday_are_left_out(
    hub: Hub, partyhub: Program, tmp_path: Path
) -> None:
    file = tmp_path / "questions.csv"
    partyhub.say("review", "--out", str(file))
    assert file.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    assert not {"mean_weight", "probability", "weight"} & rows[0].keys()
    assert "Ann Miller" in {row["name (left)"] for row in rows} | {row["name (right)"] for row in rows}
    rows[0]["answer"], rows[0]["reason"] = "n", "spoke to both"
    rows[1]["answer"] = "U"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert "needs its author and its reason" in partyhub.refusal("review", "--answers", str(file))
    told = partyhub.answer("review", "--answers", str(file), *WHY)
    assert told["written"]
    assert {row[2] for row in verdicts(hub)} == {"spoke to both"}
    code, _, err = partyhub.run("review", "--answers", str(file), *WHY)
    assert code == 0
    assert re.search(r"\d answers are left out.*\(lines 2", err)
    assert len(verdicts(hub)) == len(told["decisions"])


def test_a_file_with_mistakes_is_refused_by_line_and_without_values(
    hub: Hub, partyhub: Program, tmp_path: Path
) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("item,answer,reason\nAnn Miller,y,x\n,maybe,x\n,,\n", encoding="utf-8")
    refused = partyhub.refusal("review", "--answers", str(file), *WHY)
    assert "line 2: item is no id; line 3: answer is none of y, n, u" in refused
    assert "Ann" not in refused
    assert verdicts(hub) == []


def test_a_decision_that_waits_for_the_next_build_counts(hub: Hub, partyhub: Program) -> None:
    item = next(item for item in offered(partyhub) if item["now"] == "one party")
    left, right = (min(side) for side in sides(item))
    revoked = decide(hub, "NOT_SAME", left, right)
    assert item["item"] not in {held["item"] for held in offered(partyhub)}
    decide(hub, "REVOKE", revokes=revoked)
    assert item["item"] in {held["item"] for held in offered(partyhub)}
