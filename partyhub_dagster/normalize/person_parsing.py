"""Names of persons into parts: by the order of words, commas, particles, titles and suffixes."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from partyhub_dagster.normalize.placeholders import is_no_name
from partyhub_dagster.normalize.text import CACHED

SUFFIXES = {
    "jr": "jr", "junior": "jr", "jnr": "jr", "sr": "sr", "senior": "sr", "snr": "sr", "ii": "ii", "2nd": "ii",
    "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv", "v": "v", "5th": "v",
}  # fmt: skip
CREDENTIALS = frozenset(
    "md phd dds dmd esq esquire cpa cfa mba rn jd dvm od pe msc bsc ba ma phd dphil".split()
)
PARTICLES = frozenset(
    "de da do dos das del della di du la le van von der den ter ten bin bint ibn al el st zu af av y".split()
)
_FAMILY_FIRST = re.compile(r"^[\u3400-\u9fff\uac00-\ud7af]{2,4}$")
_BRACKETED = re.compile(r"[(\[{\"“].*?[)\]}\"”]")


@dataclass(frozen=True, slots=True)
class Person:
    """One name of a person as displayed; empty where not known. `words`: of a whole that says more than the parts."""

    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    whole: str = ""
    words: str = ""

    def display(self) -> str:
        """The whole as received, else composed of the parts."""
        return self.whole or " ".join(filter(None, (self.given, self.middle, self.family, self.suffix)))


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
        first, _, rest = text.partition(" ") if " " in text else (text[0], "", text[1:])
        return Person(rest.replace(" ", ""), "", first, whole=text)
    bare = " ".join(_BRACKETED.sub(" ", text).split()) or text
    words, suffix = _words_in_order(bare)
    words = [word for word in words if not is_no_name(word)] or words
    words = _without_titles(words, keep=2)
    words, late = _take_suffix(words, keep=2 if len(words) > 2 else 1)
    start = max(len(words) - 1, 0)
    while start > 1 and words[start - 1].casefold() in PARTICLES:
        start -= 1
    given, middle, family = words[: min(start, 1)], words[1:start], words[start:]
    return Person(" ".join(given), " ".join(middle), " ".join(family), suffix or late, text)


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
def _given_and_initial(text: str) -> tuple[str, str]:
    """Return a given name without titles, and the initial of a middle name that stands behind it."""
    words = _without_titles(text.split(), keep=1)
    if len(words) > 1 and len(words[-1].rstrip(".")) == 1:
        return " ".join(words[:-1]), words[-1]
    return " ".join(words), ""


@lru_cache(maxsize=CACHED)
def _family_and_suffix(text: str) -> tuple[str, str]:
    words, suffix = _take_suffix(text.replace(",", " ").split(), keep=1)
    return " ".join(words), suffix


def person_of_parts(given: str, middle: str, family: str, suffix: str) -> Person:
    """Compose a name of tidy parts; an initial in the given name, a suffix in the family name are moved."""
    first, initial = _given_and_initial(given)
    if initial and middle:
        first, initial = f"{first} {initial}", ""
    last, late = _family_and_suffix(family)
    return Person(first, middle or initial, last, suffix or late)


@lru_cache(maxsize=CACHED)
def suffix_of(text: str) -> str:
    """Return the canonical form of a generation suffix: Junior is jr; empty for what is none."""
    return SUFFIXES.get(text.casefold().replace(".", "").strip(" ,"), "")
