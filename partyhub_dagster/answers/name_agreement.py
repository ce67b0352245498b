"""Do two names, with nothing else known, name one party? Names are read as the hub reads those of records."""

import re
from collections.abc import Iterable
from functools import cache

from partyhub_dagster.matching.bare_names import (
    BareName,
    NameAgreement,
    Word,
    compare_bare_names,
    narrowing_words,
)
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.normalize.countries import country_words
from partyhub_dagster.normalize.nicknames import root_of
from partyhub_dagster.normalize.organization_names import names_in, read_name
from partyhub_dagster.normalize.organization_words import GENERIC_WORDS, SMALL_WORDS
from partyhub_dagster.normalize.person_names import sound_of, words_of
from partyhub_dagster.normalize.person_parsing import PARTICLES, parse_whole, suffix_of
from partyhub_dagster.normalize.text import tidy
from partyhub_dagster.normalize.workers import cleaning_workers

_SMALL, _SHORT, _FULL = 0.3, 0.6, 1.0
_SHORTEST_COUNTRY = 4
_COUNTRIES_AT_HOME = frozenset(
    "nederland belgique belgie suisse svizzera polska sverige norge danmark suomi magyarorszag hrvatska srbija"
    " slovensko slovenija cesko lietuva latvija eesti hellas turkiye rossiya ukraina maroc algerie tunisie".split()
)
"""As companies write them; the long index of rigour takes a second to load and its time with every new word."""
_DOTS = re.compile("[・·•]")
"""Between the words of a foreign name in Japanese and Chinese."""


def name_agreement(a: str, b: str, kind: Kind) -> NameAgreement:
    """Weigh two names of one kind; of several names in one text (`X dba Y`), the best two count."""
    return _best(read_bare_names(a, kind), read_bare_names(b, kind))


def name_agreements(pairs: Iterable[tuple[str, str, Kind]]) -> list[NameAgreement]:
    """Weigh many pairs; a name is read once, as in a build, without a search for reference cycles in between."""
    with cleaning_workers(0, 1):
        return _agreements(pairs)  # it lets go of what it read before that search begins again


def _agreements(pairs: Iterable[tuple[str, str, Kind]]) -> list[NameAgreement]:
    read = cache(read_bare_names)
    return [_best(read(a, kind), read(b, kind)) for a, b, kind in pairs]


def _best(ones: tuple[BareName, ...], others: tuple[BareName, ...]) -> NameAgreement:
    if len(ones) == len(others) == 1:
        return compare_bare_names(ones[0], others[0])
    return max(
        (compare_bare_names(one, other) for one in ones for other in others), key=lambda found: found.bits
    )


def read_bare_names(text: str, kind: Kind) -> tuple[BareName, ...]:
    """Return the names that a text holds, at least one; one without words where it cannot be read."""
    text = tidy(text if text.isascii() else _DOTS.sub(" ", text))
    if kind == "person":
        return (_person(text),)
    return tuple(_organization(name) for name in names_in(text))


def _person(text: str) -> BareName:
    person = parse_whole(text)
    words = words_of(f"{person.given} {person.middle} {person.family}") or _as_written(text)
    return BareName(tuple(_person_word(word) for word in words), suffix_of(person.suffix))


def _as_written(text: str) -> tuple[str, ...]:
    """Return the words of a text in a script that has no Latin form here."""
    return tuple(text.casefold().split())


def _person_word(word: str) -> Word:
    counts = _SMALL if word in PARTICLES else _SHORT if len(word) < 3 else _FULL
    return Word(word, root_of(word), sound_of(word), counts)


def _organization(text: str) -> BareName:
    words, _ = read_name(text)
    told = [word for word in words if word not in SMALL_WORDS] or words or list(_as_written(text))
    return BareName(
        tuple(Word(word, word, sound_of(word), _counts(word)) for word in told),
        narrowing=narrowing_words(told, _countries_in(told)),
    )


def _counts(word: str) -> float:
    return _SHORT if word in GENERIC_WORDS or (len(word) < 3 and not word.isdigit()) else _FULL


def _countries_in(words: list[str]) -> frozenset[str]:
    known = country_words()
    return frozenset(
        word
        for word in words
        if len(word) >= _SHORTEST_COUNTRY and (word in known or word in _COUNTRIES_AT_HOME)
    )
