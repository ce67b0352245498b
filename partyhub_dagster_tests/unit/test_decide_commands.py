"""Deciding from the command line: what is written, shown before, refused, listed, taken out and in again."""

import csv
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import (
    advance,
    ask,
    build,
    copy_hub,
    id_of,
    make_hub,
    partition_of,
    party_of,
)
from partyhub_dagster_tests.people import people_hub
from partyhub_dagster_tests.program import Program

WHY = ("--reason", "seen on the phone", "--author", "steward")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    hub = people_hub(tmp_path_factory.mktemp("people"))
    build(hub)
    return hub


@pytest.fixture
def hub(built: Hub, tmp_path: Path) -> Hub:
    return copy_hub(built, tmp_path / "copy")


@pytest.fixture
def partyhub(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(monkeypatch, capsys).on(hub)


def ledger(hub: Hub) -> list[tuple[Any, ...]]:
    return ask(
        hub, "select sequence, verdict, left_key, right_key, author, reason from decisions order by sequence"
    )


def test_a_preview_tells_what_the_next_build_does_and_writes_nothing(hub: Hub, partyhub: Program) -> None:
    told = partyhub.answer("decide", "same", "crm:5", "crm:6", *WHY, "--preview")
    assert not told["written"]
    assert ledger(hub) == []
    partyhub.say("decide", "same", "crm:5", "crm:6", *WHY)
    assert ledger(hub) == [(1, "SAME", "crm:5", "crm:6", "steward", "seen on the phone")]
    before = golden(hub)
    advance(hub)
    events = {(e["event"], e["party_id"], e["other_id"]) for e in told["preview"]["parties"]}
    assert events == {
        (event, str(party), None if other is None else str(other))
        for event, party, other in ask(
            hub, "select event, party_id, other_id from party_lineage where cause = 'decision'"
        )
    }
    assert {(v["party_id"], v["attribute"]) for v in told["preview"]["values"]} >= {
        (str(party_of(hub, "crm:5")), "name"),
        (str(party_of(hub, "crm:5")), "phone"),
    }
    for value in told["preview"]["values"]:
        assert value["after"] == golden(hub)[value["party_id"]][value["attribute"]]
        assert value["before"] == {party: before[party][value["attribute"]] for party in value["before"]}


def golden(hub: Hub) -> dict[str, dict[str, Any]]:
    names = list(hub.config.attributes)
    rows = ask(hub, f"select party_id::varchar, {', '.join(names)} from golden_parties")
    return {row[0]: {n: _plain(v) for n, v in zip(names, row[1:], strict=True)} for row in rows}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (list, str)) else str(value)


def test_a_split_holds_each_side_together_and_undoing_its_group_restores_the_party(
    hub: Hub, partyhub: Program
) -> None:
    old = party_of(hub, "crm:1")
    told = partyhub.answer("decide", "split", "crm:1", "crm:2", *WHY)
    assert [row[1:4] for row in ledger(hub)] == [
        ("NOT_SAME", "crm:2", "crm:1"),
        ("NOT_SAME", "crm:2", "web:b"),
        ("SAME", "crm:1", "web:b"),
    ]
    advance(hub)
    assert {frozenset({"crm:2"}), frozenset({"crm:1", "web:b"})} <= partition_of(hub)
    (group,) = told["groups"]
    back = partyhub.answer("decide", "revoke", "--group", group, *WHY)["preview"]["parties"]
    assert {(e["event"], e["party_id"]) for e in back} == {
        ("MERGED", str(id_of("crm:2"))),
        ("MEMBERS_CHANGED", str(old)),
    }
    advance(hub)
    assert party_of(hub, "crm:2") == old
    assert "revoked already" in partyhub.refusal("decide", "revoke", "--group", group, *WHY)


def test_a_split_as_of_a_release_gives_the_parties_of_that_release(hub: Hub, partyhub: Program) -> None:
    was = partition_of(hub)
    partyhub.say("decide", "same", str(id_of("crm:1")), str(id_of("crm:3")), *WHY)
    advance(hub)
    assert frozenset({"crm:1", "crm:2", "web:b", "crm:3", "web:a"}) in partition_of(hub)
    assert "nothing to split" in partyhub.refusal("decide", "split", "crm:5", "--as-of", "1", *WHY)
    partyhub.say("decide", "split", "crm:3", "--as-of", "1", *WHY)
    advance(hub)
    assert partition_of(hub) == was


