"""Dates in many layouts, as ISO 8601; a date that cannot be is no date."""

import datetime
import re

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import tidy

TWO_DIGIT_PIVOT = 25
"""Two-digit years up to this one are 20xx, later ones 19xx; fixed, because no value depends on the clock."""
EARLIEST_YEAR, LATEST_YEAR = 1000, 2199
PLACEHOLDER_DATES = frozenset({
    "1900-01-01", "1901-01-01", "1111-11-11", "1800-01-01", "1899-12-31", "1899-12-30", "1753-01-01",
    "9999-12-31", "2999-12-31", "2099-12-31", "1000-01-01",
})  # fmt: skip
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH_FIRST_COUNTRIES = frozenset({"US", "PH", "FM", "PR", "GU", "CA"})
_TIME = re.compile(
    r"[T\s]\d{1,2}:\d{2}(:\d{2})?([.,]\d+)?\s*([ap]\.?m\.?)?\s*(z|utc|gmt|[+-]\d{2}:?\d{2})?$", re.IGNORECASE
)
_YEAR_FIRST = re.compile(r"^(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$")
_COMPACT = re.compile(r"^\d{8}$")
_NAMED_FIRST = re.compile(
    r"^([a-z]{3,9})\.?[ -]*(\d{1,2})(?:st|nd|rd|th)?[ ,-]+(\d{4}|\d{2})$", re.IGNORECASE
)
_NAMED_SECOND = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th)?[ -]*(?:of )?([a-z]{3,9})\.?[ ,-]+(\d{4}|\d{2})$", re.IGNORECASE
)
_NAMED_THIRD = re.compile(r"^(\d{4})[ -]([a-z]{3,9})\.?[ -](\d{1,2})$", re.IGNORECASE)


def is_month_first(country: str | None) -> bool:
    """Tell how 1/2/1970 is read: month first in the United States and where nothing is known."""
    return country is None or country in _MONTH_FIRST_COUNTRIES


def clean_date(raw: str, *, month_first: bool = True) -> Cleaned:
    """Return the ISO date; an impossible one is invalid and has no value, as no DATE could hold it."""
    text = tidy(raw)
    if not text:
        return NOTHING
    found = read_date(text, month_first=month_first)
    if found is None:
        return PLACEHOLDER if _is_zero(text) or is_placeholder(text) else Cleaned(None, None, valid=False)
    if found in PLACEHOLDER_DATES:
        return PLACEHOLDER
    return Cleaned(found, found, valid=True)


def _is_zero(text: str) -> bool:
    """0000-00-00, 00/00/0000 and their like."""
    digits = re.sub(r"\D", "", text)
    return not re.search(r"[^\W\d]", text) and set(digits) <= {"0"}


def read_date(text: str, *, month_first: bool) -> str | None:
    """Return the ISO date that the text is, if it is one."""
    text = _TIME.sub("", text).strip()
    if not text.isascii():
        return None
    if (m := _YEAR_FIRST.match(text)) is not None:
        return _iso(m[1], m[2], m[3])
    if (m := _COMPACT.match(text)) is not None:
        return _iso(text[:4], text[4:6], text[6:]) or _of_three(text[:2], text[2:4], text[4:], month_first)
    if (m := _YEAR_LAST.match(text)) is not None:
        return _of_three(m[1], m[2], m[3], month_first)
    return _named(text)


def _of_three(first: str, second: str, year: str, month_first: bool) -> str | None:  # noqa: FBT001
    """Read month and day in the usual order of the source, or in the other when only that is a date."""
    month, day = (first, second) if month_first else (second, first)
    return _iso(year, month, day) or _iso(year, day, month)


def _named(text: str) -> str | None:
    """Read dates whose month is a word."""
    if (m := _NAMED_FIRST.match(text)) is not None:
        return _iso(m[3], _month(m[1]), m[2])
    if (m := _NAMED_SECOND.match(text)) is not None:
        return _iso(m[3], _month(m[2]), m[1])
    if (m := _NAMED_THIRD.match(text)) is not None:
        return _iso(m[1], _month(m[2]), m[3])
    return None


def _month(name: str) -> str:
    """Return the number of a month by its name or the first letters of it, at least three; 0 for none."""
    lower = "sep" if name.lower() == "sept" else name.lower()
    return str(next((i for i, month in enumerate(_MONTHS, start=1) if month.startswith(lower)), 0))


def _iso(year: str, month: str, day: str) -> str | None:
    number = int(year)
    if len(year) == 2:
        number += 2000 if number <= TWO_DIGIT_PIVOT else 1900
    if not EARLIEST_YEAR <= number <= LATEST_YEAR and number != 9999:
        return None
    try:
        return datetime.date(number, int(month), int(day)).isoformat()
    except ValueError:
        return None
