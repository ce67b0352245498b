"""Contradictions inside one source."""

from collections.abc import Iterator

from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mappings import Target
from partyhub_dagster.config.mistakes import YamlPath
from partyhub_dagster.config.semantics import MEANINGS
from partyhub_dagster.config.sources import Source

Finding = tuple[YamlPath, str, str]
_OPTIONS = (
    ("csv", "csv", "csv"), ("json_", "json", "json"), ("excel", "excel", "excel"),
    ("fixed_width", "fixed_width", "fixed_width"),
)  # fmt: skip
"""Sections on how files are written: field, key in hub.yaml, the format that they speak of."""


def check_sources(config: HubConfig) -> Iterator[Finding]:
    """Find what contradicts itself within each source."""
    for name, source in config.sources.items():
        path: YamlPath = ("sources", name)
        yield from _check_paths(path, source)
        yield from _check_options(path, source)
        yield from _check_kinds(path, source)
        yield from _check_doubled_parts(path, source)


def _check_paths(path: YamlPath, source: Source) -> Iterator[Finding]:
    for position, pattern in enumerate(source.path):
        at = (*path, "path", position)
        if "://" in pattern:
            yield at, "sources are read from local files", "Write a path or glob relative to hub.yaml"
        elif "\\" in pattern:
            yield at, "a path is written with /", f"Write {pattern.replace(chr(92), '/')}"
        elif pattern.startswith("~"):
            yield at, "`~` is not followed", "Write a path or glob relative to the folder of hub.yaml"


def _check_options(path: YamlPath, source: Source) -> Iterator[Finding]:
    if source.feed == "delta" and "max_deleted_share" in source.model_fields_set:
        remedy = "Add feed: snapshot, or leave max_deleted_share out"
        yield (*path, "max_deleted_share"), "a delta feed deletes nothing by leaving it out", remedy
    for field, key, format_ in _OPTIONS:
        if source.format != format_ and field in source.model_fields_set:
            yield (
                (*path, key),
                f"the files are {source.format}",
                f"Leave {key} out, or write format: {format_}",
            )
    if source.format == "fixed_width" and not source.fixed_width.columns:
        remedy = "Add fixed_width: {columns: {NAME: FIRST-LAST}}"
        yield (*path, "format"), "the columns of a fixed-width file must be told", remedy
    for position, column in enumerate(source.key):
        if column in source.key[:position]:
            yield (*path, "key", position), f"the key names `{column}` twice", "Keep one of the two"


def _targets(path: YamlPath, source: Source) -> Iterator[tuple[YamlPath, Target]]:
    for column, targets in source.columns.items():
        for position, target in enumerate(targets):
            yield (*path, "columns", column, position), target
    for position, constant in enumerate(source.constants):
        yield (*path, "constants", position), constant


def _check_kinds(path: YamlPath, source: Source) -> Iterator[Finding]:
    kinds = source.kinds
    only_for = {"person_name": "person", "organization_name": "organization"}
    other = {"person_name": "organization_name", "organization_name": "person_name"}
    for at, target in _targets(path, source):
        if only_for.get(target.type, kinds[0]) not in kinds:
            problem = f"type {target.type} never applies: every record is of kind {kinds[0]}"
            yield (*at, "type"), problem, f"Write {other[target.type]}, or change kind of the source"
    if source.party_type is None:
        return
    types = {*source.party_type.values.values(), source.party_type.default} - {None}
    if kinds == ["organization"] and "INDIVIDUAL" in types:
        remedy = "Write ORGANIZATION or LEGAL_ENTITY, or change kind"
        yield (*path, "party_type"), "an organization is no INDIVIDUAL", remedy
    if kinds == ["person"] and types - {"INDIVIDUAL"}:
        yield (*path, "party_type"), "a person is an INDIVIDUAL", "Leave party_type out, or change kind"


def _check_doubled_parts(path: YamlPath, source: Source) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for at, target in _targets(path, source):
        part = target.part
        if part is None or part == "full" or part not in MEANINGS[target.type].parts:
            continue
        attribute = target.attribute or MEANINGS[target.type].attribute or ""
        if (attribute, part) in seen:
            problem = f"a second column feeds the part `{part}` of `{attribute}`"
            yield (*at, "part"), problem, "Choose another part, or another attribute for the second one"
        seen.add((attribute, part))
