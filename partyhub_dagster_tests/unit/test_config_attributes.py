"""Attributes follow from what columns mean; hub.yaml can say otherwise."""

from pathlib import Path

import pytest

from partyhub_dagster.config import Attribute, parse_config
from partyhub_dagster.config.checks_attributes import RESERVED
from partyhub_dagster.config.semantics import MEANINGS
from partyhub_dagster.lake.tables import golden_table


def attributes(columns: str, kind: str = "person", rest: str = "") -> dict[str, Attribute]:
    text = f"sources: {{crm: {{path: a.csv, key: ID, kind: {kind}, columns: {{{columns}}}}}}}\n{rest}"
    return parse_config(text, Path("/hub")).attributes


NAME = ["name", "name_given", "name_middle", "name_family", "name_suffix"]
ADDRESS = [
    "address", "address_line", "address_city", "address_region", "address_postal_code", "address_country"
]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "kind", "expected"),
    [
        ("A: person_name", "person", NAME),
        ("A: organization_name", "organization", ["name"]),
        ("A: {type: person_name, part: family}", "person", NAME),
        ("A: address", "person", ADDRESS),
        ("A: {type: address, part: city}", "person", ADDRESS),
        ("A: {type: address, attribute: home}", "person", [name.replace("address", "home", 1) for name in ADDRESS]),
        ("A: phone, B: phone", "person", ["phone"]),
        ("A: date_of_birth", "person", ["birth_date"]),
        ("A: {type: identifier, scheme: bic}", "organization", ["bic"]),
        ("A: {type: identifier, scheme: bic, attribute: code}", "organization", ["code"]),
    ],
)  # fmt: skip
def test_columns_make_attributes(columns: str, kind: str, expected: list[str]) -> None:
    assert list(attributes(columns, kind)) == expected


def test_parts_survive_with_their_whole() -> None:
    found = attributes("A: person_name, B: address, C: phone")
    assert {name: found[name].group for name in [*NAME, *ADDRESS, "phone"]} == {
        **dict.fromkeys(NAME, "name"),
        **dict.fromkeys(ADDRESS, "address"),
        "phone": "phone",
    }
    assert [found[name].part for name in NAME] == ["full", "given", "middle", "family", "suffix"]


@pytest.mark.parametrize(
    ("type_", "sql_type", "multiple", "exclusive", "personal"),
    [
        ("person_name", "VARCHAR", False, False, True),
        ("address", "VARCHAR", False, False, True),
        ("phone", "VARCHAR[]", True, False, True),
        ("email", "VARCHAR[]", True, False, True),
        ("website", "VARCHAR[]", True, False, False),
        ("tax_id", "VARCHAR[]", True, False, True),
        ("lei", "VARCHAR[]", True, True, False),
        ("duns", "VARCHAR[]", True, False, False),
        ("{type: identifier, scheme: x}", "VARCHAR[]", True, False, True),
        ("country", "VARCHAR", False, False, False),
        ("date_of_birth", "DATE", False, False, True),
        ("{type: date, attribute: x}", "DATE", False, False, True),
        ("{type: number, attribute: x}", "DOUBLE", False, False, True),
        ("{type: text, attribute: x}", "VARCHAR", False, False, True),
    ],
)
def test_a_type_has_its_defaults(
    type_: str, sql_type: str, multiple: bool, exclusive: bool, personal: bool
) -> None:
    first = next(iter(attributes(f"A: {type_}").values()))
    assert (first.sql_type, first.multiple, first.exclusive) == (sql_type, multiple, exclusive)
    assert first.personal == personal
    assert first.description


def test_hub_yaml_overrides_what_follows_from_the_type() -> None:
    rest = "attributes: {phone: {multiple: false, personal: false, description: To call}}"
    phone = attributes("A: phone", rest=rest)["phone"]
    assert (phone.multiple, phone.sql_type, phone.personal, phone.description) == (
        False, "VARCHAR", False, "To call",
    )  # fmt: skip


def test_parts_are_as_personal_as_their_whole() -> None:
    found = attributes(
        "A: organization_name, B: address", "organization", "attributes: {address: {personal: false}}"
    )
    assert {found[name].personal for name in ADDRESS} == {False}


def test_a_declared_attribute_exists_before_a_source_feeds_it() -> None:
    found = attributes("A: phone", rest="attributes: {score: {type: number}}")
    assert (found["score"].sql_type, found["score"].group) == ("DOUBLE", "score")


def test_a_name_with_several_values_has_no_parts() -> None:
    rest = "attributes: {alias: {multiple: true}}"
    found = attributes("A: person_name, B: {type: person_name, attribute: alias}", rest=rest)
    assert [name for name in found if name.startswith("alias")] == ["alias"]
    assert found["alias"].sql_type == "VARCHAR[]"


def test_names_that_golden_records_have_anyway_are_taken() -> None:
    columns = {column.name for column in golden_table([]).columns}
    assert columns <= RESERVED


def test_every_type_is_documented_by_its_defaults() -> None:
    assert all(meaning.description for meaning in MEANINGS.values())
