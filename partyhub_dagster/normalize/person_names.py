"""Names of persons: parts or a whole in, display values and match-ready features out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import NamedTuple

from partyhub_dagster.normalize.nicknames import root_of
from partyhub_dagster.normalize.person_parsing import Person, parse_whole, person_of_parts, suffix_of
from partyhub_dagster.normalize.placeholders import is_no_name, is_placeholder
from partyhub_dagster.normalize.text import (
    CACHED,
    SLOT_SEPARATOR,
    VALUE_SEPARATOR,
    distinct,
    joined,
    only_parts,
    split_values,
    tidy,
    tokens,
)

COLUMNS = (
    "name_full", "name_given", "name_middle", "name_family", "name_suffix", "name_root", "name_initials",
    "name_phonetic", "name_tokens", "names",
)  # fmt: skip
VALUE_PARTS = ("full", "given", "middle", "family", "suffix")
_COMPOSED = ("given", "middle", "family", "suffix")


@dataclass(frozen=True)
class PersonLayout:
    """What each slot of a person-name unit is: (attribute, part)."""

    slots: tuple[tuple[str, str], ...]
    attributes: tuple[str, ...]
    parts: tuple[str, ...] | None = field(init=False)

    def __post_init__(self) -> None:
        parts = only_parts(self.slots)
        object.__setattr__(self, "parts", None if parts is None or "full" in parts else parts)


class Part(NamedTuple):
    """A part of a name, match-ready."""

    text: str
    tokens: tuple[str, ...]
    initials: str


def clean_person_names(unit: str, layout: PersonLayout) -> list[str]:
    """Return COLUMNS, the placeholder count, and per attribute the display values of VALUE_PARTS.

    Lists are slots of several values. Never raises: a name that cannot be read yields nothing.
    """
    if layout.parts is not None and VALUE_SEPARATOR not in unit:
        return _clean_one(unit, layout.parts)
    by_attribute: dict[str, dict[str, list[str]]] = {name: {} for name in layout.attributes}
    placeholders = 0
    for (attribute, part), slot in zip(layout.slots, unit.split(SLOT_SEPARATOR), strict=False):
        if not slot:
            continue
        known = by_attribute[attribute].setdefault(part, [])
        for value in split_values(slot):
            text, nothing = _read(value, whole=part == "full")
            placeholders += nothing
            known.append(text)
    shown: list[str] = []
    people: list[Person] = []
    for attribute in layout.attributes:
        found = _people(by_attribute[attribute])
        people.extend(found)
        shown.extend(_display(found))
    return [*_features(people), str(placeholders), *shown]


def _clean_one(unit: str, parts: tuple[str, ...]) -> list[str]:
    """The same for the usual unit, one name in parts, without what several need."""
    said = dict.fromkeys(_COMPOSED, "")
    placeholders = 0
    for part, slot in zip(parts, unit.split(SLOT_SEPARATOR), strict=False):
        if slot:
            said[part], nothing = _read(slot, whole=False)
            placeholders += nothing
    given, middle, family, suffix = (said[part] for part in _COMPOSED)
    people = [person_of_parts(given, middle, family, suffix)] if given or family else []
    return [*_features(people), str(placeholders), *_display(people)]


@lru_cache(maxsize=CACHED)
def _read(value: str, *, whole: bool) -> tuple[str, int]:
    """Return the tidy text and 0, or nothing and 1 for a placeholder; a lone letter of a part is an initial."""
    text = tidy(value)
    if text and is_placeholder(text) and (whole or len(text) > 1 or not text.isalpha()):
        return "", 1
    if not whole and is_no_name(text):
        return "", 1
    return text, 0


def _people(parts: dict[str, list[str]]) -> list[Person]:
    """Return the names of one attribute: that of the parts first, then wholes that say something else."""
    wholes = [parse_whole(text) for text in parts.get("full", ()) if text]
    columns = [parts.get(part, ()) for part in _COMPOSED]
    composed = []
    for i in range(max(map(len, columns))):
        given, middle, family, suffix = [column[i] if i < len(column) else "" for column in columns]
        if given or family:
            composed.append(person_of_parts(given, middle, family, suffix))
    return _joined(composed, wholes) if wholes else composed


def _joined(composed: list[Person], wholes: list[Person]) -> list[Person]:
    """Let a whole that holds all tokens of the parts be the display of the composed name, and its words count."""
    found: list[Person] = []
    used: set[str] = set()
    for person in composed:
        own = set(tokens(person.display()))
        match = next((whole for whole in wholes if own <= set(tokens(whole.whole))), None)
        if match is None:
            found.append(person)
        else:
            used.add(match.whole)
            words = " ".join(filter(None, (match.given, match.middle, match.family)))
            found.append(replace(person, whole=match.whole, words=words))
    return [*found, *(whole for whole in wholes if whole.whole not in used)]


def _display(people: Sequence[Person]) -> tuple[str, ...]:
    if not people:
        return ("",) * len(VALUE_PARTS)
    first = people[0]
    names = joined(distinct([person.display() for person in people])) if len(people) > 1 else first.display()
    return names, first.given, first.middle, first.family, first.suffix


@lru_cache(maxsize=CACHED)
def _part(text: str) -> Part:
    """Return the Latin tokens of a part; a word in Chinese or Korean signs stays one token."""
    found: list[str] = []
    for word in text.split():
        parts = tokens(word)
        found.extend(["".join(parts)] if parts and word[0] >= "\u3040" else parts)
    return Part(" ".join(found), tuple(found), "".join(word[0] for word in found))


def _features(people: Sequence[Person]) -> list[str]:
    read = []
    for person in people:
        given, middle, family = _part(person.given), _part(person.middle), _part(person.family)
        if given.tokens or middle.tokens or family.tokens:
            read.append((person, given, middle, family))
    if not read:
        return [""] * len(COLUMNS)
    person, given, middle, family = read[0]
    names = [" ".join(filter(None, (first.text, second.text, last.text))) for _, first, second, last in read]
    every = {word for _, *parts in read for part in parts for word in part.tokens}
    every.update(word for person, *_ in read if person.words for word in _part(person.words).tokens)
    return [
        names[0],
        given.text,
        middle.text,
        family.text,
        suffix_of(person.suffix),
        root_of(given.tokens[0]) if given.tokens else "",
        given.initials + middle.initials + family.initials,
        sound_of("".join(family.tokens)),
        joined(sorted(every)),
        names[0] if len(names) == 1 else joined(distinct(names)),
    ]


def words_of(part: str) -> tuple[str, ...]:
    """Return the Latin words of a part of a name in order."""
    return _part(part).tokens


@lru_cache(maxsize=CACHED)
def sound_of(word: str) -> str:
    """Return how a Latin word sounds (Metaphone); empty for what is no word."""
    return _metaphone()(word) if word.isalpha() else ""


@cache
def _metaphone() -> Callable[[str], str]:
    from rigour.text.phonetics import metaphone

    return metaphone
