"""Each survivorship rule chooses what it says, and says so."""

from typing import Any

import pytest

from partyhub_dagster_tests.unit.survivorship_world import (
    Offer,
    chosen,
    configure,
    master,
    one,
    rules,
)


def note(record: int, value: Any, **facts: Any) -> Offer:
    return Offer(record, {"note": value}, **facts)


TRUST = ", trust: {crm: {score: 0.9, half_life_days: 365}, dnb: 0.5, markit: 0.2}"

CASES = {
    "a valid value beats an unchecked one": (
        "[validated]",
        "",
        [note(1, "a"), note(2, ("b", True))],
        ("b", 2, "validated"),
    ),
    "an unchecked value beats an invalid one": (
        "[validated]",
        "",
        [note(1, ("a", False)), note(2, "b")],
        ("b", 2, "validated"),
    ),
    "the better source wins": (
        "[source_priority]",
        ", sources: [dnb, crm]",
        [note(1, "a", source="crm"), note(2, "b", source="dnb"), note(3, "c", source="markit")],
        ("b", 2, "source_priority"),
    ),
    "a rule's own order of sources wins over the hub's": (
        "[{source_priority: [crm]}]",
        ", sources: [dnb, crm]",
        [note(1, "a", source="dnb"), note(2, "b", source="crm")],
        ("b", 2, "source_priority"),
    ),
    "the later event time wins": (
        "[most_recent]",
        "",
        [note(1, "a", at="2024-01-01", recency=9), note(2, "b", at="2024-01-02", recency=1)],
        ("b", 2, "most_recent"),
    ),
    "a record with an event time beats one without": (
        "[most_recent]",
        "",
        [note(1, "a", recency=9), note(2, "b", at="1990-01-01")],
        ("b", 2, "most_recent"),
    ),
    "without event times the latest load wins": (
        "[most_recent]",
        "",
        [note(1, "a", recency=1), note(2, "b", recency=2)],
        ("b", 2, "most_recent"),
    ),
    "load order does not decide between equal event times": (
        "[most_recent]",
        "",
        [note(1, "a", at="2024-01-01", recency=1), note(2, "b", at="2024-01-01", recency=2)],
        ("a", 1, "record_id"),
    ),
    "the value of most records wins, from the smallest of them": (
        "[most_frequent]",
        "",
        [note(1, "a"), note(3, "b"), note(2, "b")],
        ("b", 2, "most_frequent"),
    ),
    "a record that repeats a value counts once": (
        "[most_frequent]",
        "",
        [note(1, "a"), note(2, ["b", "b"])],
        ("a", 1, "record_id"),
    ),
    "the longest value wins": (
        "[most_complete]",
        "",
        [note(1, "ab"), note(2, "abc")],
        ("abc", 2, "most_complete"),
    ),
    "the most trusted source wins": (
        "[trust]",
        TRUST,
        [note(1, "a", source="dnb"), note(2, "b", source="crm")],
        ("b", 2, "trust"),
    ),
    "trust decays from the newest event time of the party": (
        "[trust]",
        TRUST,
        [
            note(1, "a", at="2022-01-01"),
            note(2, "b", source="dnb"),
            note(3, "c", source="markit", at="2024-01-01"),
        ],
        ("b", 2, "trust"),
    ),
    "one value needs no rule": (
        "[most_recent]",
        "",
        [note(1, "a", recency=1), note(2, "a", recency=2)],
        ("a", 2, "only"),
    ),
    "the second rule decides what the first leaves open": (
        "[validated, source_priority]",
        ", sources: [dnb, crm]",
        [note(1, ("a", True)), note(2, ("b", True), source="dnb"), note(3, ("c", False), source="dnb")],
        ("b", 2, "source_priority"),
    ),
    "the first rule comes before the second": (
        "[source_priority, validated]",
        ", sources: [dnb, crm]",
        [note(1, ("a", True)), note(2, ("b", False), source="dnb")],
        ("b", 2, "source_priority"),
    ),
    "frequency counts between other rules": (
        "[validated, most_frequent, most_recent]",
        "",
        [note(1, "a", recency=1), note(2, "a", recency=2), note(3, "b", recency=9), note(4, ("c", False))],
        ("a", 2, "most_frequent"),
    ),
    "a tie ends with the smaller record id": (
        "[most_complete]",
        "",
        [note(2, "b"), note(1, "c")],
        ("c", 1, "record_id"),
    ),
    "within a record the earlier value wins": (
        "[most_complete]",
        "",
        [note(1, ["z", "a"])],
        ("z", 1, "record_id"),
    ),
    "a rule chooses among the values of one record": (
        "[validated]",
        "",
        [note(1, ["z", ("a", True)])],
        ("a", 1, "validated"),
    ),
}


@pytest.mark.parametrize(("written", "extra", "offers", "expected"), CASES.values(), ids=CASES.keys())
def test_a_rule_chooses_what_it_says(
    written: str, extra: str, offers: list[Offer], expected: tuple[str, int, str]
) -> None:
    golden = one(rules("note", written, extra), offers)
    assert chosen(golden, "note") == expected


def test_every_rule_together_still_ranks() -> None:
    written = "[validated, source_priority, most_recent, most_frequent, most_complete, trust]"
    golden = one(rules("note", written, TRUST), [note(1, "a"), note(2, "b", at="2024-01-01")])
    assert chosen(golden, "note") == ("b", 2, "most_recent")


def test_nothing_offered_gives_a_row_without_values() -> None:
    golden = one(configure(), [Offer(1)])
    assert (golden.values, golden.proofs, golden.members) == ({}, {}, 1)


