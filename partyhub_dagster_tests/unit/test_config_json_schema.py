"""The JSON Schema that editors use takes what the hub takes and refuses the mistakes that a shape can show."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.json_schema import hub_schema, schema_text
from partyhub_dagster_tests.factories import PEOPLE_YAML

ROOT = Path(__file__).parents[2]
SHORT_FORMS = """
version: 1
name: short
sources:
  a:
    path: [one.csv, two.csv]
    key: [COUNTRY, 2020]
    kind: {column: K, values: {P: person, 1: organization}}
    party_type: ORGANIZATION
    deleted: {column: OP, values: D}
    csv: {delimiter: tab}
    columns:
      A: person_name
      B: [email, {type: text, attribute: note}]
      C: {type: phone, split: ";"}
matching: {person: {disable: phone, blocking: {disable: [acronym]}}}
survivorship:
  sources: a
  default: [pinned, {source_priority: [a]}]
  trust: {a: 0.9}
  attributes: {name: most_complete, email: [{trust: {a: {score: 0.5}}}]}
"""


def problems(text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(hub_schema()).iter_errors(yaml.safe_load(text))]


def test_the_committed_schema_is_in_step_with_the_code() -> None:
    committed = (ROOT / "docs" / "hub.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "run `partyhub config schema > docs/hub.schema.json`"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(hub_schema())


@pytest.mark.parametrize(
    "text",
    [PEOPLE_YAML, SHORT_FORMS, *(path.read_text(encoding="utf-8") for path in ROOT.glob("data/*/hub.yaml"))],
)
def test_what_the_hub_takes_is_valid(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("key:", "keys:"),
        ("A: person_name", "A: persons_name"),
        ("kind: {column: K, values: {P: person", "kind: {column: K, values: {P: human"),
        ("matching: {person: {disable: phone", "matching: {person: {disable: fone"),
        ("[pinned, {source_priority", "[nailed, {source_priority"),
        ("version: 1", "version: 2"),
        ("    path: [one.csv, two.csv]\n", ""),
    ],
)
def test_a_mistake_of_shape_is_found(written: str, instead: str) -> None:
    assert SHORT_FORMS.count(written) == 1
    assert problems(SHORT_FORMS.replace(written, instead))


def test_every_key_has_its_meaning() -> None:
    def keys(node: Any) -> list[tuple[str, Any]]:
        return list(node.get("properties", {}).items()) if isinstance(node, dict) else []

    schema = hub_schema()
    written = [*keys(schema), *(key for section in schema["$defs"].values() for key in keys(section))]
    assert len(written) > len(HubConfig.model_fields)
    assert [name for name, node in written if not (node.get("description") or node.get("$ref"))] == []
    assert [name for name, section in schema["$defs"].items() if not section.get("description")] == []


def test_keys_that_nobody_writes_are_left_out() -> None:
    schema = hub_schema()
    assert "root" not in schema["properties"]
    assert "name" not in schema["$defs"]["Source"]["properties"]
