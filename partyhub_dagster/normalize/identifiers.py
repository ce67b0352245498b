"""Identifiers: compact form, checked where their scheme has a check; an invalid one stays, as weak evidence."""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder, is_placeholder_number
from partyhub_dagster.normalize.text import latin, tidy

_NOT_CODE = re.compile(r"[^A-Z0-9]+")
_WORLD = {
    "lei": "lei", "imo": "imo", "isin": "isin", "bic": "bic", "swift": "bic", "iban": "iban", "cusip": "cusip",
    "figi": "figi", "isni": "isni", "eu_vat": "eu.vat", "vat": "eu.vat", "ein": "us.ein", "ssn": "us.ssn",
    "itin": "us.itin", "gln": "ean", "isil": "isil", "imei": "imei",
}  # fmt: skip
_OF_RIGOUR = {
    "npi": "npi",
    "us_npi": "npi",
    "uei": "uei",
    "sam_uei": "uei",
    "ogrn": "ogrn",
    "ru_ogrn": "ogrn",
}
_FORMATS = {"duns": re.compile(r"\d{9}")}
"""Schemes that have a shape, but no check digit any more."""
_LEI_LENGTH = 20
_LENGTHS = {"us_ssn": 9, "ssn": 9, "us_ein": 9, "ein": 9, "us_itin": 9, "us_tin": 9, "us_atin": 9, "duns": 9}
_TAX_NUMBERS = (
    "tin",
    "vat",
    "nif",
    "cif",
    "inn",
    "pan",
    "abn",
    "uen",
    "utr",
    "stnr",
    "cnpj",
    "rfc",
    "cuit",
    "nit",
)


def clean_identifier(raw: str, scheme: str, country: str | None) -> Cleaned:
    """Return the compact identifier; its key is `scheme:value`, `valid` says whether its check holds."""
    text = tidy(raw)
    if not text:
        return NOTHING
    compact = _NOT_CODE.sub("", latin(text).upper())
    if not compact or is_placeholder_number(compact) or (compact.isalpha() and is_placeholder(text)):
        return PLACEHOLDER
    compact = _shaped(compact, scheme)
    if is_placeholder_number(compact):
        return PLACEHOLDER
    return Cleaned(compact, f"{scheme}:{compact}", is_valid(compact, scheme, country))


def _shaped(compact: str, scheme: str) -> str:
    """Undo what spreadsheets and labels do to numbers: lost leading zeros, IMO and DUNS in front."""
    label = scheme.rpartition("_")[2].upper()
    if scheme in ("imo", "duns", "lei") and compact.startswith(label) and len(compact) > len(label):
        compact = compact.removeprefix(label)
    length = _LENGTHS.get(scheme)
    if length is not None and compact.isdigit() and length - 2 <= len(compact) < length:
        return compact.zfill(length)
    return compact


def is_valid(compact: str, scheme: str, country: str | None) -> bool | None:
    """Tell whether the check of the scheme holds; nothing where there is none to make."""
    if scheme in _FORMATS:
        return None if _FORMATS[scheme].fullmatch(compact) else False
    if scheme == "lei" and len(compact) != _LEI_LENGTH:  # python-stdnum looks at the check digits only
        return False
    check = _check_of(scheme, country)
    if check is None:
        return None
    try:
        return bool(check(compact))
    except Exception:  # noqa: BLE001  what a checker cannot read is not valid
        return False


@cache
def _check_of(scheme: str, country: str | None) -> Callable[[str], object] | None:
    if scheme in _WORLD:
        return _is_valid_of(import_module(f"stdnum.{_WORLD[scheme]}"))
    if scheme in _OF_RIGOUR:
        from rigour.ids import get_identifier_format

        known = get_identifier_format(_OF_RIGOUR[scheme])
        return None if known is None else known.is_valid
    if scheme == "tax_id":
        return _tax_check(country)
    land, _, name = scheme.partition("_")
    module = _national(land, name) if len(land) == 2 and name else None
    return None if module is None else _is_valid_of(module)


def _tax_check(country: str | None) -> Callable[[str], object] | None:
    """A tax number whose scheme is not said: the first kind of number that python-stdnum knows of the country."""
    if country is None:
        return None
    modules = [module for name in _TAX_NUMBERS if (module := _national(country.lower(), name)) is not None]
    checks = [check for module in modules if (check := _is_valid_of(module)) is not None]
    if not checks:
        return None
    return lambda text: any(check(text) for check in checks)


def _national(land: str, name: str) -> ModuleType | None:
    from stdnum.util import get_cc_module

    try:
        module = get_cc_module(land, name)
    except Exception:  # noqa: BLE001  no such country or number
        return None
    return module if isinstance(module, ModuleType) else None


def _is_valid_of(module: ModuleType) -> Callable[[str], object] | None:
    check: Callable[[str], object] | None = getattr(module, "is_valid", None)
    return check
