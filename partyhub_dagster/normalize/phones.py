"""Phone numbers: E.164 where valid; a number that lacks its area code keeps its digits."""

import re
from functools import cache

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder, is_placeholder_number
from partyhub_dagster.normalize.text import tidy

_NOT_DIGITS = re.compile(r"\D+")
_PLAIN = re.compile(r"^[\d\s().+/-]+$")
_EXTENSION = re.compile(r"[\s,;]*(?:ext|extension|extn|x|#)\.?\s*:?\s*\d{1,6}$", re.IGNORECASE)
_MIN_DIGITS = 5
_NANP_DIGITS = 10


def clean_phone(raw: str, regions: tuple[str, ...]) -> Cleaned:
    """Return the number in E.164, read as of the first of `regions` in which it is valid."""
    text = tidy(raw)
    if not text:
        return NOTHING
    if text.isascii():
        text = _EXTENSION.sub("", text)
    digits = _digits(text)
    if len(digits) > _NANP_DIGITS and digits.startswith("1") and is_placeholder_number(digits[1:]):
        return PLACEHOLDER
    if not digits or is_placeholder_number(digits):
        return PLACEHOLDER if digits or is_placeholder(text) else Cleaned(text, None, valid=False)
    number = _e164(text, digits, regions)
    if number is not None:
        return Cleaned(number, number, valid=True)
    return Cleaned(digits, digits if len(digits) >= _MIN_DIGITS else None, valid=False)


def _digits(text: str) -> str:
    found = _NOT_DIGITS.sub("", text)
    return found if found.isascii() else "".join(str(int(sign)) for sign in found)


def _e164(text: str, digits: str, regions: tuple[str, ...]) -> str | None:
    for region in regions or ("",):
        plain = _PLAIN.match(text) is not None
        if region == "US" and plain and (text[0] != "+" or digits[0] == "1"):
            national = digits[1:] if len(digits) == _NANP_DIGITS + 1 and digits[0] == "1" else digits
            if len(national) == _NANP_DIGITS:
                if _nanp().fullmatch(national):
                    return f"+1{national}"
                continue
        number = _parsed(text, region or None)
        if number is not None:
            return number
    return None


@cache
def _nanp() -> re.Pattern[str]:
    """Return the pattern of every valid number under +1: the fast path gives what phonenumbers would."""
    from phonenumbers import PhoneMetadata, region_codes_for_country_code

    plans = map(PhoneMetadata.metadata_for_region, region_codes_for_country_code(1))
    found: set[str] = set()
    for plan in filter(None, plans):
        kinds = (
            plan.fixed_line, plan.mobile, plan.toll_free, plan.premium_rate, plan.shared_cost,
            plan.personal_number, plan.voip, plan.pager, plan.uan, plan.voicemail,
        )  # fmt: skip
        found |= {kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern}
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(found)))


def _parsed(text: str, region: str | None) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    except Exception:  # noqa: BLE001  what cannot be parsed is no number
        return None
    return None
