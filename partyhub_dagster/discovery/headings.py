"""What the heading of a column says that it holds."""

import re
from dataclasses import dataclass
from functools import cache

from partyhub_dagster.discovery.vocabulary import ABOUT_ANOTHER, PHRASES
from partyhub_dagster.normalize.text import tokens

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FOR_NAMES_ONLY = frozenset(
    {"first", "last", "middle", "given", "family", "party", "customer", "client", "partner"}
)
"""Words that are a heading by themselves only."""

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
        tuple(phrase.split()): meaning for meaning, listed in PHRASES.items() for phrase in listed.split(", ")
    }


def words_of(heading: str) -> tuple[str, ...]:
    """Return the words of a heading: FIRST_NM, firstName and Straße become words."""
    return tokens(_HUMP.sub(" ", heading.replace("_", " ").replace("-", " ")))


def read_heading(heading: str) -> Heading:
    """Find the longest phrase in a heading; of equally long ones the last, as the noun comes last."""
    words = words_of(heading)
    joined = tokens(heading.replace("_", " "))
    known = _phrases()
    for said in (words, joined, ("".join(words),)):
        if said in known:
            return Heading(known[said], whole=True, qualifier="")
    for size in range(len(words), 0, -1):
        for start in range(len(words) - size, -1, -1):
            phrase = words[start : start + size]
            rest = words[:start] + words[start + size :]
            if phrase not in known or (size == 1 and phrase[0] in _FOR_NAMES_ONLY):
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
