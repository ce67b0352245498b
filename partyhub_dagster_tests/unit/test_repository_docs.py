"""The documents say what is there: dependencies, settings, tables, targets and links."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.section import Section
from partyhub_dagster.lake import tables
from partyhub_dagster.lake.metadata import Table

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("data/*.md")]
)
NOT_WRITTEN_IN_HUB_YAML = {"root", "name"}
"""Fields that the reader fills in; `name` is also a key of the file itself."""


def declared_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    written = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {re.split(r"[\[<>=~! ;]", line, maxsplit=1)[0].lower() for line in written}


def reasons_in_docs() -> dict[str, str]:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    return {
        name.lower(): reason.strip()
        for name, reason in re.findall(r"^\| `([\w.-]+)` \|(.*)\|$", text, re.MULTILINE)
    }


def test_every_dependency_has_its_reason() -> None:
    reasons = reasons_in_docs()
    assert set(reasons) == declared_dependencies()
    assert {name for name, reason in reasons.items() if len(reason) < 10} == set()


def sections_of(model: type[Section]) -> set[type[Section]]:
    """Every section reachable from `model` through the types of its fields."""
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


def test_every_setting_of_hub_yaml_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    settings = {
        field.alias or name
        for section in sections_of(HubConfig)
        for name, field in section.model_fields.items()
    }
    assert {name for name in settings - NOT_WRITTEN_IN_HUB_YAML if f"`{name}`" not in page} == set()


def test_every_table_is_in_the_list_of_tables() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    names = {table.name for table in vars(tables).values() if isinstance(table, Table)}
    assert names
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_every_target_is_in_make_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: ([\w-]+)$", makefile, re.MULTILINE))
    assert phony == set(re.findall(r"^([\w-]+):.* ## ", makefile, re.MULTILINE))
    assert phony >= {"help", "setup", "demo", "test", "lint", "bench", "dev"}


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8"))
    targets = [((page.parent / path) if path else page, anchor) for path, anchor in links]
    assert [str(path) for path, _ in targets if not path.exists()] == []
    assert [anchor for path, anchor in targets if anchor and anchor not in anchors_of(path)] == []
