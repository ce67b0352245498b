"""Names of organisations: display values, and features without legal form, with numbers in digits."""

import re
from collections.abc import Sequence

from partyhub_dagster.normalize.legal_forms import without_legal_form, without_native_form
from partyhub_dagster.normalize.organization_words import (
    ABBREVIATIONS,
    GENERIC_WORDS,
    LETTERED_WORDS,
    NUMBER_WORDS,
    ROMAN_NUMBERS,
    SMALL_WORDS,
)
from partyhub_dagster.normalize.person_names import sound_of
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import SLOT_SEPARATOR, distinct, joined, split_values, tidy, tokens

COLUMNS = (
    "name_full", "name_initials", "name_phonetic", "name_tokens", "names", "legal_form", "name_numbers",
    "name_acronym",
)  # fmt: skip
_ALIASES = re.compile(
    r"[\s(,;]+(?=[adfnt])"  # most words are passed over at their first letter
    r"(?:d\s*/?\s*b\s*/?\s*a|doing business as|t\s*/\s*a|trading as|a\s*/?\s*k\s*/?\s*a|also known as"
    r"|f\s*/?\s*k\s*/?\s*a|formerly known as|formerly|n\s*/?\s*k\s*/?\s*a|now known as)\b[\s.:]+",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_AMPERSAND = re.compile(r"\s*[&＆]\s*|\s+\+\s+")
_NUMBERED = re.compile(r"^(\d+)(?:st|nd|rd|th)?$")


def clean_organization_names(unit: str, attributes: tuple[str, ...], order: tuple[str, ...]) -> list[str]:
    """Return COLUMNS, the placeholder count, and the display values of each attribute of `order`.

    `attributes` names the attribute of each slot. Lists are slots of several values.
    Never raises: a name that cannot be read yields nothing.
    """
    shown: dict[str, list[str]] = {name: [] for name in order}
    placeholders = 0
    for attribute, slot in zip(attributes, unit.split(SLOT_SEPARATOR), strict=False):
        for value in map(tidy, split_values(slot)):
            if value and is_placeholder(value):
                placeholders += 1
            elif value:
                shown[attribute].append(value)
    wholes = [name for attribute in order for name in shown[attribute]]
    return [*_features(wholes), str(placeholders), *(joined(distinct(shown[name])) for name in order)]


def _features(wholes: list[str]) -> list[str]:
    read = [name for whole in wholes for name in map(read_name, names_in(whole)) if name[0]]
    if not read:
        return [""] * len(COLUMNS)
    words, form = read[0]
    every = {word for other, _ in read for word in other if word not in ("and", "the")}
    return [
        " ".join(words),
        "".join(word[0] for word in words if word not in SMALL_WORDS),
        _sound(words),
        joined(sorted(every)),
        joined(distinct([" ".join(other) for other, _ in read])),
        form or "",
        " ".join(_numbers(words)),
        _acronym(words),
    ]


def names_in(whole: str) -> list[str]:
    """Split `X Inc dba Y` and `X (formerly Y)` into its names; without an alias, the whole."""
    pieces = [piece.strip(" (),;") for piece in _ALIASES.split(f" {whole}")]
    return [piece for piece in pieces if piece] or [whole]


def read_name(text: str) -> tuple[list[str], str | None]:
    """Return the tokens without legal form, numbers in digits, and the canonical legal form."""
    text, form = without_native_form(text)
    if "." in text:
        text = _DOTTED.sub(lambda match: match.group().replace(".", ""), text)
    words = _single_letters_joined(tokens(_AMPERSAND.sub(" and ", text) if _has_ampersand(text) else text))
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    words, found = without_legal_form(words)
    return [_canonical(words, i) for i in range(len(words))], found or form


def _has_ampersand(text: str) -> bool:
    return "&" in text or "+" in text or "＆" in text


def _single_letters_joined(words: Sequence[str]) -> list[str]:
    """Join runs of single letters: a b c is abc; a lone letter stays."""
    if min(map(len, words), default=0) > 1:
        return list(words)
    found: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            run.append(word)
            continue
        found.extend(["".join(run)] if len(run) > 1 else run)
        run = []
        if word:
            found.append(word)
    return found


def _canonical(words: list[str], i: int) -> str:
    """Return the token with abbreviations in full, and ordinals, numerals and roman numbers in digits."""
    word = words[i]
    if word[0].isdigit():
        match = _NUMBERED.match(word)
        return word if match is None else match.group(1).lstrip("0") or "0"
    if i > 0 and word in ROMAN_NUMBERS and (len(word) > 1 or i == len(words) - 1):
        return ROMAN_NUMBERS[word]
    return NUMBER_WORDS.get(word) or ABBREVIATIONS.get(word) or word


def _numbers(words: list[str]) -> list[str]:
    """Return numbers, and letters of classes and series, in order."""
    return [
        word
        for i, word in enumerate(words)
        if word.isdigit() or (i > 0 and len(word) == 1 and words[i - 1] in LETTERED_WORDS)
    ]


def _acronym(words: list[str]) -> str:
    """Return the first letters of the words; a short single word may itself be one."""
    if len(words) == 1:
        return words[0] if 2 <= len(words[0]) <= 6 and words[0].isalpha() else ""
    letters = [word[0] for word in words if word not in SMALL_WORDS and word[0].isalpha()]
    return "".join(letters) if len(letters) > 1 else ""


def _sound(words: list[str]) -> str:
    spoken = [word for word in words if word.isalpha() and word not in SMALL_WORDS]
    telling = [word for word in spoken if word not in GENERIC_WORDS and len(word) > 2]
    return sound_of((telling or spoken or [""])[0])
