"""Which level a pair falls on, for what dirty data hold: half known dates and places, and branches of a chain."""

from typing import Any

import pytest

from partyhub_dagster.matching.explain import explain_pair
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.train import default_model
from partyhub_dagster_tests.unit.matching_records import connection_with, organization, person, record_id


def level_of(comparison: str, one: dict[str, Any], other: dict[str, Any], model: MatchModel) -> str:
    con = connection_with([one, other])
    found = explain_pair(con, model, "records", str(record_id(1)), str(record_id(2)))
    return next(part.level for part in found.comparisons if part.name == comparison)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1970-03-04", "1970-03-04", "same"),
        ("1970-03-04", "1970-03-05", "one_slip"),
        ("1970-03-04", "1970-04-03", "day_and_month_swapped"),
        ("1970-05-05", "1970-05-05", "same"),
        ("1970-01-01", "1970-01-01", "same_year_only"),
        ("1970-01-01", "1970-09-23", "same_year_only"),
        ("1998-12-15", "1999-01-14", "within_month"),
        ("1998-12-15", "1999-11-27", "within_year"),
        ("1970-01-01", "1971-01-01", "within_year"),
        ("1970-01-01", "1870-01-01", "year_slip"),
        ("1970-03-04", "1921-11-28", "different"),
    ],
)
def test_dates_fall_on_the_level_that_says_most(one: str, other: str, level: str) -> None:
    people = [person(n, "ann", "weber", birth_date=day) for n, day in ((1, one), (2, other))]
    assert level_of("birth_date", *people, default_model("person")) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (("john", "adam"), ("john", "a"), "same_initial"),
        (("john", "a"), ("john", "r"), "different"),
        (("steven", "robert"), ("stephen", "alan"), "different"),
        (("john", "adam"), ("john", None), "unknown"),
        (("john", "adam"), ("adam", "q"), "unknown"),  # goes by his middle name
        (("paul", "john"), ("john", "paul"), "unknown"),
    ],
)
def test_middle_names_tell_namesakes_apart(
    one: tuple[str, str | None], other: tuple[str, str | None], level: str
) -> None:
    records = [
        person(n, given, "smith", name_middle=middle) for n, (given, middle) in enumerate((one, other), 1)
    ]
    assert level_of("name_middle", *records, default_model("person")) == level


def place(number: int, city: str | None, postcode: str | None) -> dict[str, Any]:
    full = " ".join(filter(None, (city, postcode)))
    return person(number, "ann", "weber") | {
        "address_full": full, "addresses": [full], "city": city, "postcode": postcode,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (("devon", "tq138df"), ("devon", "tq138df"), "same"),
        (("devon", "tq138df"), ("exeter", "tq138df"), "place_postcode"),
        (("devon", "tq138df"), ("devon", "tq138dg"), "place_postcode_slip"),
        (("devon", "tq138df"), ("west devon", "tq138hu"), "place_sector_and_city"),
        (("devon", None), ("devon", "tq138df"), "place_city"),
        (("west devon", None), ("devon", "tq138df"), "place_similar_city"),
        (("devon", None), (None, "tq138df"), "unknown"),
        (("devon", "tq138df"), ("leeds", "ls11aa"), "different"),
    ],
)
def test_places_without_a_street_are_compared_by_what_they_have(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], level: str
) -> None:
    assert level_of("address", place(1, *one), place(2, *other), default_model("person")) == level


def chain(*, held: int) -> MatchModel:
    counts = {"total": 1000, "agree": 0.001, "counts": {"acme bakery": held}}
    return default_model("organization").with_parts(frequencies={"name_chain": counts})


@pytest.mark.parametrize(
    ("held", "address", "level"),
    [
        (50, "9|oak street|springfield|12345", "other_branch"),
        (50, "12|main street|springfield|12345", "same_name"),
        (3, "9|oak street|springfield|12345", "same_name"),
    ],
)
def test_branches_of_a_chain_are_told_apart_by_their_houses(held: int, address: str, level: str) -> None:
    one = organization(1, "acme bakery", address="12|main street|springfield|12345")
    other = organization(2, "acme bakery", address=address)
    assert level_of("name", one, other, chain(held=held)) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("acme bakery springfield", "acme bakery 58", "other_branch"),
        ("acme bakery branch 7", "acme bakery springfield", "other_branch"),
        ("acme bakery springfield", "acme bakery springfield", "other_branch"),
    ],
)
def test_the_town_or_number_behind_the_name_of_a_chain_is_that_of_a_branch(
    one: str, other: str, level: str
) -> None:
    here, there = "12|main street|springfield|12345", "9|oak street|springfield|12345"
    pair = organization(1, one, address=here), organization(2, other, address=there)
    assert level_of("name", *pair, chain(held=50)) == level


