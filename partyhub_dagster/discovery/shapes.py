"""Values as shapes: what a column looks like without saying what it holds."""

import re

_LONGEST = 32
_RUN = re.compile(r"(.)\1{7,}")


def mask(value: str) -> str:
    """Return the shape: letters become A or a, digits 9; long runs are cut. `Eva 5, 80331` is `Aaa 9, 99999`."""
    shape = "".join(_sign(sign) for sign in value)
    shape = _RUN.sub(lambda run: run[1] * 6 + "…", shape)
    return shape if len(shape) <= _LONGEST else shape[: _LONGEST - 1] + "…"


def _sign(sign: str) -> str:
    if sign.isdigit() or sign.isnumeric():
        return "9"
    if sign.isalpha():
        return "A" if sign.isupper() else "a"
    if sign.isspace():
        return " "
    return sign if sign.isascii() and sign.isprintable() else "·"
