"""Why a party is one, and why others are not in it: as JSON, as text, as a page."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.answers.drawings import Bar, draw_graph, draw_waterfall
from partyhub_dagster.answers.explain_page import render_page
from partyhub_dagster.answers.pairs import explain_records
from partyhub_dagster.answers.party_why import explain_party
from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import ask, build, copy_hub, decide, id_of, partition_of
from partyhub_dagster_tests.program import Program


@pytest.fixture
def partyhub(
    history_hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    return Program(monkeypatch, capsys).on(history_hub)


@pytest.fixture(scope="module")
def ann(history_hub: Hub) -> dict[str, Any]:
    return explain_party(history_hub.place, history_hub.config, "crm:2")


def test_the_merges_of_a_party_add_up_to_it_and_the_weakest_is_its_confidence(
    history_hub: Hub, ann: dict[str, Any]
) -> None:
    members = {member["key"] for member in ann["members"]}
    assert members == {"crm:1", "crm:2", "web:b"}
    last = ann["merges"][-1]
    assert {*last["left"], *last["right"]} == members
    weakest = min(merge["mean_weight"] for merge in ann["merges"])
    assert ann["weakest"]["mean_weight"] == weakest
    ((confidence,),) = ask(
        history_hub, f"select confidence from golden_parties where party_id = '{id_of('crm:1')}'"
    )
    assert confidence == pytest.approx(1 / (1 + 2**-weakest), abs=1e-6)


def test_the_strongest_pair_of_the_weakest_link_adds_up_to_its_weight(ann: dict[str, Any]) -> None:
    pair = ann["weakest"]["pair"]
    assert pair["prior"] + sum(c["weight"] for c in pair["comparisons"]) == pytest.approx(
        pair["weight"], abs=0.01
    )
    assert pair["weight"] == ann["weakest"]["strongest"]["weight"]


def test_what_a_decision_would_leave_is_what_it_leaves(
    history_hub: Hub, ann: dict[str, Any], tmp_path: Path
) -> None:
    hub = copy_hub(history_hub, tmp_path / "copy")
    verdict, left, right = ann["to_split"]["decision"]
    decision = decide(hub, verdict, left, right)
    build(hub)
    foreseen = {frozenset(keys) for keys in ann["to_split"]["parties_then"]}
    assert len(foreseen) == 2
    assert foreseen <= partition_of(hub)
    refused = explain_records(hub.place, hub.config, left, right)
    assert refused["verdict"]["why"] == "NOT_SAME_DECISION"
    assert refused["to_join"]["revoke"] == [str(decision)]
    assert {*refused["to_join"]["parties_then"][0]} == {"crm:1", "crm:2", "web:b"}


def test_a_pair_tells_how_it_came_together_and_what_joins_or_splits_it(history_hub: Hub) -> None:
    apart = explain_records(history_hub.place, history_hub.config, "crm:1", "crm:7")
    assert apart["verdict"]["why"] == "COMPONENT"
    ((*members,),) = apart["to_join"]["parties_then"]
    assert {*members} == {"crm:1", "crm:2", "web:b", "crm:7"}
    same = explain_records(history_hub.place, history_hub.config, "crm:1", "crm:2")
    assert same["merge"]["margin"] == pytest.approx(same["merge"]["mean_weight"] - same["thresholds"]["cut"])
    assert same["to_split"]["spare_bits"] == same["merge"]["margin"]


def test_a_party_answers_by_an_old_id_and_an_unknown_one_is_refused(partyhub: Program) -> None:
    assert partyhub.answer("explain", str(id_of("crm:2")))["party_id"] == str(id_of("crm:1"))
    assert "no party" in partyhub.refusal("explain", "00000000-0000-0000-0000-000000000007").lower()


def test_a_pair_of_one_record_and_records_that_are_not_there_are_told_apart(partyhub: Program) -> None:
    assert "Both are the same record." in partyhub.refusal("explain", "crm:1", "crm:1")
    assert "Only the first of the two is a live record" in partyhub.refusal("explain", "crm:1", "crm:6")
    assert "Only the second of the two is a live record" in partyhub.refusal("explain", "crm:99", "crm:1")
    assert "Neither of the two is a live record" in partyhub.refusal("explain", "crm:6", "crm:99")


def test_a_decision_is_told_with_whether_it_stands_now_and_after_the_next_build(
    history_hub: Hub, tmp_path: Path
) -> None:
    hub = copy_hub(history_hub, tmp_path / "copy")

    def told() -> list[tuple[str, str]]:
        pair = explain_records(hub.place, hub.config, "crm:1", "crm:2")["decisions"]
        assert pair == explain_party(hub.place, hub.config, "crm:2")["decisions"]
        return [(decision["verdict"], decision["state"]) for decision in pair]

    decision = decide(hub, "NOT_SAME", "crm:1", "crm:2")
    assert told() == [("NOT_SAME", "waits for the next build")]
    build(hub)
    assert told() == [("NOT_SAME", "stands")]
    decide(hub, "REVOKE", revokes=decision)
    assert told() == [("NOT_SAME", "taken back from the next build on")]
    build(hub)
    assert told() == [("NOT_SAME", "taken back")]


def test_a_pair_tells_what_clustering_counts_it_as(history_hub: Hub, partyhub: Program) -> None:
    never = explain_records(history_hub.place, history_hub.config, "crm:1", "crm:7")
    assert never["blocking_rules"] == []
    assert never["counts"] == never["thresholds"]["miss"] != never["weight"]
    assert "Never compared until asked here" in partyhub.say("explain", "crm:1", "crm:7")
    capped = explain_records(history_hub.place, history_hub.config, "crm:1", "crm:2")
    assert capped["counts"] == capped["thresholds"]["cap"] < capped["weight"]
    assert "clustering counts the pair as +15.00." in partyhub.say("explain", "crm:1", "crm:2")


def test_the_text_names_the_weakest_link_and_the_command_that_splits_it(partyhub: Program) -> None:
    said = partyhub.say("explain", "crm:1")
    assert "Its weakest link: " in said
    assert re.search(
        r"To split by decision: partyhub decide not-same \S+ \S+ --reason TEXT; then 2 parties", said
    )
    alone = partyhub.say("explain", "web:d")
    assert "1 record\n" in alone
    assert "weakest" not in alone


class Outside(HTMLParser):
    """Collects whatever would make a browser ask for something, or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if held.get("http-equiv") == "Content-Security-Policy":
            self.policy = held["content"] or ""
        loading = {"src", "href", "srcset", "data", "action", "xlink:href", "poster"} & held.keys()
        if tag in {"script", "link", "img", "iframe", "object", "base"} or loading:
            self.found.append(tag)
        self.found += [name for name in held if name.startswith("on")]


