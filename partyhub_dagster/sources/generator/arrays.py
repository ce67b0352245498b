"""Columns of text and numbers, and the few vectorised steps that every part of the generator takes.

An absent value is the empty string; the writers turn it into what the file format calls absent.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

Text = NDArray[np.object_]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rng = np.random.Generator
_LOOKUP_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Rows:
    """Base of everything held as parallel columns: one position is one row."""

    def take(self, at: Ints | Bools) -> Self:
        """Return copies of the rows at the given positions."""
        return type(self)(**{f.name: _taken(getattr(self, f.name), at) for f in fields(self)})

    def put(self, at: Ints | Bools, other: Self) -> None:
        """Overwrite the rows at the given positions with the rows of `other`."""
        for f in fields(self):
            mine, theirs = getattr(self, f.name), getattr(other, f.name)
            if isinstance(mine, Rows):
                mine.put(at, theirs)
            else:
                mine[at] = theirs


def _taken(column: object, at: Ints | Bools) -> object:
    return column.take(at) if isinstance(column, Rows) else cast(Text, column)[at]


def text(values: Iterable[str]) -> Text:
    """Return the values as a column."""
    held = values if isinstance(values, list) else list(values)
    column: Text = np.empty(len(held), dtype=object)
    column[:] = held
    return column


def blank(n: int) -> Text:
    """Return a column of n absent values."""
    return np.full(n, "", dtype=object)


def stream(seed: int, *names: str) -> Rng:
    """Return the random stream of one part of the work, independent of what other parts draw."""
    return np.random.default_rng([seed, *(int.from_bytes(name.encode(), "big") % 2**32 for name in names)])


def ascii_of(value: str) -> str:
    """Return the value in plain Latin letters."""
    if value.isascii():
        return value
    from faker.decode import unidecode

    return unidecode(value)


def chance(rng: Rng, n: int, share: float) -> Bools:
    """Return which of n rows a thing of this share happens to."""
    return rng.random(n) < share


def draw(rng: Rng, words: Text | Sequence[str], n: int) -> Text:
    """Return n words, each as likely as the others."""
    held = words if isinstance(words, np.ndarray) else text(words)
    return held[rng.integers(len(held), size=n)]


def draw_weighted(rng: Rng, words: Text | Sequence[str], weights: Sequence[float], n: int) -> Text:
    """Return n words, drawn by weight."""
    held = words if isinstance(words, np.ndarray) else text(words)
    return held[draw_index(rng, weights, n)]


def draw_index(rng: Rng, weights: Sequence[float], n: int) -> Ints:
    """Return n positions, drawn by weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    places: Ints = np.searchsorted(edges, rng.random(n) * edges[-1], side="right").astype(np.int64)
    return places


def where(mask: Bools, yes: Text | str, no: Text | str) -> Text:
    """Return `yes` where the mask holds and `no` elsewhere."""
    return np.where(mask, np.asarray(yes, dtype=object), np.asarray(no, dtype=object))


def present(values: Text) -> Bools:
    """Return where a value is not absent."""
    return cast(Bools, values != "")


def mapped(function: Callable[[str], str], values: Text) -> Text:
    """Return function(value) for every value, called once for each distinct value: for words that repeat."""
    held = values.tolist()
    known = {value: function(value) for value in set(held)}
    return text([known[value] for value in held])


def each(function: Callable[[str], str], values: Text) -> Text:
    """Return function(value) for every value: for values that are mostly different."""
    return text([function(value) for value in values.tolist()])


def styled(styles: Ints, writers: Sequence[Callable[[Ints], Text]]) -> Text:
    """Return what the writer of each row's style makes of it; a writer sees only its own rows."""
    result = blank(len(styles))
    for style, write in enumerate(writers):
        at = np.flatnonzero(styles == style)
        result[at] = write(at)
    return result


def joined(separator: str, *columns: Text) -> Text:
    """Return the columns joined row by row, absent values left out."""
    result = columns[0]
    for column in columns[1:]:
        gap = where(present(result) & present(column), separator, "")
        result = result + gap + column
    return result


def digits(numbers: Ints, width: int) -> Text:
    """Return the numbers as decimal digits, zero-padded to the width."""
    if width > _LOOKUP_DIGITS:
        head, tail = np.divmod(numbers, 10**_LOOKUP_DIGITS)
        written: Text = digits(head, width - _LOOKUP_DIGITS) + _padded(_LOOKUP_DIGITS)[tail]
        return written
    if numbers.max(initial=0) < 10**_LOOKUP_DIGITS:
        return _padded(width)[numbers]
    return np.strings.zfill(numbers.astype(np.str_), width).astype(object)


@cache
def _padded(width: int) -> Text:
    """Return every short number as text: looking one up beats formatting it."""
    return text([f"{number:0{width}}" for number in range(10**_LOOKUP_DIGITS)])


def number_of(share: float, n: int) -> int:
    """Return how many of n the share is: at least one, so that small populations show every case."""
    return min(n, max(1, round(share * n)))
