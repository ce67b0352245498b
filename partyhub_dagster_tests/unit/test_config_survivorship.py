"""Rules of survivorship: as written, or by default, with every source in its place."""

from pathlib import Path

import pytest

from partyhub_dagster.config import HubConfig, Rule, Trust, parse_config

SOURCES = """
sources:
  crm: {path: a.csv, key: ID, kind: person, columns: {N: person_name, A: address, P: phone}}
  dnb: {path: b.csv, key: ID, kind: organization, columns: {N: organization_name, W: website}}
  markit: {path: c.csv, key: ID, kind: organization, columns: {N: organization_name, L: lei}}
"""


def parsed(survivorship: str = "") -> HubConfig:
    return parse_config(f"{SOURCES}\nsurvivorship: {survivorship}", Path("/hub"))


def names(rules: list[Rule]) -> list[str]:
    return [rule.name for rule in rules]


def test_attributes_of_one_value_have_the_default_rules() -> None:
    rules = parsed().survivorship.rules_for("name")
    assert names(rules) == ["pinned", "validated", "most_recent", "source_priority"]


def test_attributes_of_several_values_keep_all_by_default() -> None:
    survivorship = parsed("{default: [pinned]}").survivorship
    assert names(survivorship.rules_for("phone")) == ["all"]
    assert names(survivorship.rules_for("address")) == ["pinned"]


def test_rules_are_given_to_whole_groups() -> None:
    assert set(parsed().survivorship.rules) == {"name", "address", "phone", "website", "lei"}


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ("", ("crm", "dnb", "markit")),
        ("{sources: [markit]}", ("markit", "crm", "dnb")),
        ("{sources: markit}", ("markit", "crm", "dnb")),
        ("{sources: [markit, dnb, crm]}", ("markit", "dnb", "crm")),
    ],
)
def test_sources_that_are_not_listed_come_last(written: str, order: tuple[str, ...]) -> None:
    config = parsed(written)
    assert config.survivorship.sources == order
    (rule,) = [rule for rule in config.survivorship.rules_for("name") if rule.name == "source_priority"]
    assert rule.sources == order


def test_a_rule_can_have_an_order_of_its_own() -> None:
    config = parsed(
        "{sources: [markit, dnb, crm], attributes: {name: [{source_priority: [dnb]}, most_recent]}}"
    )
    rules = config.survivorship.rules_for("name")
    assert names(rules) == ["source_priority", "most_recent"]
    assert rules[0].sources == ("dnb", "markit", "crm")


def test_one_rule_stands_for_a_list_of_one() -> None:
    assert names(parsed("{attributes: {name: most_frequent}}").survivorship.rules_for("name")) == [
        "most_frequent"
    ]


def test_trust_knows_every_source() -> None:
    written = "{trust: {crm: {score: 0.8, half_life_days: 365}, dnb: 0.9}, attributes: {name: [trust]}}"
    (rule,) = parsed(written).survivorship.rules_for("name")
    assert rule.scores == {
        "crm": Trust(score=0.8, half_life_days=365),
        "dnb": Trust(score=0.9),
        "markit": Trust(score=0.5, half_life_days=None),
    }


def test_a_rule_can_have_scores_of_its_own() -> None:
    written = "{trust: {crm: 0.8}, attributes: {name: [{trust: {markit: 1}}]}}"
    (rule,) = parsed(written).survivorship.rules_for("name")
    assert {source: trust.score for source, trust in rule.scores.items()} == {
        "crm": 0.8, "dnb": 0.5, "markit": 1.0,
    }  # fmt: skip
