"""docs/configuration.md describes each section of hub.yaml where it belongs, with the defaults that the schema has."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from partyhub_dagster.config import (
    attributes,
    contract,
    file_formats,
    mappings,
    matching,
    publish,
    quality,
    review,
    sources,
    stream_sensor,
    streaming,
    survivorship,
    upkeep,
    verify,
)
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.load import parse_config
from partyhub_dagster.config.section import Section
from partyhub_dagster.config.shape import written_keys
from partyhub_dagster.errors import ConfigError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
HEADINGS: dict[type[Section], str] = {
    HubConfig: "Top level",
    sources.Source: "Sources",
    contract.Contract: "`contract`",
    contract.ColumnContract: "Columns of a contract",
    file_formats.CsvOptions: "`csv`",
    file_formats.JsonOptions: "`json`",
    file_formats.ExcelOptions: "`excel`",
    file_formats.FixedWidthOptions: "`fixed_width`",
    mappings.Target: "Column mappings",
    mappings.Constant: "Column mappings",
    attributes.AttributeSection: "Attributes",
    matching.MatchSettings: "Matching",
    matching.PersonSettings: "Matching",
    survivorship.SurvivorshipSection: "Survivorship",
    quality.Quality: "Quality",
    quality.Impact: "`impact`",
    publish.Publish: "Publish",
    streaming.Streaming: "Streaming",
    streaming.Security: "`security`",
    stream_sensor.StreamSensor: "`sensor`",
    review.Review: "Review",
    upkeep.Upkeep: "Upkeep",
    verify.Verify: "Verify",
}
"""Sections with a table of their own."""
IN_ROWS: dict[type[Section], tuple[str, str]] = {
    sources.RecordVersion: ("Sources", "version"),
    sources.EventTime: ("Sources", "event_time"),
    sources.DeleteMarker: ("Sources", "deleted"),
    sources.KindChoice: ("Sources", "kind"),
    sources.PartyTypeChoice: ("Sources", "party_type"),
    matching.Matching: ("Top level", "matching"),
    matching.Thresholds: ("Matching", "thresholds"),
    matching.PersonThresholds: ("Matching", "thresholds"),
    matching.Blocking: ("Matching", "blocking"),
    survivorship.Trust: ("Survivorship", "trust"),
    review.ReviewBand: ("Review", "person"),
    streaming.Registry: ("Streaming", "registry"),
    streaming.OAuth: ("`security`", "oauth"),
    streaming.Secret: ("`security`", "password"),
}
"""Small sections, told in the row of the key that holds them."""
IN_TEXT: dict[type[Section], str] = {survivorship.Rule: "Survivorship"}


def under(page: str, heading: str) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a table by key: the other cells."""
    found = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            keys, *cells = (cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", keys), cells)
    return found


def sections_of(model: type[Section]) -> set[type[Section]]:
    found: set[type[Section]] = set()

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, Section) and annotation not in found:
            found.add(annotation)
            for field in annotation.model_fields.values():
                visit(field.annotation)
        for argument in get_args(annotation):
            visit(argument)

    visit(model)
    return found


def defaults_that_differ(model: type[Section], text: str) -> list[str]:
    """Keys whose cell in the column `default` is not what the schema fills in; only plain values are compared."""
    if "| key | default |" not in text:
        return []
    told, fields = rows(text), {field.alias or name: field for name, field in model.model_fields.items()}
    return [key for key, field in fields.items() if _differs(field, told.get(key, [""])[0])]


def _differs(field: FieldInfo, cell: str) -> bool:
    default = field.default
    if default is PydanticUndefined and field.default_factory is None:
        return cell not in {"required", "from the suffix", ""}
    if isinstance(default, (bool, int, float, str)):
        return cell.strip("`").lower() != (
            str(default).lower() if not isinstance(default, float) else f"{default:g}"
        )
    return False


def test_every_section_of_the_schema_has_its_place_on_the_page() -> None:
    assert sections_of(HubConfig) == {*HEADINGS, *IN_ROWS, *IN_TEXT}


@pytest.mark.parametrize("model", HEADINGS, ids=lambda model: model.__name__)
def test_every_key_has_a_row_in_the_table_of_its_section(model: type[Section]) -> None:
    assert set(written_keys(model)) - set(rows(under(PAGE, HEADINGS[model]))) == set()


@pytest.mark.parametrize("model", IN_ROWS, ids=lambda model: model.__name__)
def test_small_sections_are_told_in_the_row_of_their_key(model: type[Section]) -> None:
    heading, key = IN_ROWS[model]
    if model is matching.Matching:
        assert all(f"`{kind}`" in under(PAGE, "Matching") for kind in written_keys(model))
        return
    cells = " ".join(rows(under(PAGE, heading))[key])
    assert {name for name in written_keys(model) if not re.search(rf"\b{name}\b", cells)} == set()


def test_a_rule_in_full_is_told_in_the_text() -> None:
    text = under(PAGE, IN_TEXT[survivorship.Rule])
    assert all(re.search(rf"\b{key}\b", text) for key in written_keys(survivorship.Rule))


@pytest.mark.parametrize("model", HEADINGS, ids=lambda model: model.__name__)
def test_defaults_are_those_of_the_schema(model: type[Section]) -> None:
    assert defaults_that_differ(model, under(PAGE, HEADINGS[model])) == []


def test_thresholds_are_those_of_the_schema() -> None:
    cells = " ".join(rows(under(PAGE, "Matching"))["thresholds"])
    told = {name: float(value) for name, value in re.findall(r"`(\w+)` \((-?[\d.]+)\)", cells)}
    assert told == matching.Thresholds().model_dump()
    persons = {name: float(value) for name, value in re.findall(r"`(\w+)` (?:is )?(-\d+)", cells)}
    assert told | persons == matching.PersonThresholds().model_dump()


def test_a_wrong_default_is_found() -> None:
    text = under(PAGE, "Publish").replace("| 5 |", "| 6 |")
    assert defaults_that_differ(publish.Publish, text) == ["keep_runs"]


SNIPPETS = [
    pytest.param(text, id=f"{page.name}-{number}")
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    for number, text in enumerate(
        re.findall(r"^ *```ya?ml\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
]
SOURCES = """
sources:
  crm: {path: crm.csv, key: ID, kind: person, columns: {NAME: person_name, MAIL: email, STREET: address}}
  dnb: {path: dnb.jsonl, key: ID, kind: organization, columns: {NAME: organization_name}}
  markit: {path: markit.parquet, key: ID, kind: organization, columns: {NAME: organization_name}}
"""


def parse_snippet(text: str) -> None:
    """Read a piece of hub.yaml; one without sources is read beside some."""
    whole = text if re.search("^sources:", text, re.MULTILINE) else text + SOURCES
    parse_config(whole, ROOT)


@pytest.mark.parametrize("text", SNIPPETS)
def test_every_piece_of_hub_yaml_in_the_documents_is_valid(text: str) -> None:
    parse_snippet(text)


def test_a_piece_with_a_slip_is_found() -> None:
    with pytest.raises(ConfigError, match="survivorship"):
        parse_snippet("survivorship:\n  defaults: [pinned]\n")