def test_a_party_keeps_its_size_and_the_confidence_of_its_merges() -> None:
    golden = master(configure(), [Offer(1), Offer(2), Offer(3, party=3)])
    assert {party: (g.members, g.confidence) for party, g in golden.items()} == {1: (2, 0.5), 3: (1, None)}


def test_values_of_other_parties_do_not_count() -> None:
    golden = master(
        rules("note", "[most_frequent]"),
        [note(1, "a"), note(2, "b"), note(3, "b", party=3), note(4, "b", party=3)],
    )
    assert golden[1].values["note"] == "a"


@pytest.mark.parametrize(
    ("attribute", "bad", "good", "expected"),
    [("birth_date", "31.02.2000", "2000-03-01", "2000-03-01"), ("size", "many", "12.5", 12.5)],
)
def test_what_the_type_cannot_hold_does_not_stand(
    attribute: str, bad: str, good: str, expected: object
) -> None:
    golden = one(configure(), [Offer(1, {attribute: bad}), Offer(2, {attribute: good})])
    value, record, rule = chosen(golden, attribute)
    assert (str(value) if attribute == "birth_date" else value, record, rule) == (expected, 2, "only")


def test_names_that_look_like_sql_are_only_names() -> None:
    hub = rules("note", "[source_priority, trust]", ", sources: [dnb, crm]")
    odd = "x'; drop table records; --"
    assert chosen(one(hub, [note(1, odd, source=odd), note(2, "b")]), "note") == ("b", 2, "source_priority")


# Groups


def test_an_address_survives_as_a_whole() -> None:
    offers = [
        Offer(
            1, {"address": "1 Old St, Rome", "address_city": "Rome", "address_line": "1 Old St"}, recency=1
        ),
        Offer(2, {"address": "2 New St", "address_line": "2 New St"}, recency=2),
    ]
    golden = one(rules("address", "[most_recent]"), offers)
    assert golden.values == {"address": "2 New St", "address_line": "2 New St"}
    assert golden.proofs == {name: [(2, "most_recent")] for name in golden.values}


def test_the_address_with_most_parts_is_the_most_complete() -> None:
    offers = [
        Offer(1, {"address": "1 A Very Long Street Name Indeed"}),
        Offer(2, {"address": "2 B St, Rome", "address_city": "Rome"}),
    ]
    golden = one(rules("address", "[most_complete]"), offers)
    assert golden.proofs["address"] == [(2, "most_complete")]


def test_one_bad_part_makes_an_address_invalid() -> None:
    offers = [
        Offer(1, {"address": ("1 A St", True), "address_postal_code": ("00", False)}),
        Offer(2, {"address": "2 B St"}),
    ]
    assert chosen(one(rules("address", "[validated]"), offers), "address") == ("2 B St", 2, "validated")


def test_parts_without_a_whole_survive_too() -> None:
    golden = one(configure(), [Offer(1, {"name_given": "Ann"})])
    assert golden.values == {"name_given": "Ann"}


# Lists


def test_all_takes_the_distinct_values_sorted_each_from_its_best_record() -> None:
    offers = [
        Offer(1, {"phone": ["+2", ("+1", False)]}, source="crm", at="2024-01-01"),
        Offer(2, {"phone": [("+1", True), "+3", "+3"]}, source="dnb"),
    ]
    golden = one(configure(), offers)
    assert golden.values["phone"] == ["+1", "+2", "+3"]
    assert golden.proofs["phone"] == [(2, "all"), (1, "all"), (2, "all")]


def test_a_long_list_loses_nothing() -> None:
    numbers = [f"+{number}" for number in range(5_000)]
    golden = one(rules("phone", "[all]"), [Offer(1, {"phone": numbers})])
    assert golden.values["phone"] == sorted(numbers)


def test_rules_before_all_leave_only_what_they_rank_first() -> None:
    offers = [Offer(1, {"phone": ["+2", ("+1", True)]}), Offer(2, {"phone": [("+3", True), ("+4", False)]})]
    assert one(rules("phone", "[validated, all]"), offers).values["phone"] == ["+1", "+3"]
    assert one(rules("phone", "[{source_priority: [crm]}, all]"), offers).values["phone"] == [
        "+1",
        "+2",
        "+3",
        "+4",
    ]


def test_frequency_before_all_leaves_the_values_of_most_records() -> None:
    offers = [Offer(1, {"phone": ["+2", "+1"]}), Offer(2, {"phone": ["+2"]})]
    assert one(rules("phone", "[most_frequent, all]"), offers).values["phone"] == ["+2"]


def test_a_list_without_all_is_the_list_of_one_record() -> None:
    offers = [Offer(1, {"phone": ["+2", "+1", "+2"]}, recency=2), Offer(2, {"phone": ["+3"]}, recency=1)]
    golden = one(rules("phone", "[most_recent]"), offers)
    assert golden.values["phone"] == ["+1", "+2"]
    assert golden.proofs["phone"] == [(1, "most_recent"), (1, "most_recent")]


# Party type


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["ORGANIZATION", "LEGAL_ENTITY"], "LEGAL_ENTITY"),
        (["LEGAL_ENTITY", "ORGANIZATION"], "LEGAL_ENTITY"),
        (["INDIVIDUAL", "ORGANIZATION"], "ORGANIZATION"),
        (["ORGANIZATION", "INDIVIDUAL"], "INDIVIDUAL"),
    ],
)
def test_the_most_specific_party_type_wins_then_the_better_source(types: list[str], expected: str) -> None:
    offers = [Offer(1, party_type=types[0], source="crm"), Offer(2, party_type=types[1], source="dnb")]
    assert one(configure("{sources: [dnb, crm]}"), offers).party_type == expected
