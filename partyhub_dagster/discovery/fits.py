"""How well values fit a meaning, tried by the cleaners with which the hub will read them."""

import re
from collections.abc import Callable, Sequence

from partyhub_dagster.normalize.address_words import STREET_TYPES, region_codes
from partyhub_dagster.normalize.countries import usual_country_code
from partyhub_dagster.normalize.dates import clean_date
from partyhub_dagster.normalize.emails import clean_email
from partyhub_dagster.normalize.identifiers import clean_identifier
from partyhub_dagster.normalize.legal_forms import without_legal_form, without_native_form
from partyhub_dagster.normalize.nicknames import is_known_given_name
from partyhub_dagster.normalize.numbers import clean_number
from partyhub_dagster.normalize.phones import clean_phone
from partyhub_dagster.normalize.text import tokens
from partyhub_dagster.normalize.websites import clean_website

PHONE_COUNTRIES = (
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "AT", "CH", "SE", "DK", "NO", "PL", "CZ", "PT", "IE", "AU", "NZ",
    "IN", "JP", "CN", "SG", "BR", "MX", "ZA",
)  # fmt: skip
"""Countries whose way of writing numbers is tried; of equal ones the first is taken."""
_POSTCODE = re.compile(
    r"^(\d{4,6}(-\d{3,4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} ?[A-Z]{2}|\d{3} \d{2})$",
    re.IGNORECASE,
)
_STREET_ENDS = re.compile(r"(str|strasse|straße|weg|gasse|platz|allee|ring|laan|straat|gata|vej|ulica)\.?$")
_SSN = re.compile(r"^\d{3}[- ]?\d{2}[- ]?\d{4}$")
_PHONE_SIGNS = re.compile(r"^\+|[()]|\d[ ./-]\d")


def _is_organization(value: str) -> bool:
    rest, native = without_native_form(value)
    return native is not None or without_legal_form(list(tokens(rest)))[1] is not None


def _is_street(value: str) -> bool:
    words = value.lower().replace(",", " ").split()
    known = any(word.strip(".") in STREET_TYPES or _STREET_ENDS.search(word) for word in words)
    return known and len(words) > 1


def _is_person(value: str) -> bool:
    return any(is_known_given_name(word) for word in tokens(value))


FITS: dict[str, Callable[[str], bool]] = {
    "email": lambda value: clean_email(value).valid is True,
    "website": lambda value: "@" not in value and clean_website(value).valid is True,
    "date": lambda value: clean_date(value).valid is True,
    "number": lambda value: clean_number(value).valid is True,
    "country": lambda value: usual_country_code(value) is not None,
    "lei": lambda value: clean_identifier(value, "lei", None).valid is True,
    "iban": lambda value: clean_identifier(value, "iban", None).valid is True,
    "us_ssn": lambda value: (
        _SSN.match(value) is not None and clean_identifier(value, "us_ssn", "US").valid is True
    ),
    "eu_vat": lambda value: value[:2].isalpha() and clean_identifier(value, "eu_vat", None).valid is True,
    "organization_name": _is_organization,
    "given_name": _is_person,
    "street": _is_street,
    "postal_code": lambda value: _POSTCODE.match(value) is not None,
}
"""Meanings that values can show by themselves. A value fits when the hub would call it valid."""


def share_of(values: Sequence[str], fits: Callable[[str], bool]) -> float:
    """Return the share of values that fit; 0 of none."""
    return sum(map(fits, values)) / len(values) if values else 0.0


def phone_share(values: Sequence[str], country: str | None) -> float:
    """Return the share of values that are valid phone numbers of the country, or of the world with + in front."""
    regions = (country,) if country else ()
    return share_of(values, lambda value: clean_phone(value, regions).valid is True)


def looks_like_phones(values: Sequence[str]) -> bool:
    """Tell whether values are written as phones are, rather than as plain numbers."""
    return share_of(values, lambda value: _PHONE_SIGNS.search(value) is not None) > 0.5


def region_share(values: Sequence[str], country: str) -> float:
    """Return the share of values that are codes or names of the regions of the country."""
    known = region_codes(country)
    return share_of(values, lambda value: " ".join(tokens(value)) in known)
