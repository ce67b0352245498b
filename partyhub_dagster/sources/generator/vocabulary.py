"""Word lists, taken from Faker's providers once; picking from them is the generator's own work.

Faker makes one value per call (some 20 microseconds); its vocabularies are what is worth having.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from partyhub_dagster.sources.generator.arrays import Text, ascii_of, text
from partyhub_dagster.sources.generator.romanisations import ARABIC_FAMILY, ARABIC_FEMALE, ARABIC_MALE

_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f' -]+")
_LATIN_LOCALES = (
    "en_GB", "en_IE", "en_IN", "en_NZ", "de_DE", "de_AT", "fr_FR", "it_IT", "es_ES", "es_MX", "pl_PL", "nl_NL",
    "sv_SE", "no_NO", "pt_BR", "pt_PT", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "tr_TR", "fi_FI",
)  # fmt: skip
_NATIVE_LOCALES = {"RU": "ru_RU", "UA": "uk_UA", "GR": "el_GR", "KR": "ko_KR", "CN": "zh_CN"}
_KOREAN_FAMILIES = {
    "김": "Kim", "이": "Lee", "박": "Park", "최": "Choi", "정": "Jung", "강": "Kang", "조": "Cho", "윤": "Yoon",
    "장": "Jang", "임": "Lim", "오": "Oh", "신": "Shin", "권": "Kwon", "류": "Ryu", "노": "Noh", "백": "Baek",
}  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that people, streets and companies are named with."""

    given: dict[str, tuple[Text, list[float]]]
    given_wide: dict[str, Text]
    family: tuple[Text, list[float]]
    family_wide: Text
    native: dict[str, NativeNames]  # by country
    town_prefixes: Text
    town_suffixes: Text
    adjectives: Text
    nouns: Text


def _provider(kind: str, locale: str = "") -> Any:
    return import_module(".".join(filter(None, ("faker.providers", kind, locale)))).Provider


def _latin(words: Iterable[str]) -> list[str]:
    """Return the words of plain Latin letters, in alphabetical order, each once."""
    return sorted({w for w in words if _LATIN_WORD.fullmatch(w)})


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
        native={"JP": _japanese(), "AE": _arabic()}
        | {country: _native(locale) for country, locale in _NATIVE_LOCALES.items()},
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
    )


def _spelled(names: Iterable[str]) -> tuple[Text, Text]:
    latin = {name: romanised(name) for name in sorted(set(names))}
    native = [name for name, spelled in latin.items() if len(spelled) > 1]
    return text(native), text([latin[name] for name in native])


def romanised(name: str) -> str:
    """Return a name as one capitalised word in Latin letters."""
    spelled = _KOREAN_FAMILIES.get(name) or ascii_of(name)
    return "".join(c for c in spelled if c.isascii() and c.isalpha()).capitalize()


def _japanese() -> NativeNames:
    person = _provider("person", "ja_JP")
    male, female, family = (
        (text(p[0] for p in pairs), text(p[2] for p in pairs))
        for pairs in (person.first_name_male_pairs, person.first_name_female_pairs, person.last_name_pairs)
    )
    return NativeNames(male, female, family)


def _arabic() -> NativeNames:
    """Return names from the generator's own list: Arabic leaves out vowels, so no rule gives a Latin spelling."""
    male, female, family = (
        (text(names), text(names.values())) for names in (ARABIC_MALE, ARABIC_FEMALE, ARABIC_FAMILY)
    )
    return NativeNames(male, female, family)
