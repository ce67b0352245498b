"""Contradictions about attributes: one name with two meanings, and settings that its type cannot have."""

from collections.abc import Iterator

from partyhub_dagster.config.attributes import Attribute, AttributeSection
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mappings import Target
from partyhub_dagster.config.mistakes import YamlPath
from partyhub_dagster.config.semantics import ATTRIBUTE_TYPES, MEANINGS, SUB_ATTRIBUTES, attribute_type_of

Finding = tuple[YamlPath, str, str]
RESERVED = frozenset({"party_id", "party_type", "kind", "provenance", "members", "confidence", "epoch"})
"""Columns that golden records have anyway."""


def check_attributes(config: HubConfig) -> Iterator[Finding]:
    """Find attributes that cannot be what hub.yaml says."""
    fed = list(_feeds(config))
    yield from _check_types(config, fed)
    yield from _check_names(config, fed)
    for name, words in config.attribute_sections.items():
        path: YamlPath = ("attributes", name)
        found = config.attributes.get(name)
        if found is None:
            continue
        if found.group != name:
            problem = f"`{name}` is a part of `{found.group}`"
            yield path, problem, f"Write the settings of {found.group}"
        else:
            yield from _check_settings(path, words, found)
    yield from _check_parts_of_multiple(config, fed)


def _feeds(config: HubConfig) -> Iterator[tuple[YamlPath, str, Target]]:
    """Every mapping: where it is, the attribute it feeds, and itself."""
    for name, source in config.sources.items():
        mappings = iter(source.mappings)
        for column, targets in source.columns.items():
            for position, target in enumerate(targets):
                yield ("sources", name, "columns", column, position), next(mappings).attribute, target
        for position, constant in enumerate(source.constants):
            yield ("sources", name, "constants", position), next(mappings).attribute, constant


def _check_types(config: HubConfig, fed: list[tuple[YamlPath, str, Target]]) -> Iterator[Finding]:
    declared = config.attribute_sections
    first: dict[str, tuple[str, str]] = {
        name: (attribute_type_of(words.type), f"attributes.{name}.type")
        for name, words in declared.items()
        if words.type is not None
    }
    for path, name, target in fed:
        type_ = MEANINGS[target.type].attribute_type
        known, where = first.setdefault(name, (type_, f"sources.{path[1]}"))
        if type_ != known:
            problem = f"`{name}` is of type {type_} here, but of type {known} by {where}"
            yield path, problem, "Write attribute: ANOTHER_NAME, or the same type"


def _check_names(config: HubConfig, fed: list[tuple[YamlPath, str, Target]]) -> Iterator[Finding]:
    parts = {
        f"{found.name}_{part}": found.name
        for found in config.attributes.values()
        if found.group == found.name and not found.multiple
        for part in SUB_ATTRIBUTES.get(found.type, ())
    }
    named: list[tuple[YamlPath, str]] = [(path, name) for path, name, _ in fed]
    declared = config.attribute_sections.items()
    named += [(("attributes", name), name) for name, words in declared if words.type is not None]
    for path, name in named:
        if name in RESERVED:
            problem = f"`{name}` is a column that every golden record has"
            yield path, problem, f"Write another name, such as source_{name}"
        elif name in parts:
            problem = f"`{name}` is the column of a part of `{parts[name]}`"
            yield path, problem, f"Map it as a part of {parts[name]}, or write another name"


def _check_settings(path: YamlPath, words: AttributeSection, found: Attribute) -> Iterator[Finding]:
    if words.exclusive and not ATTRIBUTE_TYPES[found.type].is_identifier:
        remedy = "Leave exclusive out; tax_id, lei, duns and identifier can have it"
        yield (*path, "exclusive"), f"values of type {found.type} do not identify a party", remedy
    if words.multiple and ATTRIBUTE_TYPES[found.type].sql_type != "VARCHAR":
        yield (*path, "multiple"), f"an attribute of type {found.type} has one value", "Leave multiple out"


def _check_parts_of_multiple(config: HubConfig, fed: list[tuple[YamlPath, str, Target]]) -> Iterator[Finding]:
    for path, name, target in fed:
        found = config.attributes[name]
        if found.multiple and found.type in SUB_ATTRIBUTES and target.part not in (None, "full"):
            problem = f"`{name}` is multiple, so the parts of its values cannot be told apart"
            yield (*path, "part"), problem, f"Map it whole, or leave attributes.{name}.multiple out"
