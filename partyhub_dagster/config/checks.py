"""What no section of hub.yaml can say alone: names that refer to other parts, and contradictions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from partyhub_dagster.config.checks_attributes import check_attributes
from partyhub_dagster.config.checks_sources import check_sources
from partyhub_dagster.config.checks_streaming import check_streaming
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mistakes import YamlPath, closest, what_to_write
from partyhub_dagster.config.semantics import MEANINGS, SUB_ATTRIBUTES
from partyhub_dagster.config.survivorship import Rule

Finding = tuple[YamlPath, str, str]


@dataclass(frozen=True, slots=True)
class References:
    """Names that other parts may refer to; those that a refused part seems to give count too."""

    sources: tuple[str, ...]
    attributes: tuple[str, ...]
    groups: tuple[str, ...]
    guessed: frozenset[str]
    """Attributes that refused parts seem to give, and those that types give by default."""
    is_partial: bool
    """Whether parts were refused, so that there may be more names than these."""

    @classmethod
    def of(cls, config: HubConfig, refused: Any) -> "References":
        """Collect the names of a configuration, and of the raw data of one that was refused in parts."""
        sources = dict.fromkeys([*config.sources, *_keys(refused, "sources")])
        groups = tuple(name for name, found in config.attributes.items() if found.group == name)
        defaults = (meaning.attribute for meaning in MEANINGS.values() if meaning.attribute)
        leading = frozenset([*defaults, *_attribute_names(refused)])
        guessed = leading if not refused else leading | _with_parts(leading)
        return cls(tuple(sources), tuple(config.attributes), groups, guessed, is_partial=bool(refused))


def _with_parts(leading: Iterable[str]) -> frozenset[str]:
    parts = {part for parts in SUB_ATTRIBUTES.values() for part in parts}
    return frozenset(f"{name}_{part}" for name in leading for part in parts)


def _keys(data: Any, section: str) -> list[str]:
    found = data.get(section) if isinstance(data, dict) else None
    return [str(key) for key in found] if isinstance(found, dict) else []


def _attribute_names(data: Any) -> Iterator[str]:
    """Every word below sources that may be the name of an attribute."""
    stack = [data.get("sources")]
    while stack:
        match stack.pop():
            case dict() as section:
                yield from (str(section[key]) for key in ("attribute", "scheme") if key in section)
                stack += section.values()
            case list() as items:
                stack += items


def check_all(config: HubConfig, references: References) -> Iterator[Finding]:
    """Find every contradiction and every name that nothing has."""
    yield from check_sources(config)
    yield from check_attributes(config)
    yield from check_streaming(config)
    yield from _check_declared(config, references)
    yield from _check_source_names(config, references)
    yield from _check_rules(config, references)
    yield from _check_quality(config, references)


def _check_declared(config: HubConfig, references: References) -> Iterator[Finding]:
    """An attribute is fed by a source or has a type; a refused mapping may be what feeds it."""
    fed = dict.fromkeys(
        mapping.attribute for source in config.sources.values() for mapping in source.mappings
    )
    for name in config.attribute_sections:
        if name in config.attributes or name in references.guessed:
            continue
        if references.is_partial and closest(name, fed) is None:
            continue
        problem = f"no source feeds `{name}`, and it has no type"
        yield ("attributes", name), problem, f"{what_to_write(name, fed)}; or add type"


def _check_source_names(config: HubConfig, references: References) -> Iterator[Finding]:
    section = config.survivorship_section
    named: list[tuple[YamlPath, str]] = [
        (("survivorship", "sources", position), name) for position, name in enumerate(section.sources)
    ]
    named += [(("survivorship", "trust", name), name) for name in section.trust]
    for path, rule in _rules(config):
        inside: YamlPath = (*path, rule.name)
        named += [((*inside, position), name) for position, name in enumerate(rule.sources)]
        named += [((*inside, name), name) for name in rule.scores]
    for path, name in named:
        if name not in references.sources:
            yield path, f"there is no source `{name}`", what_to_write(name, references.sources)
    for path, names in [(("survivorship", "sources"), section.sources)] + [
        ((*path, rule.name), rule.sources) for path, rule in _rules(config)
    ]:
        for position, name in enumerate(names):
            if name in names[:position]:
                yield (*path, position), f"the source `{name}` is named twice", "Keep its better place"


def _rules(config: HubConfig) -> Iterator[tuple[YamlPath, Rule]]:
    section = config.survivorship_section
    for position, rule in enumerate(section.default):
        yield ("survivorship", "default", position), rule
    for attribute, rules in section.attributes.items():
        for position, rule in enumerate(rules):
            yield ("survivorship", "attributes", attribute, position), rule


def _check_rules(config: HubConfig, references: References) -> Iterator[Finding]:
    section = config.survivorship_section
    yield from _check_order(("survivorship", "default"), section.default)
    for position, rule in enumerate(section.default):
        if rule.name == "all":
            remedy = "Write `all` for the attributes that are multiple; it is their default anyway"
            yield ("survivorship", "default", position), "`all` cannot choose one value", remedy
    for name, rules in section.attributes.items():
        path: YamlPath = ("survivorship", "attributes", name)
        yield from _check_attribute_name(path, name, config, references)
        yield from _check_order(path, rules)
        found = config.attributes.get(name)
        if found is None or found.multiple:
            continue
        for position, rule in enumerate(rules):
            if rule.name == "all":
                remedy = f"Write a rule that chooses one, or set attributes.{name}.multiple: true"
                yield (*path, position), f"`{name}` has one value; `all` cannot choose it", remedy


def _check_order(path: YamlPath, rules: tuple[Rule, ...]) -> Iterator[Finding]:
    names = [rule.name for rule in rules]
    for position, name in enumerate(names):
        if name in names[:position]:
            yield (*path, position), f"the rule `{name}` is written twice", "Keep the first"
        if name == "all" and position < len(names) - 1:
            yield (*path, position), "`all` leaves nothing to the rules after it", "Make it the last rule"


def _check_attribute_name(
    path: YamlPath, name: str, config: HubConfig, references: References
) -> Iterator[Finding]:
    """Rules are given to whole groups of attributes."""
    declared = config.attribute_sections.keys()
    found = config.attributes.get(name)
    if found is not None and found.group != name:
        problem = f"`{name}` is a part of `{found.group}` and survives with it"
        yield path, problem, f"Write the rules for {found.group}"
    elif found is None and name not in references.guessed | declared:
        yield path, f"there is no attribute `{name}`", what_to_write(name, references.groups)


def _check_quality(config: HubConfig, references: References) -> Iterator[Finding]:
    for key in ("min_completeness", "min_valid_share"):
        for name in getattr(config.quality, key):
            if name not in references.attributes and name not in references.guessed:
                problem = f"there is no attribute `{name}`"
                yield ("quality", key, name), problem, what_to_write(name, references.attributes)
