"""Columns that hub.yaml names are compared with those that the files have."""

from collections.abc import Collection, Mapping
from pathlib import Path

from partyhub_dagster.config import Mistake, find_column_mistakes, load_config

HUB = """\
sources:
  crm:
    path: crm.csv
    key: [ID, PART]
    version: {column: REV, type: integer}
    kind: {column: KIND, values: {P: person}}
    columns:
      NAME: person_name
      PHONE: phone
  dnb: {path: dnb.csv, key: ID, kind: organization, columns: {TITLE: organization_name}}
"""


def mistakes_of(tmp_path: Path, columns: Mapping[str, Collection[str]]) -> list[Mistake]:
    file = tmp_path / "hub.yaml"
    file.write_text(HUB, encoding="utf-8")
    return find_column_mistakes(file, load_config(file), columns)


def test_files_with_every_column_have_no_mistake(tmp_path: Path) -> None:
    held = {"crm": ["ID", "PART", "REV", "KIND", "NAME", "PHONE", "MORE"], "dnb": ["ID", "TITLE"]}
    assert mistakes_of(tmp_path, held) == []


def test_a_column_that_no_file_has_is_reported_with_the_closest_one(tmp_path: Path) -> None:
    found = mistakes_of(tmp_path, {"crm": ["ID", "PARTS", "REVISION", "KIND_CD", "NAME", "PHON"]})
    assert [(m.yaml_path, m.line, m.remedy) for m in found] == [
        ("sources.crm.key[1]", 4, "Write PARTS"),
        ("sources.crm.version.column", 5, "Write the name as the files have it"),
        ("sources.crm.kind.column", 6, "Write KIND_CD"),
        ("sources.crm.columns.PHONE", 9, "Write PHON"),
    ]


def test_a_source_without_files_is_left_alone(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, {}) == []


def test_values_that_stand_in_place_of_a_header_are_not_shown(tmp_path: Path) -> None:
    found = mistakes_of(tmp_path, {"dnb": ["Smith", "555-0100"]})
    assert found
    assert "Smith" not in "".join(map(str, found))
