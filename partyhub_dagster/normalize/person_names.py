"""Names of persons: parts or a whole in, display values and match-ready features out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from partyhub_dagster.normalize.nicknames import root_of
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import CACHED, SLOT_SEPARATOR, distinct, joined, split_values, tidy, tokens

SUFFIXES = {
    "jr": "jr", "junior": "jr", "jnr": "jr", "sr": "sr", "senior": "sr", "snr": "sr", "ii": "ii", "2nd": "ii",
    "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv", "v": "v", "5th": "v",
}  # fmt: skip
CREDENTIALS = frozenset("md phd dds dmd esq esquire cpa cfa mba rn jd dvm od pe msc bsc ba ma phd dphil".split())
PARTICLES = frozenset(
    "de da do dos das del della di du la le van von der den ter ten bin bint ibn al el st zu af av y".split()
)
_FAMILY_FIRST = re.compile(r"^[\u3400-\u9fff\uac00-\ud7af]{2,4}$")
_BRACKETED = re.compile(r"[(\[{\"“].*?[)\]}\"”]")


@dataclass(slots=True)
class Person:
    """One name of a person in display words."""

    given: list[str] = field(default_factory=list)
    middle: list[str] = field(default_factory=list)
    family: list[str] = field(default_factory=list)
    suffix: str = ""
    whole: str = ""

    def display(self) -> str:
        """The whole as received, else composed of the parts."""
        words = [*self.given, *self.middle, *self.family, self.suffix]
        return self.whole or " ".join(word for word in words if word)


@cache
def _titles() -> frozenset[str]:
    from rigour._core import person_name_prefixes_list

    return frozenset(word.casefold().rstrip(".") for word in person_name_prefixes_list() if " " not in word)


def _without_titles(words: list[str], keep: int) -> list[str]:
    while len(words) > keep and words[0].casefold().rstrip(".,") in _titles():
        words = words[1:]
    return words


def _take_suffix(words: list[str], keep: int) -> tuple[list[str], str]:
    """Take Jr, III and credentials off the end; return the rest and the generation suffix."""
    suffix = ""
    while len(words) > keep:
        bare = words[-1].casefold().replace(".", "").strip(",")
        if bare in SUFFIXES and not suffix and not (bare == "v" and len(words) < 3):
            suffix = words[-1].strip(",")
        elif bare not in CREDENTIALS:
            break
        words = words[:-1]
    return words, suffix


def parse_whole(text: str) -> Person:
    """Guess the parts of a tidy whole name: the last word is the family name, with its particles."""
    compact = text.replace(" ", "") if not text.isascii() else ""
    if compact and _FAMILY_FIRST.match(compact):
        family, given = (text.split(" ", 1) if " " in text else (text[0], text[1:]))
        return Person([given.replace(" ", "")], [], [family], whole=text)
    bare = " ".join(_BRACKETED.sub(" ", text).split()) or text
    words, suffix = _words_in_order(bare)
    words = _without_titles(words, keep=2)
    words, late = _take_suffix(words, keep=2 if len(words) > 2 else 1)
    person = Person(suffix=suffix or late, whole=text)
    if len(words) < 2:
        person.family = words
        return person
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in PARTICLES:
        start -= 1
    person.given, person.middle, person.family = words[:1], words[1:start], words[start:]
    return person


def _words_in_order(text: str) -> tuple[list[str], str]:
    """Return the words given name first: `Smith, John A., Jr` is turned round."""
    pieces = [piece.split() for piece in text.split(",") if piece.strip()]
    suffix = ""
    while len(pieces) > 1:
        rest, found = _take_suffix(pieces[-1], keep=0)
        if rest:
            break
        suffix = suffix or found
        pieces = pieces[:-1]
    if len(pieces) < 2:
        return (pieces[0] if pieces else []), suffix
    family, late = _take_suffix(pieces[0], keep=1)
    return [*(word for piece in pieces[1:] for word in piece), *family], suffix or late


@lru_cache(maxsize=CACHED)
def _given_words(text: str) -> list[str]:
    return _without_titles(text.split(), keep=1)


@lru_cache(maxsize=CACHED)
def _family_words(text: str) -> tuple[list[str], str]:
    return _take_suffix(text.replace(",", " ").split(), keep=1)


def _from_parts(parts: dict[str, str]) -> Person:
    given = _given_words(parts.get("given", ""))
    family, late = _family_words(parts.get("family", ""))
    middle = parts.get("middle", "").split()
    if not middle and len(given) > 1 and len(given[-1].rstrip(".")) == 1:
        given, middle = given[:-1], given[-1:]
    return Person(given, middle, family, parts.get("suffix", "") or late)


@dataclass(frozen=True, slots=True)
class PersonLayout:
    """What each slot of a person-name unit is: (attribute, part)."""

    slots: tuple[tuple[str, str], ...]
    attributes: tuple[str, ...]


COLUMNS = (
    "name_full", "name_given", "name_middle", "name_family", "name_suffix", "name_root", "name_initials",
    "name_phonetic", "name_tokens", "names",
)  # fmt: skip
VALUE_PARTS = ("full", "given", "middle", "family", "suffix")


def clean_person_names(unit: str, layout: PersonLayout) -> list[object]:
    """Return COLUMNS, the placeholder count, and per attribute the display values of VALUE_PARTS.

    Never raises: a name that cannot be read yields nothing.
    """
    by_attribute: dict[str, dict[str, list[str]]] = {name: {} for name in layout.attributes}
    placeholders = 0
    for (attribute, part), slot in zip(layout.slots, unit.split(SLOT_SEPARATOR), strict=False):
        if not slot:
            continue
        known = by_attribute[attribute].setdefault(part, [])
        for value in split_values(slot):
            text = tidy(value)
            nothing = is_placeholder(text) and _is_empty_name(text, part)
            placeholders += nothing and text != ""
            known.append("" if nothing else text)
    shown: list[object] = []
    people: list[Person] = []
    for attribute in layout.attributes:
        found = _people(by_attribute[attribute])
        people.extend(found)
        shown.extend(_display(found))
    return [*_features(people), placeholders, *shown]


def _is_empty_name(value: str, part: str) -> bool:
    """A one-letter part is an initial, whatever the lists of null words say."""
    return not (len(value) == 1 and value.isalpha() and part != "full")


def _people(parts: dict[str, list[str]]) -> list[Person]:
    """Return the names of one attribute: that of the parts first, then wholes that say something else."""
    wholes = [parse_whole(text) for text in parts.get("full", []) if text]
    sizes = [len(values) for part, values in parts.items() if part != "full"]
    composed = []
    for i in range(max(sizes, default=0)):
        mine = {part: values[i] for part, values in parts.items() if part != "full" and i < len(values)}
        if mine.get("given") or mine.get("family"):
            composed.append(_from_parts(mine))
    if not wholes:
        return composed
    for person in composed:
        own = set(tokens(person.display()))
        for whole in wholes:
            if not person.whole and own <= set(tokens(whole.whole)):
                person.whole = whole.whole
    said = {person.whole for person in composed}
    return [*composed, *(whole for whole in wholes if whole.whole not in said)]


def _display(people: Sequence[Person]) -> list[str | None]:
    first = people[0] if people else Person()
    return [
        joined(distinct([person.display() for person in people])),
        " ".join(first.given) or None,
        " ".join(first.middle) or None,
        " ".join(first.family) or None,
        first.suffix or None,
    ]


def _words(words: list[str]) -> list[str]:
    """Return Latin tokens; a word in Chinese or Korean signs stays one token."""
    found: list[str] = []
    for word in words:
        parts = tokens(word)
        found.extend(["".join(parts)] if parts and word[0] >= "\u3040" else parts)
    return found


def _features(people: Sequence[Person]) -> list[object]:
    read = [(person, _words(person.given), _words(person.middle), _words(person.family)) for person in people]
    read = [name for name in read if name[1] or name[2] or name[3]]
    if not read:
        return [None] * 8 + [[], []]
    names = [" ".join([*given, *middle, *family]) for _, given, middle, family in read]
    every = {word for _, *parts in read for words in parts for word in words}
    first, given, middle, family = read[0]
    suffix = first.suffix.casefold().replace(".", "").strip(" ,")
    return [
        names[0],
        " ".join(given) or None,
        " ".join(middle) or None,
        " ".join(family) or None,
        SUFFIXES.get(suffix),
        root_of(given[0]) if given else None,
        "".join(word[0] for word in (*given, *middle, *family)) or None,
        _sound("".join(family)),
        sorted(every),
        distinct(names),
    ]


def _sound(word: str) -> str | None:
    return (_metaphone()(word) or None) if word.isalpha() else None


@cache
def _metaphone() -> Callable[[str], str]:
    from rigour.text.phonetics import metaphone

    return metaphone