def test_the_newer_decision_holds_and_the_preview_names_the_one_that_it_overrules(
    hub: Hub, partyhub: Program
) -> None:
    (first,) = partyhub.answer("decide", "same", "crm:5", "crm:6", *WHY)["decisions"]
    told = partyhub.answer("decide", "not-same", "crm:6", "crm:5", *WHY, "--group", "audit")
    assert [(o["decision_id"], o["by"]) for o in told["preview"]["overruled"]] == [
        (first, told["decisions"][0])
    ]
    advance(hub)
    (shown,) = partyhub.answer("decide", "list", "--conflicts")
    assert (shown["decision_id"], shown["conflicts"]) == (first, [f"NOT_SAME {told['decisions'][0]}"])
    undone = partyhub.answer("decide", "revoke", "--group", "audit", *WHY)["preview"]
    assert [found["decision_id"] for found in undone["restored"]] == [first]
    advance(hub)
    assert party_of(hub, "crm:5") == party_of(hub, "crm:6")
    assert partyhub.answer("decide", "list", "--conflicts") == []


def test_a_pin_is_read_as_its_type_is_and_ends_by_revocation_alone(hub: Hub, partyhub: Program) -> None:
    party = str(party_of(hub, "crm:3"))
    partyhub.say("decide", "pin", party, "birth_date", "2/1/1971", *WHY)
    newer = partyhub.answer("decide", "pin", "web:a", "birth_date", "1972-01-01", *WHY)
    assert newer["preview"]["overruled"][0]["because"] == "PIN"
    assert newer["preview"]["values"] == [
        {"party_id": party, "attribute": "birth_date", "before": {party: "1971-02-01"}, "after": "1972-01-01"}
    ]
    advance(hub)
    assert golden(hub)[party]["birth_date"] == "1972-01-01"
    partyhub.say("decide", "revoke", newer["decisions"][0][:12], *WHY)
    partyhub.say("decide", "pin", "crm:3", "email", "--blank", *WHY)
    advance(hub)
    assert golden(hub)[party]["birth_date"] == "1971-02-01"
    assert golden(hub)[party]["email"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["same", "crm:5", "crm:6"], "needs its author and its reason"),
        (["same", "crm:5", "crm:6", "--reason", " "], "needs its author and its reason"),
        (["same", "crm:5", "crm:6", "--reason", "x", "--author", ""], "needs its author and its reason"),
        (["same", "crm:5", "erp:6", *WHY], "a source that hub.yaml does not have"),
        (["same", "crm:5", "crm:", *WHY], "without its key"),
        (["same", "crm:5", "nonsense", *WHY], "a source that hub.yaml does not have"),
        (["same", "crm:5", "00000000-0000-0000-0000-000000000007", *WHY], "No record and no party"),
        (["same", "crm:5", *WHY], "named twice"),
        (["same", "crm:5", "crm:5", *WHY], "named twice"),
        (["not-same", "crm:5", "crm:5", *WHY], "named twice"),
        (["not-same", str(id_of("crm:1")), "crm:2", *WHY], "named twice"),
        (["split", "crm:1", "crm:5", *WHY], "1 records that are none"),
        (["split", "crm:1", "crm:1", "crm:2", "web:b", *WHY], "3 were named"),
        (["pin", "crm:1", "shoe_size", "9", *WHY], "no attribute of that name"),
        (["pin", "crm:1", "birth_date", "1970-01-01", "1970-01-02", *WHY], "has one value, and 2 were given"),
        (["pin", "crm:1", "birth_date", "yesterday", *WHY], "no valid date of birth"),
        (["pin", "crm:1", "email", "nobody at home", *WHY], "no valid email"),
        (["pin", "crm:1", "email", "", *WHY], "is empty"),
        (["revoke", "0000", *WHY], "The ledger has 0 decisions"),
        (["revoke", "--group", "nobody", *WHY], "The ledger has 0 groups"),
        (["same", "crm:5", "crm:6", *WHY, "--group", ""], "name of the group is empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused_before_anything_is_written(
    built: Hub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    error = Program(monkeypatch, capsys).on(built).refusal("decide", *words)
    assert message in error
    assert "yesterday" not in error
    assert ask(built, "select count(*) from decisions") == [(0,)]


@pytest.mark.parametrize(
    "words", [["split", "crm:1"], ["split", "crm:1", "crm:2", "--as-of", "1"], ["pin", "crm:1", "email"],
              ["pin", "crm:1", "email", "a@b.test", "--blank"], ["revoke"], ["revoke", "0", "--group", "x"]],
)  # fmt: skip
def test_a_call_that_says_too_little_or_two_things_is_a_wrong_call(
    built: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert Program(monkeypatch, capsys).on(built).run("decide", *words, *WHY)[0] == 2


def test_a_person_and_an_organization_are_not_decided_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    yaml = (
        "version: 1\nname: two\nsources:\n  a: {path: a.csv, key: ID, kind: person, columns: {NAME: person_name}}\n"
        "  b: {path: b.csv, key: ID, kind: organization, columns: {NAME: organization_name}}\n"
    )
    hub = make_hub(tmp_path / "two", yaml)
    for name in ("a", "b"):
        (hub.config.root / f"{name}.csv").write_text("ID,NAME\n1,Max Berg\n")
    with hub.run() as run:
        run.load("a")
    partyhub = Program(monkeypatch, capsys).on(hub)
    assert "cannot be one party" in partyhub.refusal("decide", "same", "a:1", "b:7", *WHY)
    told = partyhub.answer("decide", "not-same", "a:1", "b:7", *WHY)
    assert (told["written"], told["preview"]["waiting"]) == (True, ["b:7"])  # before anything was built


def test_somebody_at_a_terminal_is_asked_and_nobody_else(
    hub: Hub, partyhub: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    class Answers:
        def __init__(self, line: str) -> None:
            self.line = line

        def isatty(self) -> bool:
            return True

        def readline(self, *_: int) -> str:
            return self.line

    monkeypatch.setattr(sys, "stdin", Answers("n\n"))
    code, out, err = partyhub.run("decide", "same", "crm:5", "crm:6", *WHY)
    assert code == 1
    assert "joins party" in out
    assert "not confirmed" in err
    assert ledger(hub) == []
    monkeypatch.setattr(sys, "stdin", Answers("y\n"))
    assert "Written" in partyhub.say("decide", "same", "crm:5", "crm:6", *WHY)
    monkeypatch.setattr(sys, "stdin", Answers(""))
    assert "Written" in partyhub.say("decide", "not-same", "crm:3", "crm:6", *WHY, "--yes")


def test_a_decision_waits_for_its_record_and_is_listed_until_it_comes(partyhub: Program) -> None:
    assert partyhub.answer("decide", "same", "crm:5", "web:z", *WHY)["preview"]["waiting"] == ["web:z"]
    partyhub.say("decide", "not-same", "crm:3", "crm:4", *WHY)
    (waiting,) = partyhub.answer("decide", "list", "--waiting")
    assert (waiting["left"], waiting["waits_for"]) == ("crm:5", ["web:z"])
    assert "waits for web:z" in partyhub.say("decide", "list")
    assert [d["verdict"] for d in partyhub.answer("decide", "list", "--record", "crm:3")] == ["NOT_SAME"]
    assert partyhub.answer("decide", "list", "--record", str(id_of("crm:7"))) == []
    assert "No decision" in partyhub.say("decide", "list", "--group", "nobody")


def test_a_ledger_goes_out_as_csv_and_into_another_hub_with_the_same_effect(
    hub: Hub, built: Hub, partyhub: Program, tmp_path: Path
) -> None:
    partyhub.say("decide", "same", "crm:5", "crm:6", "--reason", "=HYPERLINK(1)", "--group", "spring")
    partyhub.say("decide", "split", "crm:1", "crm:2", *WHY)
    partyhub.say("decide", "pin", "crm:3", "email", "+a@stone.test", "b@stone.test", *WHY)
    partyhub.say("decide", "pin", "crm:4", "birth_date", "--blank", *WHY)
    partyhub.say("decide", "not-same", "crm:3", "crm:7", *WHY, "--group", "gone")
    partyhub.say("decide", "revoke", "--group", "gone", *WHY)
    file = tmp_path / "decisions.csv"
    assert "6 decisions" in partyhub.say("decide", "export", str(file))
    assert "'=HYPERLINK(1)" in file.read_text(encoding="utf-8")
    assert "exists" in partyhub.refusal("decide", "export", str(file))
    other = copy_hub(built, tmp_path / "other")
    partyhub.on(other).say("decide", "import", str(file))
    assert rows(other) == [row for row in rows(hub) if row[0] != "REVOKE" and row[-1] != "gone"]
    advance(hub)
    advance(other)
    assert partition_of(hub) == partition_of(other)
    assert golden(hub) == golden(other)
    code, out, err = partyhub.run("decide", "import", str(file))
    assert (code, "6 rows are in the ledger already" in err) == (0, True)
    assert "Nothing was written" in out
    again = tmp_path / "again.csv"
    partyhub.say("decide", "export", str(again))
    assert again.read_bytes() == file.read_bytes()


def rows(hub: Hub) -> list[tuple[Any, ...]]:
    return ask(
        hub,
        "select verdict, left_id, right_id, left_key, right_key, attribute, value, group_id, author, reason, name"
        " from decisions left join decision_groups using (group_id) order by sequence",
    )


def test_a_file_with_mistakes_is_refused_whole_and_each_is_told_by_its_line(
    hub: Hub, partyhub: Program, tmp_path: Path
) -> None:
    file = tmp_path / "decisions.csv"
    header = ["verdict", "left", "right", "attribute", "value", "reason"]
    content = [
        ["SAME", "crm:5", "crm:6", "", "", "fine"],
        ["SAME", "erp:5", "crm:6", "", "", "other hub"],
        ["MAYBE", "crm:5", "crm:6", "", "", "no verdict"],
        ["not same", "crm:5", "crm:5", "", "", "itself\nover two lines"],
        ["PIN", "crm:5", "", "birth_date", "soon", "no date"],
        ["PIN", "crm:5", "", "email", "[1]", "no texts"],
        ["same", "crm:5", "", "", "", ""],
    ]
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([header, *content])
    error = partyhub.refusal("decide", "import", str(file))
    found = error.split(" mistakes: ")[1]
    for told in (
        "line 3: left: A record is named by a source that hub.yaml does not have", "line 4: verdict is none of",
        "line 6: left and right are one record", "line 7: value: The value for birth_date is no valid date",
        "line 8: value: The value for email is no list", "line 9: reason is empty", "line 9: right: A record",
    ):  # fmt: skip
        assert told in found
    assert "soon" not in error
    assert ledger(hub) == []
    for name, text in (
        ("none.csv", None),
        ("odd.csv", "who,with\n1,2\n"),
        ("latin.csv", "verdict,left\nSAME,é\n"),
    ):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="latin-1")
        assert "nothing was decided" in partyhub.refusal("decide", "import", str(tmp_path / name))


def test_what_is_decided_while_a_run_is_at_work_holds_from_the_next_run_and_holds_back_neither(
    hub: Hub, partyhub: Program
) -> None:
    with hub.run() as run:
        run.cluster()
        partyhub.say("decide", "not-same", "crm:1", "crm:2", *WHY, "--group", "twins")  # after clustering
        run.master()
        run.check()
        partyhub.say("decide", "same", "crm:5", "crm:6", *WHY)  # after the checks
        run.release()
    assert party_of(hub, "crm:1") == party_of(hub, "crm:2")
    assert partyhub.answer("status")["objections"] == []
    assert build(hub).release is not None
    assert party_of(hub, "crm:1") != party_of(hub, "crm:2")
    assert party_of(hub, "crm:5") == party_of(hub, "crm:6")


def test_a_group_that_was_revoked_once_can_be_used_again(hub: Hub, partyhub: Program) -> None:
    party = str(party_of(hub, "crm:3"))
    partyhub.say("decide", "pin", "crm:3", "birth_date", "1971-01-01", *WHY, "--group", "spring")
    partyhub.say("decide", "revoke", "--group", "spring", *WHY)
    told = partyhub.answer("decide", "pin", "crm:3", "birth_date", "1972-01-01", *WHY, "--group", "spring")
    assert told["preview"]["values"][0]["after"] == "1972-01-01"
    advance(hub)
    assert golden(hub)[party]["birth_date"] == "1972-01-01"
    assert [d["state"] for d in partyhub.answer("decide", "list", "--all")] == [
        "stands",
        "revocation",
        "revoked",
    ]