def test_a_phone_in_common_makes_one_branch_of_two_houses() -> None:
    phones = ["+12025550199"]
    one = organization(1, "acme bakery", address="12|main street|springfield|12345", phones=phones)
    other = organization(2, "acme bakery", address="9|oak street|springfield|12345", phones=phones)
    assert level_of("name", one, other, chain(held=50)) == "same_name"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("saltis consulting", "saltis consulting 69", "number_missing"),
        ("saltis consulting 68", "saltis consulting 69", "sibling_number"),
        ("saltis consulting", "saltis consultnig", "slips"),
        ("delanvia furniture", "delanvia furniture leasing", "sibling_branch"),
        ("delanvia furniture", "delanvia furniture real estate", "sibling_branch"),
        ("delanvia logistics", "delanvia lgistics", "slips"),
        ("delanvia holding", "delanvia holdings", "slips"),
        ("onward house", "onward house west town", "words_60"),  # words more than the unit's
    ],
)
def test_a_number_or_a_unit_more_is_no_slip(one: str, other: str, level: str) -> None:
    found = level_of("name", organization(1, one), organization(2, other), default_model("organization"))
    assert found == level


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        ("1 church of faith", "1 church of faith 1 church of faith"),
        ("east asia center", "east asia center east asia center"),
    ],
)
def test_a_name_written_twice_is_the_same_name(once: str, twice: str) -> None:
    found = level_of("name", organization(1, once), organization(2, twice), default_model("organization"))
    assert found == "words_90"


def test_father_and_son_of_one_name_and_home_stay_two_persons() -> None:
    home = {"address": "3|oak street|springfield|12345", "phones": ["+12025550199"]}
    father = person(1, "ann", "weber", birth_date="1950-03-04", emails=["ann.weber@example.org"], **home)
    child = person(2, "ann", "weber", birth_date="1985-11-28", emails=["ann.weber85@example.org"], **home)
    con = connection_with([father, child])
    model = default_model("person")
    assert not explain_pair(con, model, "records", str(record_id(1)), str(record_id(2))).linked


def test_names_of_trade_hide_no_unit_and_make_none() -> None:
    parent = organization(1, "delanvia furniture")
    trade = {"name_tokens": ["delanvia", "furniture", "leasing", "novax", "ventures"]}
    unit = organization(2, "delanvia furniture leasing") | trade
    also_named = organization(2, "delanvia furniture") | trade
    model = default_model("organization")
    assert level_of("name", parent, unit, model) == "sibling_branch"
    assert level_of("name", parent, also_named, model) == "same_name"


def test_words_of_one_family_name_make_no_one_person_of_its_members() -> None:
    home = {"address": "3|oak street|springfield|12345"}
    one, other = (
        person(n, given, "de la garza", **home) | {"name_tokens": ["de", "garza", given, "la"]}
        for n, given in ((1, "liller"), (2, "arthur"))
    )
    assert level_of("name", one, other, default_model("person")) == "other_given_same_household"


@pytest.mark.parametrize(("number", "level"), [("98-7654321", "sibling_branch"), ("12-3456789", "words_75")])
def test_services_tell_a_unit_where_identifiers_do_too(number: str, level: str) -> None:
    one = organization(1, "delanvia furniture", ids=["us_ein:12-3456789"])
    other = organization(2, "delanvia furniture services", ids=[f"us_ein:{number}"])
    assert level_of("name", one, other, default_model("organization")) == level


@pytest.mark.parametrize(("form", "level"), [("llc", "sibling_branch"), ("inc", "words_75")])
def test_services_tell_a_unit_where_the_legal_form_does_too(form: str, level: str) -> None:
    one = organization(1, "delanvia furniture", legal_form="inc")
    other = organization(2, "delanvia furniture services", legal_form=form)
    assert level_of("name", one, other, default_model("organization")) == level


@pytest.mark.parametrize(
    ("mailbox", "level"), [("info@acme.com", "same_common"), ("a.weber@acme.com", "same_rare")]
)
def test_a_mailbox_that_many_read_says_little_of_a_person(mailbox: str, level: str) -> None:
    one, other = person(1, "ann", "weber", emails=[mailbox]), person(2, "ann", "weber", emails=[mailbox])
    assert level_of("email", one, other, default_model("person")) == level


def test_the_mailbox_of_an_office_says_much_of_a_company() -> None:
    one, other = (organization(n, "acme bakery", emails=["info@acme.com"]) for n in (1, 2))
    assert level_of("email", one, other, default_model("organization")) == "same_rare"