def test_a_page_asks_for_nothing_from_outside(partyhub: Program, tmp_path: Path) -> None:
    for words in (["crm:1"], ["crm:1", "crm:2"]):
        page = tmp_path / f"{len(words)}{words[-1].replace(':', '')}.html"
        partyhub.say("explain", *words, "--html", str(page))
        text = page.read_text(encoding="utf-8")
        outside = Outside()
        outside.feed(text)
        assert outside.found == []
        assert outside.policy.startswith("default-src 'none'")
        assert not re.search(r"url\(|@import|https?://", text)
        assert page.stat().st_mode & 0o077 == 0


def test_a_page_does_not_replace_a_file(partyhub: Program, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine", encoding="utf-8")
    assert "exists" in partyhub.refusal("explain", "crm:1", "--html", str(page))
    assert page.read_text(encoding="utf-8") == "mine"


def test_values_on_a_page_cannot_become_markup(ann: dict[str, Any]) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    text = json.dumps(ann)
    poisoned = json.loads(text.replace("Ann Miller", json.dumps(hostile)[1:-1]).replace("crm:1", "crm:<b>"))
    assert hostile in json.loads(json.dumps(poisoned))["members"][0]["values"]["name"]
    page = render_page(poisoned)
    assert "<script" not in page
    assert "crm:<b>" not in page
    assert "&lt;script&gt;" in page


def test_a_waterfall_begins_each_bar_where_the_last_one_ends() -> None:
    drawn = draw_waterfall([Bar("start", "x", -4), Bar("name", "same", 6), Bar("phone", "other", -1)], 1, [])
    bars = [
        (float(x), float(w)) for x, w in re.findall(r'<rect[^>]* x="([\d.]+)"[^>]* width="([\d.]+)"', drawn)
    ]
    (start, start_w), (name, name_w), (phone, phone_w), (total, total_w) = bars
    assert name == pytest.approx(start, abs=0.2)
    assert phone + phone_w == pytest.approx(name + name_w, abs=0.2)
    assert total == pytest.approx(start + start_w, abs=0.2)
    assert total + total_w == pytest.approx(phone, abs=0.2)


def test_no_label_of_a_waterfall_is_cut_off() -> None:
    found = "other generation same household"
    drawn = draw_waterfall([Bar("birth_date", found, -40), Bar("name", "same", 6)], -34, [])
    [place] = re.findall(rf'<text x="([\d.]+)"[^>]*text-anchor="end">birth_date: {found}</text>', drawn)
    assert float(place) > 6.5 * len(f"birth_date: {found}")
    assert min(map(float, re.findall(r'<rect[^>]* x="([\d.]+)"', drawn))) > float(place)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12, 17, 80])
@pytest.mark.parametrize("name", ["CHICAGO_WWW_SITES:WM", "crm:", "\u4e0a\u6d77" * 9])
def test_no_label_of_a_graph_is_cut_off_or_meets_another(count: int, name: str) -> None:
    groups = [[f"{name}{n}" for n in range(size)] for size in (count, 6, 3)]
    drawn = draw_graph(groups, [], 0)
    [(width, height)] = re.findall(r'viewBox="0 0 (\d+) (\d+)"', drawn)
    labels = re.findall(
        r'<text class="name on" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]+)<', drawn
    )
    assert len(labels) == count + 9
    taken: list[tuple[float, float, float]] = []
    for x, y, anchor, shown in labels:
        wide = sum(6.6 if letter.isascii() else 13 for letter in shown)
        left = float(x) - (wide if anchor == "end" else 0)
        assert left >= 0
        assert left + wide <= float(width)
        assert 11 <= float(y) <= float(height) - 4
        assert not any(
            left < end and begin < left + wide and abs(float(y) - at) < 12 for begin, end, at in taken
        )
        taken.append((left, left + wide, float(y)))
