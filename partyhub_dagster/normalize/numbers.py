"""Numbers and free text of attributes that hub.yaml names."""

import math
import re

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import tidy

_NUMBER = re.compile(r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:e[+-]?\d{1,3})?$", re.IGNORECASE)
_COMMA_DECIMAL = re.compile(r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+$")


def clean_number(raw: str) -> Cleaned:
    """Return the number as the shortest decimal text; what is none is invalid and has no value."""
    text = tidy(raw)
    if not text:
        return NOTHING
    bare = text.strip("$€£¥ ").replace(" ", "").removesuffix("%")
    if bare.isascii() and _COMMA_DECIMAL.match(bare) and not _NUMBER.match(bare):
        bare = bare.replace(".", "").replace(",", ".")
    if bare and bare.isascii() and _NUMBER.match(bare) and any(sign.isdigit() for sign in bare):
        try:
            number = float(bare.replace(",", ""))
        except ValueError:
            return Cleaned(None, None, valid=False)
        if math.isfinite(number):
            shown = str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
            return Cleaned(shown, shown, valid=True)
    return PLACEHOLDER if is_placeholder(text) else Cleaned(None, None, valid=False)


def clean_free_text(raw: str) -> Cleaned:
    """Return the tidy text."""
    text = tidy(raw)
    if not text:
        return NOTHING
    return PLACEHOLDER if is_placeholder(text) else Cleaned(text, text.casefold())
