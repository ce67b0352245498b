"""What the heading of a column says that it holds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from partyhub_dagster.discovery.vocabulary import ABOUT_ANOTHER, PHRASES
from partyhub_dagster.normalize.text import tokens

_NUMBERED = re.compile(r"([a-z]{3,})(\d)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ALONE_ONLY = frozenset(
    "first last middle given family party customer client partner type typ art kind op operation stand code index label"
    " entity mail web land title cap cp str".split()
)
"""Words that say what a column holds only when they are the whole heading."""
_SHORT_FOR = {
    "nm": "name", "dt": "date", "cd": "code", "ln": "line", "cust": "customer", "addr": "address", "adr": "address",
    "ctry": "country", "cntry": "country", "st": "street", "mid": "middle", "fst": "first", "lst": "last",
    "num": "number", "nbr": "number", "mob": "mobile", "org": "organization", "organisation": "organization",
    "comp": "company", "brth": "birth", "lic": "license", "upd": "update", "mod": "modified", "ph": "phone",
    "telephone": "phone", "emails": "email", "names": "name", "phones": "phone", "addresses": "address",
}  # fmt: skip
"""Usual short forms in headings; phrases are read in the same way."""
_AT_THE_END = frozenset({"key", "kind", "version", "deleted", "name"})
"""Meanings of words that say something else before another noun: number of rooms, type of roof."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, read."""

    meaning: str | None
    """A key of PHRASES; none where no phrase is found."""
    whole: bool
    """Whether the phrase is all that the heading says."""
    qualifier: str
    """What the heading says beside the phrase: `billing` of BILLING_CITY."""


@cache
def _phrases() -> dict[tuple[str, ...], str]:
    return {
        _long(phrase.split()): meaning for meaning, listed in PHRASES.items() for phrase in listed.split(", ")
    }


def words_of(heading: str) -> tuple[str, ...]:
    """Return the words of a heading: FIRST_NM, firstName and Straße become words."""
    spaced = _HUMP.sub(" ", heading.replace("_", " ").replace("-", " "))
    return _long(word for said in tokens(spaced) for word in _NUMBERED.sub(r"\1 \2", said).split())


def _long(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(_SHORT_FOR.get(word, word) for word in words)


def read_heading(heading: str) -> Heading:
    """Find the longest phrase in a heading; of equally long ones the last, as the noun comes last."""
    words = words_of(heading)
    joined = _long(tokens(heading.replace("_", " ")))
    known = _phrases()
    for said in (words, joined, ("".join(tokens(heading)),)):
        if said in known:
            return Heading(known[said], whole=True, qualifier="")
    for size in range(len(words), 0, -1):
        for start in range(len(words) - size, -1, -1):
            phrase = words[start : start + size]
            rest = words[:start] + words[start + size :]
            if phrase not in known or (size == 1 and phrase[0] in _ALONE_ONLY):
                continue
            if known[phrase] in _AT_THE_END and start + size < len(words):
                continue
            if rest and words[-1] in ABOUT_ANOTHER and (start + size < len(words) or _is_of_its_own(rest)):
                return Heading(None, whole=False, qualifier="_".join(words))
            return Heading(known[phrase], whole=False, qualifier="_".join(rest))
    return Heading(None, whole=False, qualifier="_".join(words))


def _is_of_its_own(rest: tuple[str, ...]) -> bool:
    """Tell whether the rest names an identifier: PASSPORT_COUNTRY says who issued it, not where the party lives."""
    return _phrases().get(rest, "").partition(":")[0] in ("identifier", "tax_id", "lei", "duns", "phone")
