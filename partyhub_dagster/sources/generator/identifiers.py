"""Identifiers and phone numbers that are valid in form and belong to nobody on purpose.

Social security numbers come from areas 773-899, never issued before 2011, while every generated adult is older.
"""

from typing import cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import Ints, Rng, Text, digits, draw, text

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOU_PREFIXES = ("5493", "2138", "9695", "5299", "8156", "2549")
_EIN_PREFIXES = (
    "10", "12", "20", "26", "27", "30", "32", "35", "36", "37", "38", "39", "41", "42", "45", "46", "47",
    "51", "52", "54", "56", "58", "61", "63", "65", "68", "71", "73", "75", "77", "81", "82", "84", "86",
)  # fmt: skip


def scattered(rng: Rng, n: int, size: int) -> Ints:
    """Return n different numbers below size, in no visible order."""
    step = int(size * 0.6180339887) | 1
    while np.gcd(step, size) != 1:
        step += 2
    places = (np.arange(n, dtype=np.int64) * step + int(rng.integers(size))) % size
    return places[rng.permutation(n)]


def draw_leis(rng: Rng, n: int) -> Text:
    """Return n different LEIs with ISO 17442 check digits."""
    body = rng.integers(len(_ALPHANUMERIC), size=(n, 12))
    letters = np.frombuffer(_ALPHANUMERIC.encode(), dtype=np.uint8)
    tails = np.ascontiguousarray(letters[body]).view("S12").reshape(n).astype(np.str_).astype(object)
    stem = draw(rng, _LOU_PREFIXES, n) + "00" + tails
    return cast(Text, stem + digits(98 - _mod_97_with_two_zeros(stem), 2))


def _mod_97_with_two_zeros(stems: Text) -> Ints:
    codes = stems.astype("S18").view(np.uint8).reshape(len(stems), 18).astype(np.int64)
    values = np.where(codes >= ord("A"), codes - ord("A") + 10, codes - ord("0"))
    remainder = np.zeros(len(stems), dtype=np.int64)
    for position in range(values.shape[1]):
        value = values[:, position]
        remainder = (remainder * np.where(value > 9, 100, 10) + value) % 97
    return cast(Ints, remainder * 100 % 97)


def draw_ssns(rng: Rng, n: int) -> Text:
    """Return n different nine-digit social security numbers without dashes."""
    place = scattered(rng, n, 127 * 99 * 9999)
    area, rest = 773 + place // (99 * 9999), place % (99 * 9999)
    return cast(Text, digits(area, 3) + digits(1 + rest // 9999, 2) + digits(1 + rest % 9999, 4))


def draw_eins(rng: Rng, n: int) -> Text:
    """Return n different nine-digit employer numbers without the dash."""
    place = scattered(rng, n, len(_EIN_PREFIXES) * 10**7)
    return cast(Text, text(_EIN_PREFIXES)[place // 10**7] + digits(place % 10**7, 7))


def draw_duns(rng: Rng, n: int) -> Text:
    """Return n different nine-digit DUNS numbers."""
    return digits(10_000_000 + scattered(rng, n, 950_000_000), 9)


def draw_bics(rng: Rng, names: Text, countries: Text) -> Text:
    """Return a bank code per row: four letters of the name, the country, two more characters."""
    letters = np.array(list("ABCDEFGHJKLMNPQRSTUVWXYZ"), dtype=object)
    n = len(names)
    pad = letters[rng.integers(len(letters), size=n)] + letters[rng.integers(len(letters), size=n)]
    head = text("".join(c for c in name.upper() if "A" <= c <= "Z")[:2].ljust(2, "X") for name in names)
    tail = letters[rng.integers(len(letters), size=n)] + digits(rng.integers(2, 10, size=n), 1)
    return cast(Text, head + pad + countries + tail)


def draw_nanp(rng: Rng, area_codes: Text) -> Text:
    """Return a valid ten-digit North American number for each area code; never exchange 555 or N11."""
    n = len(area_codes)
    exchange = 200 + rng.integers(800, size=n)
    exchange = np.where((exchange % 100 == 11) | (exchange == 555), exchange + 1, exchange)
    return cast(Text, area_codes + digits(exchange, 3) + digits(rng.integers(10_000, size=n), 4))
