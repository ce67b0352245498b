"""What was: parties as of a release or a time, what two releases say differently, going back to one."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from partyhub_dagster.answers.moments import parse_moment
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster_tests.factories import ask, build, copy_hub, decide, deliver, id_of
from partyhub_dagster_tests.people import crm
from partyhub_dagster_tests.program import Program

pytestmark = pytest.mark.slow

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hub(history_hub: Hub) -> Hub:
    return history_hub


@pytest.fixture
def partyhub(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(hub, monkeypatch, capsys)


def runner(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Program(monkeypatch, capsys).on(hub).run


def answer(run: Run, *words: str) -> Any:
    code, out, _ = run(*words, "--json")
    assert code == 0
    return json.loads(out)


def members(shown: dict[str, Any]) -> set[str]:
    return {f"{m['source']}:{m['source_record_id']}" for m in shown["members"]}


@pytest.mark.parametrize(
    ("name", "release", "expected"),
    [
        ("crm:7", "1", {"crm:7"}),
        ("crm:7", "2", {"crm:5", "crm:7"}),
        ("crm:7", "3", {"crm:7"}),
        ("crm:5", "2", {"crm:5", "crm:7"}),
        ("crm:6", "2", {"crm:6"}),
    ],
)
def test_a_party_is_shown_as_it_was(partyhub: Run, name: str, release: str, expected: set[str]) -> None:
    shown = answer(partyhub, "show", name, "--as-of", release)
    assert members(shown) == expected
    assert shown["release"] == int(release)


def test_the_newest_release_shown_as_of_itself_is_what_show_says(partyhub: Run) -> None:
    for key in ("crm:1", "crm:4", "web:d"):
        today, then = answer(partyhub, "show", key), answer(partyhub, "show", key, "--as-of", "3")
        assert {**then, "released_at": None} == {**today, "released_at": None}


def test_values_are_those_of_then_with_their_records(partyhub: Run) -> None:
    before = answer(partyhub, "show", "crm:4", "--as-of", "1")["values"]["phone"]
    after = answer(partyhub, "show", "crm:4", "--as-of", "2")["values"]["phone"]
    assert before["value"] == ["2125550190"]
    assert "2125550199" in after["value"]
    assert (before["source"], before["source_record_id"]) == ("crm", "4")


def test_a_time_means_the_release_that_readers_saw_then(partyhub: Run, hub: Hub) -> None:
    times = [row[0] for row in ask(hub, "select released_at from releases order by number")]
    for number, at in enumerate(times, start=1):
        assert answer(partyhub, "show", "crm:7", "--as-of", at.isoformat())["release"] == number
    day = times[-1].astimezone(UTC).date().isoformat()
    assert answer(partyhub, "show", "crm:7", "--as-of", day)["release"] == 3
    code, _, error = partyhub("show", "crm:7", "--as-of", "2001-01-01")
    assert (code, "had no release at 2001-01-01T23:59:59" in error) == (1, True)


@pytest.mark.parametrize("words", ["99", "soon", "", "2026-13-01", "9999-12-31"])
def test_a_moment_that_is_none_is_refused(partyhub: Run, words: str) -> None:
    assert partyhub("show", "crm:7", "--as-of", words)[0] in ({0, 1} if words == "9999-12-31" else {1})


def test_days_end_and_times_without_zone_are_utc() -> None:
    assert parse_moment("2026-03-31") == datetime(2026, 3, 31, 23, 59, 59, 999_999, UTC)
    assert parse_moment("2026-03-31T12:00") == datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert parse_moment("2026-03-31T12:00+02:00") == datetime(2026, 3, 31, 10, tzinfo=UTC)


def test_who_was_not_there_then_is_not_found(partyhub: Run) -> None:
    assert partyhub("show", "crm:8", "--as-of", "2")[0] == 1
    code, _, error = partyhub("show", "crm:6", "--as-of", "3")
    assert (code, "was retired" in error) == (1, True)


def test_a_difference_counts_parties_records_and_values(partyhub: Run) -> None:
    merged = answer(partyhub, "diff", "--from", "1", "--to", "2")
    assert {event: n for event, n in merged["parties"].items() if n} == {"MERGED": 1, "MEMBERS_CHANGED": 1}
    assert merged["records"] == {"added": 0, "removed": 0, "moved": 1}
    split = answer(partyhub, "diff", "--from", "2")
    assert {event: n for event, n in split["parties"].items() if n} == {
        "CREATED": 1, "SPLIT": 1, "RETIRED": 1, "MEMBERS_CHANGED": 1,
    }  # fmt: skip
    assert split["records"] == {"added": 1, "removed": 1, "moved": 1}
    phones = [v for v in merged["values"] if v["attribute"] == "phone"]
    assert [(v["source"], v["gained"], v["lost"]) for v in phones] == [("crm", 2, 2)]


def test_a_difference_is_that_of_the_two_states(hub: Hub, partyhub: Run, tmp_path: Path) -> None:
    for before, after in ((1, 3), (3, 1), (2, 3), (2, 2)):
        folder = tmp_path / f"{before}-{after}"
        assert partyhub("diff", "--from", str(before), "--to", str(after), "--out", str(folder))[0] == 0
        told = duckdb.sql(
            f"select record_id, party_before, party_after from '{folder}/records.parquet'"
        ).fetchall()
        first, second = parties_in(hub, before), parties_in(hub, after)
        assert sorted(told) == sorted(
            (record, first.get(record), second.get(record))
            for record in first.keys() | second.keys()
            if first.get(record) != second.get(record)
        )
        events = dict(duckdb.sql(f"select party_id, event from '{folder}/parties.parquet'").fetchall())
        ids = set(first.values()), set(second.values())
        assert {p for p, e in events.items() if e in {"CREATED", "SPLIT"}} == ids[1] - ids[0]
        assert {p for p, e in events.items() if e in {"MERGED", "RENAMED", "RETIRED"}} == ids[0] - ids[1]
        values = duckdb.sql(f"select party_id, attribute, change, value from '{folder}/values.parquet'")
        assert Counter(values.fetchall()) == values_between(hub, before, after)


def parties_in(hub: Hub, release: int) -> dict[str, str]:
    with read_release(hub.place, release) as (con, _):
        return dict(
            con.execute("select record_id::varchar, party_id::varchar from party_clusters").fetchall()
        )


def values_between(hub: Hub, before: int, after: int) -> Counter[tuple[str, str, str, str]]:
    """Compare the golden tables of two releases, value by value."""
    found: list[dict[str, dict[str, set[str]]]] = []
    for number in (before, after):
        with read_release(hub.place, number) as (con, _):
            rows = con.execute(
                "select * exclude (epoch, kind, provenance, members, confidence) from golden_parties"
            )
            names = [column[0] for column in rows.description][1:]
            found.append(
                {str(row[0]): dict(zip(names, map(as_set, row[1:]), strict=True)) for row in rows.fetchall()}
            )
    first, second = found
    return Counter(
        (party, attribute, change, value)
        for party in first.keys() & second.keys()
        for attribute in first[party]
        for change, here, there in (("GAINED", second, first), ("LOST", first, second))
        for value in here[party][attribute] - there[party][attribute]
    )


def as_set(value: Any) -> set[str]:
    return set() if value is None else set(map(str, value)) if isinstance(value, list) else {str(value)}


def test_the_story_of_a_party_tells_who_joined_and_where_it_went(partyhub: Run) -> None:
    five, seven = str(id_of("crm:5")), str(id_of("crm:7"))
    told = [
        (e["release"], e["event"], e["joined"], e["left"])
        for e in answer(partyhub, "lineage", "crm:5")["events"]
        if e["event"] != "UPDATED"
    ]
    assert sorted(told) == [
        (1, "CREATED", ["crm:5"], []),
        (2, "MEMBERS_CHANGED", ["crm:7"], []),
        (2, "MERGED", [], []),
        (3, "MEMBERS_CHANGED", [], ["crm:7"]),
        (3, "SPLIT", [], []),
    ]
    merged = answer(partyhub, "lineage", seven)
    assert [e["event"] for e in merged["events"] if e["event"] != "UPDATED"] == ["CREATED", "MERGED", "SPLIT"]
    assert merged["events"][1]["other_id"] == five
    gone = answer(partyhub, "lineage", "crm:6")
    assert (gone["today"], gone["events"][-1]["event"], gone["events"][-1]["cause"]) == (
        None,
        "RETIRED",
        "deletion",
    )
    assert "retired with its last record (cause: deletion)" in partyhub("lineage", "crm:6")[1]
    assert answer(partyhub, "lineage", "crm:2")["party_id"] == str(
        id_of("crm:1")
    )  # never the name of a party
    assert partyhub("lineage", "crm:unheard")[0] == 1


def test_a_story_names_the_decision_that_caused_an_event(changed: tuple[Hub, Run]) -> None:
    hub, partyhub = changed
    decide(hub, "NOT_SAME", "crm:3", "web:a", reason="brothers", author="eva")
    decide(hub, "NOT_SAME", "crm:4", "crm:1", reason="says nothing of the party", author="eva")
    build(hub)
    split = answer(partyhub, "lineage", "web:a")["events"][0]
    assert (split["event"], split["cause"], split["release"]) == ("SPLIT", "decision", 4)
    assert [(d["verdict"], d["left"], d["right"], d["author"], d["reason"]) for d in split["decisions"]] == [
        ("NOT_SAME", "crm:3", "web:a", "eva", "brothers")
    ]
    assert "decision NOT_SAME crm:3 web:a by eva: brothers" in partyhub("lineage", "crm:3")[1]


def test_a_folder_with_a_difference_is_not_written_over(partyhub: Run, tmp_path: Path) -> None:
    words = ("diff", "--from", "1", "--out", str(tmp_path / "out"))
    assert partyhub(*words)[0] == 0
    assert partyhub(*words)[0] == 1


@pytest.fixture
def changed(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[Hub, Run]:
    """A copy that a test may roll back."""
    copy = copy_hub(hub, tmp_path / "copy")
    return copy, runner(copy, monkeypatch, capsys)


def test_a_rollback_shows_an_earlier_release_until_it_is_lifted(changed: tuple[Hub, Run]) -> None:
    hub, partyhub = changed
    code, out, _ = partyhub("release", "--rollback", "1", "--reason", "wrong file")
    assert code == 0
    assert out.index("parties retired") < out.index("Release 1 is what readers see")
    assert members(answer(partyhub, "show", "crm:6")) == {"crm:6"}
    status = answer(partyhub, "status")
    assert (status["release"], status["rolled_back"]["from_release"], status["parties"]) == (1, 3, 7)
    assert "ROLLED BACK from release 3 to 1" in partyhub("status")[1]

    deliver(hub, "crm/4.csv", crm("9,1,I,Jonas Weber,1981-08-08,212-555-0155,jonas@weber.test"))
    code, _, error = partyhub("build", "--quiet")
    assert (code, "Releases are held" in error) == (1, True)
    assert ask(
        hub, "select count(*) from party_clusters where record_id = '" + str(id_of("crm:9")) + "'"
    ) == [(1,)]
    assert partyhub("show", "crm:9")[0] == 1  # built, not shown

    assert partyhub("release", "--lift")[0] == 0
    status = answer(partyhub, "status")
    assert (status["release"], status["rolled_back"]) == (4, None)
    assert members(answer(partyhub, "show", "crm:9")) == {"crm:9"}
    assert answer(partyhub, "verify")["equal"]
    assert ask(hub, "select number from releases order by number") == [(1,), (2,), (3,), (4,)]


def test_an_unchanged_head_is_released_again_after_the_lift(changed: tuple[Hub, Run]) -> None:
    hub, partyhub = changed
    before = datetime.now(UTC).isoformat()
    assert partyhub("release", "--rollback", "2", "--reason", "look")[0] == 0
    assert partyhub("release", "--rollback", "2", "--reason", "twice")[0] == 0
    assert ask(hub, "select count(*) from rollbacks") == [(1,)]
    during = datetime.now(UTC).isoformat()
    assert partyhub("release", "--rollback", "3", "--reason", "no, it was right")[0] == 0
    assert answer(partyhub, "status")["release"] == 3
    assert partyhub("release", "--rollback", "1", "--reason", "or not")[0] == 0
    assert partyhub("release", "--lift", "--reason", "it was right")[0] == 0
    assert answer(partyhub, "status")["release"] == 4
    assert answer(partyhub, "diff", "--from", "3")["records"] == {"added": 0, "removed": 0, "moved": 0}
    assert answer(partyhub, "show", "crm:7", "--as-of", before)["release"] == 3
    assert answer(partyhub, "show", "crm:7", "--as-of", during)["release"] == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--rollback", "9", "--reason", "x"), 1),
        (("--rollback", "3", "--reason", "x"), 1),
        (("--rollback", "1"), 2),
        (("--rollback", "1", "--reason", "x", "--lift"), 2),
        (("--lift",), 1),
    ],
)
def test_a_rollback_to_nothing_or_without_a_reason_is_refused(
    changed: tuple[Hub, Run], words: tuple[str, ...], code: int
) -> None:
    hub, partyhub = changed
    assert partyhub("release", *words)[0] == code
    assert ask(hub, "select count(*) from rollbacks") == [(0,)]


def test_a_hub_of_before_there_were_rollbacks_is_read_and_rolled_back(changed: tuple[Hub, Run]) -> None:
    hub, partyhub = changed
    with hub.place.connect() as con:
        con.execute("drop table rollbacks")
    assert answer(partyhub, "status")["release"] == 3
    assert partyhub("release", "--rollback", "1", "--reason", "x")[0] == 0
    assert answer(partyhub, "status")["release"] == 1
