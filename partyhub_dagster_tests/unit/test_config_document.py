"""What is no hub.yaml, or no YAML at all, is a mistake like any other: told, never raised."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from partyhub_dagster.config import Mistake, find_mistakes
from partyhub_dagster.config.document import parse_document
from partyhub_dagster.config.load import _read
from partyhub_dagster.config.pruning import path_before, without

HUB = """
sources:
  crm:
    path: inbox/*.csv
    key: [A, B]
    kind: {column: K, values: {P: person}}
    constants: [{type: country, value: US}]
    columns: {NAME: person_name, X: [{type: text, attribute: note}, phone]}
attributes: {note: {personal: false}}
matching: {person: {thresholds: {cut: -3}, disable: [phone]}}
survivorship: {sources: [crm], default: [pinned, {trust: {crm: 0.5}}]}
"""


def mistakes_of(text: str, tmp_path: Path) -> list[Mistake]:
    file = tmp_path / "hub.yaml"
    file.write_text(text, encoding="utf-8")
    return find_mistakes(file)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", None, "empty"),
        ("# nothing\n", None, "empty"),
        ("- a\n- b\n", 1, "no keys"),
        ("just words", 1, "no keys"),
        ("a: [1, 2\nb: 3\n", 2, "not YAML"),
        ("a:\n\tb: 1\n", 2, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: !!python/object:os.system {}\n", 1, "not YAML"),
        ("a: &x [*x]\n", None, "contains itself"),
        ("a: *nowhere\n", 1, "not YAML"),
        ("? [a, b]\n: c\n", 1, "not YAML"),
    ],
)
def test_what_is_no_hub_yaml_is_a_mistake_too(
    tmp_path: Path, text: str, line: int | None, problem: str
) -> None:
    first = mistakes_of(text, tmp_path)[0]
    assert first.line == line
    assert problem in first.problem


def test_a_file_that_is_not_there_or_no_text_is_a_mistake(tmp_path: Path) -> None:
    (missing,) = find_mistakes(tmp_path / "none.yaml")
    assert "does not exist" in missing.problem
    assert "--config" in missing.remedy
    (tmp_path / "hub.yaml").write_bytes(b"name: \xff\xfe\xfa")
    (unreadable,) = find_mistakes(tmp_path / "hub.yaml")
    assert "not text" in unreadable.problem
    (folder,) = find_mistakes(tmp_path)
    assert "cannot be read" in folder.problem


def test_a_mistake_reads_as_one_line() -> None:
    told = str(Mistake(Path("hub.yaml"), "a.b", "it is wrong", "Write c", 7))
    assert told == "hub.yaml:7: a.b: it is wrong. Write c."


@given(
    data=st.recursive(st.integers(), lambda inside: st.lists(inside, max_size=4), max_leaves=12),
    draw=st.data(),
)
def test_what_is_left_keeps_its_place_in_the_whole(data: object, draw: st.DataObject) -> None:
    def leaves(part: object, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
        if isinstance(part, list):
            return [leaf for n, item in enumerate(part) for leaf in leaves(item, (*path, n))]
        return [path]

    def value_at(part: object, path: tuple[str | int, ...]) -> object:
        for step in path:
            assert isinstance(part, list)
            part = part[int(step)]
        return part

    every = leaves(data)
    prefixes = sorted({leaf[:n] for leaf in every for n in range(1, len(leaf) + 1)})
    refused = frozenset(draw.draw(st.sets(st.sampled_from(prefixes))) if prefixes else set())
    left = without(data, refused)
    for leaf in leaves(left):
        whole = path_before(leaf, refused)
        assert value_at(data, whole) == value_at(left, leaf)
        assert not any(whole[:n] in refused for n in range(len(whole) + 1))


def places_of(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(place for step, value in inside for place in places_of(value, (*path, step)))]


KEYS = st.sampled_from(["", "name", "type", "zz"])
ANYTHING = st.recursive(
    st.sampled_from(["", "x", "name", "crm", "-1", "0.5", "nan", "true", None]),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(KEYS, inside, max_size=2),
    max_leaves=3,
)


@given(draw=st.data())
def test_whatever_is_written_is_read_or_refused_with_mistakes(draw: st.DataObject) -> None:
    hub = yaml.load(HUB, yaml.BaseLoader)  # noqa: S506 - makes texts only
    for _ in range(draw.draw(st.integers(1, 3))):
        *above, last = draw.draw(st.sampled_from(places_of(hub)[1:]))
        part = hub
        for step in above:
            part = part[step]
        part[last] = draw.draw(ANYTHING)
    file = Path("/hub/hub.yaml")
    config, mistakes = _read(parse_document(yaml.safe_dump(hub), file))
    assert (config is None) <= bool(mistakes)
    assert all(mistake.problem and mistake.remedy and mistake.file == file for mistake in mistakes)
    if config is not None:
        assert config.survivorship.rules.keys() <= config.attributes.keys()
        assert config.fingerprint("hub")
