"""The weakest link of a party is the merge with the least to spare, and what is said of it comes true."""

import re
from typing import Any

import pytest

from partyhub_dagster.answers.explain_page import render_page
from partyhub_dagster.answers.pairs import explain_records
from partyhub_dagster.answers.party_why import explain_party
from partyhub_dagster.answers.words import level_words, split_words
from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import PEOPLE_YAML, build, deliver, make_hub
from partyhub_dagster_tests.people import crm
from partyhub_dagster_tests.program import Program

TWINS = {"crm:1", "crm:2"}, {"crm:3", "crm:4"}
"""Two records and two, which merge at a higher mean than the fifth does, but are asked more."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    asks_more = PEOPLE_YAML + "matching: {person: {thresholds: {doubling: 5}}}\n"
    hub = make_hub(tmp_path_factory.mktemp("margins"), asks_more)
    rows = (
        *(f"{key},1,I,Ann Miller,1980-02-03,212-555-0134,ann@mail.test" for key in (1, 2)),
        *(f"{key},1,I,Ann Miller,1980-02-03,312-777-9056,am@shop.test" for key in (3, 4)),
        "5,1,I,Ann Miller,1980-01-01,,",
    )
    deliver(hub, "crm/1.csv", crm(*rows))
    build(hub)
    return hub


@pytest.fixture(scope="module")
def ann(hub: Hub) -> dict[str, Any]:
    return explain_party(hub.place, hub.config, "crm:1")


def test_the_weakest_link_has_the_least_to_spare_even_if_another_has_a_lower_mean(
    ann: dict[str, Any],
) -> None:
    weakest = {name: held for name, held in ann["weakest"].items() if name != "pair"}
    lowest = min(ann["merges"], key=lambda merge: merge["mean_weight"])
    assert weakest["margin"] == min(merge["margin"] for merge in ann["merges"]) < lowest["margin"]
    assert ({*weakest["left"]}, {*weakest["right"]}) in (TWINS, TWINS[::-1])
    assert ann["to_split"]["spare_bits"] == weakest["margin"] == weakest["mean_weight"] - weakest["asked"]


def test_it_is_said_when_other_pairs_would_hold_the_party_together(hub: Hub, ann: dict[str, Any]) -> None:
    """Without the margin of the two and two, the fifth goes with two of them and draws the others in."""
    assert [{*keys} for keys in ann["to_split"]["parties_if_lost"]] == [TWINS[0] | TWINS[1] | {"crm:5"}]
    assert "even then other pairs hold the party together." in split_words(ann["to_split"])[0]
    fifth = explain_records(hub.place, hub.config, "crm:1", "crm:5")["to_split"]
    assert [{*keys} for keys in fifth["parties_if_lost"]] == [TWINS[0] | TWINS[1], {"crm:5"}]
    assert "; then 2 parties: " in split_words(fifth)[0]


def test_text_and_page_name_the_same_link(
    hub: Hub, ann: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Program(monkeypatch, capsys).on(hub).say("explain", "crm:1")
    weakest, spare = ann["weakest"], f"{ann['weakest']['margin']:.2f}"
    sides = f"{', '.join(weakest['left'])} + {', '.join(weakest['right'])}"
    assert (
        f"Its weakest link: {sides}: mean {weakest['mean_weight']:+.2f} bits, +0.00 needed, {spare} to spare"
        in said
    )
    assert f"that mean must lose more than the {spare} bits it has to spare" in said
    [row] = re.findall(r'<tr class="weakest">(.*?)</tr>', render_page(ann))
    assert [", ".join(weakest["left"]), ", ".join(weakest["right"])] == re.findall(r"<td>([^<]*)</td>", row)[
        1:3
    ]
    assert f"<td>{spare}</td>" in row


def test_a_pair_tells_its_own_merge_and_the_weakest_of_its_party(
    hub: Hub, ann: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = explain_records(hub.place, hub.config, "crm:1", "crm:5")
    told = ("mean_weight", "asked", "pairs_scored", "pairs_between")
    assert [answer["verdict"][name] for name in told] == [answer["merge"][name] for name in told]
    assert answer["merge"]["right"] == ["crm:5"]
    assert answer["weakest"] == {name: held for name, held in ann["weakest"].items() if name != "pair"}
    program = Program(monkeypatch, capsys).on(hub)
    assert "The weakest link of their party is another: " in program.say("explain", "crm:1", "crm:5")
    assert "No merge of their party has less to spare." in program.say("explain", "crm:1", "crm:3")


def test_of_several_with_as_little_to_spare_the_last_is_the_weakest(history_hub: Hub) -> None:
    """The first of three equal records held to the second can fail, and the third still holds all together."""
    party = explain_party(history_hub.place, history_hub.config, "crm:1")
    assert [merge["mean_weight"] for merge in party["merges"]] == [15.0, 15.0]
    assert {name: held for name, held in party["weakest"].items() if name != "pair"} == party["merges"][-1]
    assert len(party["to_split"]["parties_if_lost"]) == 2


@pytest.mark.parametrize(
    ("level", "said"),
    [("words_45", "45 % of the words"), ("same_pair", "same pair"), ("different", "different")],
)
def test_a_level_is_said_in_words(level: str, said: str) -> None:
    assert level_words(level) == said
