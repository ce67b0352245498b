"""hub.yaml as a file: its data, and on which line each part of it stands.

Scalars stay the text that the author wrote (007, NO and 2024-01-01 included): the schema says what they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from partyhub_dagster.config.mistakes import Mistake, YamlPath, path_text

_UNTYPED_TAGS = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")


class _TextLoader(yaml.SafeLoader):
    """Reads every scalar as text, but for null and merge keys."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _UNTYPED_TAGS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Document:
    """What was read; `data` is none when the file could not be."""

    file: Path
    data: Any = None
    lines: dict[YamlPath, int] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def place(self, path: YamlPath) -> YamlPath:
        """Find the closest place that the file has for a path of the schema, which may see lists of one."""
        found: YamlPath = ()
        for step in path:
            if (*found, step) in self.lines:
                found = (*found, step)
            elif step != 0:
                break
        return found

    def mistake(self, path: YamlPath, problem: str, remedy: str) -> Mistake:
        """Describe a mistake at the closest place that the file has."""
        place = self.place(path)
        return Mistake(self.file, path_text(place), problem, remedy, self.lines.get(place))


def read_document(file: Path) -> Document:
    """Read a file; what keeps it from being read is a mistake, not an error."""
    try:
        return parse_document(file.read_bytes(), file)
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        remedy = "Name a hub.yaml with --config FILE or PARTYHUB_CONFIG"
        return Document(file, mistakes=(Mistake(file, "", f"the file {reason}", remedy),))


def parse_document(text: str | bytes, file: Path) -> Document:
    """Read a text as the content of `file`."""
    try:
        loader = _TextLoader(text)
        node = loader.get_single_node()
        if node is None:
            empty = Mistake(file, "", "the file is empty", "Write at least sources")
            return Document(file, mistakes=(empty,))
        lines: dict[YamlPath, int] = {}
        doubled = tuple(_walk(node, (), lines, (), file))
        data = loader.construct_document(node)
    except yaml.YAMLError as error:
        return Document(file, mistakes=(_syntax_mistake(error, file),))
    return Document(file, data, lines, doubled)


def _walk(
    node: yaml.Node, path: YamlPath, lines: dict[YamlPath, int], above: tuple[int, ...], file: Path
) -> Iterator[Mistake]:
    """Note the line of every part and report keys that are written twice."""
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in above:
        raise yaml.YAMLError("a part that contains itself")
    above = (*above, id(node))
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _walk(item, (*path, position), lines, above, file)
    elif isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(node, path, lines, above, file)


def _walk_mapping(
    node: yaml.MappingNode, path: YamlPath, lines: dict[YamlPath, int], above: tuple[int, ...], file: Path
) -> Iterator[Mistake]:
    first_lines: dict[str, int] = {}
    merged = [value for key, value in node.value if key.tag == _UNTYPED_TAGS[1]]
    for key, value in node.value:
        if key.tag == _UNTYPED_TAGS[1]:
            continue
        if not isinstance(key, yaml.ScalarNode):
            continue  # a list or mapping as a key is refused when the data is made
        line = key.start_mark.line + 1
        inside = (*path, key.value)
        if key.value in first_lines:
            problem = f"the key is written twice; the first is on line {first_lines[key.value]}"
            yield Mistake(file, path_text(inside), problem, "Keep one of the two", line)
        first_lines.setdefault(key.value, line)
        lines.setdefault(inside, line)
        yield from _walk(value, inside, lines, above, file)
    for value in merged:
        for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            yield from _walk(part, path, lines, above, file)


def _syntax_mistake(error: yaml.YAMLError, file: Path) -> Mistake:
    remedy = "Correct the YAML: two spaces per level, a space after each colon, quotes around special signs"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        return Mistake(file, "", f"this is not YAML: {error.problem or error.context}", remedy, line)
    if isinstance(error, yaml.reader.ReaderError):
        return Mistake(file, "", "this is not text", "Save the file as UTF-8")
    return Mistake(file, "", f"this is not YAML: {error}", remedy)
