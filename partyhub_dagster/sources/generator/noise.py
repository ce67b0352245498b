"""How true values come out of people's keyboards: slips, cases, formats. Nothing here knows a source."""

from itertools import pairwise
from typing import cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import (
    Bools,
    Rng,
    Text,
    ascii_of,
    blank,
    chance,
    draw_index,
    each,
    mapped,
    text,
    where,
)
from partyhub_dagster.sources.generator.places_abroad import phones_as_written_there

_NEIGHBOURS = {
    "a": "sqz", "b": "vgn", "c": "xdv", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hku", "k": "jli", "l": "kop", "m": "nj", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xa",
}  # fmt: skip
_SHORT_WORDS = {
    "Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr", "Lane": "Ln", "Court": "Ct", "Place": "Pl",
    "Boulevard": "Blvd", "Circle": "Cir", "Terrace": "Ter", "Parkway": "Pkwy", "Trail": "Trl", "Suite": "Ste",
    "Floor": "Fl", "North": "N", "South": "S", "West": "W", "East": "E", "Square": "Sq",
}  # fmt: skip
_US_PHONE_SHAPES = (
    "({0}) {1}-{2}",
    "{0}-{1}-{2}",
    "{0}.{1}.{2}",
    "{0}{1}{2}",
    "+1 {0} {1} {2}",
    "1-{0}-{1}-{2}",
)
_US_PHONE_WEIGHTS = (35.0, 30.0, 8.0, 15.0, 8.0, 4.0)


def misspelt(rng: Rng, values: Text, at: Bools) -> Text:
    """Return the values with one slip of the keyboard in each marked one."""
    result = values.copy()
    places, kinds, luck = rng.random(len(values)), rng.integers(4, size=len(values)), rng.random(len(values))
    for row in np.flatnonzero(at):
        result[row] = _with_slip(values[row], float(places[row]), int(kinds[row]), float(luck[row]))
    return result


def _with_slip(value: str, place: float, kind: int, luck: float) -> str:
    """Drop, double, replace or swap one letter; never the first one, which people rarely get wrong."""
    letters = [i for i, c in enumerate(value) if i > 0 and c.isalpha()]
    if len(letters) < 2:
        return value + value[-1:]
    at = letters[int(place * len(letters))]
    near = _NEIGHBOURS.get(value[at].lower(), "e")
    if kind == 0:
        return value[:at] + value[at + 1 :]
    if kind == 1:
        return value[:at] + value[at] + value[at:]
    if kind == 2 and at + 1 < len(value) and value[at + 1].isalpha() and value[at + 1] != value[at]:
        return value[:at] + value[at + 1] + value[at] + value[at + 2 :]
    return value[:at] + near[int(luck * len(near))] + value[at + 1 :]


def cased(values: Text, upper: Bools, lower: Bools) -> Text:
    """Return the values in capitals or small letters where marked."""
    result = values.copy()
    result[upper] = each(str.upper, values[upper])
    result[lower] = each(str.lower, values[lower])
    return result


def shortened(rng: Rng, lines: Text, share: float) -> Text:
    """Return address lines with the usual abbreviations in a share of them, some with a full stop."""
    n = len(lines)
    short, dotted = chance(rng, n, share), chance(rng, n, 0.2)
    result = lines.copy()
    for stop, at in (("", short & ~dotted), (".", short & dotted)):
        words = {word: brief + stop for word, brief in _SHORT_WORDS.items()}
        result[at] = text([_abbreviated(line, words) for line in lines[at].tolist()])
    return result


def _abbreviated(line: str, words: dict[str, str]) -> str:
    """Put the short forms for all words but the first, which is no kind of street."""
    first, *rest = line.split(" ")
    return " ".join([first, *[words.get(word, word) for word in rest]])


def us_phones(rng: Rng, numbers: Text) -> Text:
    """Return ten-digit numbers as people write them; numbers from abroad stay in their international form."""
    shapes = draw_index(rng, _US_PHONE_WEIGHTS, len(numbers))
    domestic = np.array([number[:1] not in {"", "+"} for number in numbers.tolist()], dtype=np.bool_)
    result = numbers.copy()
    for number, shape in enumerate(_US_PHONE_SHAPES):
        at = np.flatnonzero(domestic & (shapes == number))
        result[at] = text([shape.format(v[:3], v[3:6], v[6:]) for v in numbers[at].tolist()])
    return result


def phones_in_form(rng: Rng, numbers: Text, countries: Text, there: Bools) -> Text:
    """Return numbers as people of the countries write them; marked ones as within their country, without its code."""
    american = cast(Bools, (countries != "US") & (numbers != ""))
    american[american] = [number[0] != "+" for number in numbers[american].tolist()]
    numbers = where(american, "+1" + numbers, numbers)
    result = us_phones(rng, numbers)
    result[there] = phones_as_written_there(numbers[there])
    return result


def spaced(rng: Rng, values: Text, share: float) -> Text:
    """Return the values with stray blanks around or inside a share of them."""
    stray = chance(rng, len(values), share) & cast(Bools, values != "")
    doubled = each(lambda value: value.replace(" ", "  ", 1) if " " in value else f" {value} ", values[stray])
    result = values.copy()
    result[stray] = doubled
    return result


def folded(rng: Rng, values: Text, share: float) -> Text:
    """Return the values in plain Latin letters in a share of them, as keyboards without accents write them."""
    at = np.flatnonzero(chance(rng, len(values), share))
    result = values.copy()
    result[at] = mapped(ascii_of, values[at])
    return result


def kept(values: Text, keep: Bools) -> Text:
    """Return the values where `keep` holds, absent elsewhere."""
    return where(keep, values, blank(len(values)))


def grouped(rng: Rng, numbers: Text, cuts: tuple[int, ...], share: float) -> Text:
    """Return digit strings with dashes at the cuts in a share of them."""
    spans = [slice(a, b) for a, b in pairwise((0, *cuts, None))]
    at = np.flatnonzero(chance(rng, len(numbers), share))
    result = numbers.copy()
    result[at] = each(lambda v: v and "-".join([v[span] for span in spans]), numbers[at])
    return result
