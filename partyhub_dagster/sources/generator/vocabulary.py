"""Word lists, taken from Faker's providers once; picking from them is the generator's own work.

Faker makes one value per call (some 20 microseconds); its vocabularies are what is worth having.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from partyhub_dagster.sources.generator.arrays import Text, text

_LATIN_LOCALES = (
    "en_GB", "en_IE", "en_IN", "en_NZ", "de_DE", "de_AT", "fr_FR", "it_IT", "es_ES", "es_MX", "pl_PL", "nl_NL",
    "sv_SE", "no_NO", "pt_BR", "pt_PT", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "tr_TR", "fi_FI",
)  # fmt: skip
_STEMS = (
    "Ash", "Black", "Bram", "Brook", "Cald", "Chad", "Clif", "Cran", "Dar", "Dun", "East", "El", "Fair", "Farn",
    "Green", "Had", "Hal", "Harl", "Hart", "Hawk", "Hol", "Kings", "Lang", "Lin", "Mar", "Mel", "Mill", "Nor",
    "Oak", "Pem", "Quar", "Rad", "Rush", "Sed", "Shel", "Stan", "Stock", "Thorn", "Wake", "Wal", "West", "Win",
)  # fmt: skip
_ENDINGS = (
    "bourne", "bury", "by", "combe", "cote", "croft", "dale", "den", "field", "ford", "ham", "hurst", "land",
    "ley", "low", "man", "mere", "more", "ridge", "ston", "ton", "wall", "ward", "well", "wick", "wood", "worth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NativeNames:
    """Names of one script beside their usual Latin spelling: parallel columns."""

    male: tuple[Text, Text]
    female: tuple[Text, Text]
    family: tuple[Text, Text]
    family_first: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that people, streets and companies are named with."""

    given: dict[str, tuple[Text, list[float]]]
    given_wide: dict[str, Text]
    family: tuple[Text, list[float]]
    family_wide: Text
    native: tuple[NativeNames, ...]
    town_prefixes: Text
    town_suffixes: Text
    adjectives: Text
    nouns: Text


def _provider(kind: str, locale: str = "") -> Any:  # noqa: ANN401 - Faker's providers share no type
    return import_module(".".join(filter(None, ("faker.providers", kind, locale)))).Provider


def _latin(words: Iterable[str]) -> list[str]:
    """Return the words of plain Latin letters, in alphabetical order, each once."""
    return sorted({w for w in words if len(w) > 1 and all(c.isalpha() and ord(c) < 0x250 or c in "'- " for c in w)})


@cache
def load_vocabulary() -> Vocabulary:
    """Read the word lists: about half a second, once per process."""
    us, wide = _provider("person", "en_US"), _provider("person", "en")
    company = _provider("company")
    address = _provider("address", "en_US")
    latin = [_provider("person", locale) for locale in _LATIN_LOCALES]
    families = [name for p in latin for name in p.last_names] + [s + e for s in _STEMS for e in _ENDINGS]
    return Vocabulary(
        given={
            "M": (text(us.first_names_male), list(us.first_names_male.values())),
            "F": (text(us.first_names_female), list(us.first_names_female.values())),
        },
        given_wide={"M": text(_latin(wide.first_names_male)), "F": text(_latin(wide.first_names_female))},
        family=(text(us.last_names), list(us.last_names.values())),
        family_wide=text(_latin(families)),
        native=tuple(_native(locale) for locale in ("ru_RU", "uk_UA", "el_GR", "ko_KR", "zh_CN")) + (_japanese(),),
        town_prefixes=text(address.city_prefixes),
        town_suffixes=text(address.city_suffixes),
        adjectives=text(w.title() for w in _latin(company.catch_phrase_words[0])),
        nouns=text(w.title() for w in _latin(company.catch_phrase_words[2])),
    )


def _native(locale: str) -> NativeNames:
    person = _provider("person", locale)
    family = getattr(person, "last_names_male", None) or person.last_names
    return NativeNames(
        male=_spelled(person.first_names_male),
        female=_spelled(person.first_names_female),
        family=_spelled(family),
        family_first=locale in {"ko_KR", "zh_CN"},
    )


def _spelled(names: Iterable[str]) -> tuple[Text, Text]:
    from faker.decode import unidecode

    native = [name for name in sorted(set(names)) if len(romanised(unidecode(name))) > 1]
    return text(native), text(romanised(unidecode(name)) for name in native)


def romanised(spelled: str) -> str:
    """Return a transliteration as one capitalised word."""
    return "".join(c for c in spelled if c.isascii() and c.isalpha()).capitalize()


def _japanese() -> NativeNames:
    person = _provider("person", "ja_JP")
    male, female, family = (
        (text(p[0] for p in pairs), text(p[2] for p in pairs))
        for pairs in (person.first_name_male_pairs, person.first_name_female_pairs, person.last_name_pairs)
    )
    return NativeNames(male, female, family, family_first=True)
