"""How well two names agree, when names are all that is known: word by word, in any order.

For screening a list and for a steward with two names in front of them. The trained ladders of `comparisons` weigh
a name beside dates, places and numbers; alone, it must also say what speaks against it, so here every word has to
be explained by the other name. Words that neither name can explain of the other weigh far more than words that
one of them leaves out.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from partyhub_dagster.matching.features import BRANCH_WORDS

AGREEING = 0.0
"""Bits from which on two names are taken for one."""

_WORD = 4.0  # a word that both have
_MOST_WORDS = 3.0  # more agreeing words cannot outweigh one that differs: kin and branches share all but one
_CONFLICT = 14.0
_CONFLICT_POWER = 1.5  # slips leave little of a word unexplained, other words leave all of it
_LEFT_OUT = 0.7
_PRIOR = -2.0
_LONGEST_JOIN = 4


class Word(NamedTuple):
    """One Latin word: its root if it is short for another, its sound, and what it counts (1 is a full word)."""

    text: str
    root: str
    sound: str
    counts: float


Placed = tuple[int, Word]
"""A word and its place in the name."""


class BareName(NamedTuple):
    """The words of a name in order, without titles, legal form and suffix.

    `narrowing` are the words that make a unit or a sibling of what the others name: countries, numbers, branches.
    """

    words: tuple[Word, ...]
    suffix: str = ""
    narrowing: frozenset[str] = frozenset()


class NameAgreement(NamedTuple):
    """What speaks for and against one name. Units: bits; words, by what they count."""

    bits: float
    shared: float
    conflict: float
    left_out: float

    @property
    def agrees(self) -> bool:
        """Whether the two are taken for one name."""
        return self.bits >= AGREEING


def narrowing_words(words: list[str], countries: frozenset[str]) -> frozenset[str]:
    """Return which words of an organization's name set it apart from its parent and siblings."""
    return frozenset(word for word in words if word.isdigit() or word in BRANCH_WORDS or word in countries)


def compare_bare_names(a: BareName, b: BareName) -> NameAgreement:
    """Weigh two names. Guarantees: symmetric; the order of words counts only where words are joined."""
    if not a.words or not b.words:
        return NameAgreement(_PRIOR, 0.0, 0.0, 0.0)
    if b.words < a.words:
        a, b = b, a  # where words could be paired in two ways, always the same one is taken
    left, right = _explained(a.words, b.words)
    counted_left, counted_right = _counted(a.words), _counted(b.words)
    open_left = sum([w.counts * (1 - e) for w, e in zip(a.words, left, strict=True)])
    open_right = sum([w.counts * (1 - e) for w, e in zip(b.words, right, strict=True)])
    shared = min(counted_left - open_left, counted_right - open_right)
    conflict, left_out = min(open_left, open_right), abs(open_left - open_right)
    bits = _PRIOR + _WORD * min(shared, _MOST_WORDS)
    bits -= _CONFLICT * conflict**_CONFLICT_POWER + _LEFT_OUT * left_out
    if _narrows(a, left) or _narrows(b, right) or (a.suffix and b.suffix and a.suffix != b.suffix):
        bits -= _CONFLICT
    return NameAgreement(round(bits, 3), shared, conflict, left_out)


def _counted(words: tuple[Word, ...]) -> float:
    return sum([word.counts for word in words])


def _narrows(name: BareName, explained: list[float]) -> bool:
    return bool(name.narrowing) and any(
        word.text in name.narrowing and share < 0.5 for word, share in zip(name.words, explained, strict=True)
    )


def _explained(a: tuple[Word, ...], b: tuple[Word, ...]) -> tuple[list[float], list[float]]:
    """Return for each word which share of it the other name explains, every word serving once."""
    left, right = [0.0] * len(a), [0.0] * len(b)
    places: dict[str, list[int]] = {}
    for j, word in enumerate(b):
        places.setdefault(word.text, []).append(j)
    for i, word in enumerate(a):
        if same := places.get(word.text):
            left[i] = right[same.pop(0)] = 1.0
    if all(left) or all(right):
        return left, right
    open_a = [(i, word) for i, word in enumerate(a) if not left[i]]
    open_b = [(j, word) for j, word in enumerate(b) if not right[j]]
    likely = [*_likely(open_a, open_b), *_joins(open_a, open_b)]
    likely.extend((share, i, j) for share, j, i in _joins(open_b, open_a))
    for share, at_a, at_b in sorted(likely, key=lambda found: (-found[0], abs(found[1][0] - found[2][0]))):
        if not any(left[k] for k in at_a) and not any(right[k] for k in at_b):
            for k in at_a:
                left[k] = share
            for k in at_b:
                right[k] = share
    return left, right


def _likely(a: list[Placed], b: list[Placed]) -> Iterator[tuple[float, range, range]]:
    """Yield (share, place in a, place in b) for words that may stand for each other."""
    for i, one in a:
        for j, other in b:
            share = alike(one, other)
            if share > 0:
                yield share, range(i, i + 1), range(j, j + 1)


def _joins(parts: list[Placed], wholes: list[Placed]) -> Iterator[tuple[float, range, range]]:
    """Yield neighbours of one name that are one word of the other: written together, or by their initials."""
    for start in range(len(parts) - 1):
        first, word = parts[start]
        joined, initials = word.text, word.text[0]
        for place, word in parts[start + 1 : start + _LONGEST_JOIN]:
            if place != first + len(initials):
                break  # a word that the other name has stands between
            joined += word.text
            initials += word.text[0]
            for j, whole in wholes:
                share = 0.8 if whole.text == initials else _same_letters(joined, whole.text)
                if share > 0:
                    yield share, range(first, place + 1), range(j, j + 1)


def _same_letters(joined: str, whole: str) -> float:
    if abs(len(joined) - len(whole)) > 2:
        return 0.0
    if joined == whole:
        return 0.99
    return _by_spelling(joined, whole) if len(joined) >= 6 and len(whole) >= 6 else 0.0


def alike(a: Word, b: Word) -> float:
    """Return which share of one word the other explains: nickname, initial, sound or slips; 0 for other words."""
    if a.root == b.root:
        return 0.9
    one, other = a.text, b.text
    if len(one) == 1 or len(other) == 1:
        return 0.6 if one[0] == other[0] and one[0].isalpha() else 0.0
    if not (one.isalpha() or other.isalpha()) and _digits(one) != _digits(other):
        return 0.0  # 2005-AR16 is not 2006-AR16, but Sech1n may be Sechin
    share = _by_spelling(one, other)
    if share < 0.8 and len(a.sound) > 1 and a.sound == b.sound:
        return 0.8 if 2 * _slips(one, other) <= max(len(one), len(other)) else share
    return share


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _by_spelling(a: str, b: str) -> float:
    """One slip in any word, two from six letters on, three from ten on: each takes its share of the letters."""
    length = max(len(a), len(b))
    if abs(len(a) - len(b)) > 3:
        return 0.0
    slips = _slips(a, b)
    allowed = 1 + (length >= 6) + (length >= 10)
    return max(0.0, 1 - (0.5 + 0.5 * slips) * slips / length) if slips <= allowed else 0.0


def _slips(a: str, b: str) -> int:
    found = _levenshtein()(a, b)
    # Two letters that changed places are one slip.
    return 1 if found == 2 and len(a) == len(b) and sorted(a) == sorted(b) else found


@cache
def _levenshtein() -> Callable[[str, str], int]:
    from rigour.text.distance import levenshtein

    return levenshtein
