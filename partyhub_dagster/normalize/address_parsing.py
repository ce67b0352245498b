"""Whole addresses into parts: by pattern where the text is plain, by usaddress where it is not."""

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from partyhub_dagster.normalize.address_words import region_codes
from partyhub_dagster.normalize.countries import country_code, usual_country_code


class Address(NamedTuple):
    """One address in display words; empty where not known."""

    line: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    whole: str = ""


_ZIP_END = re.compile(r"[\s,]+(\d{5}(?:-\d{4})?)$")
_UK_END = re.compile(r"[\s,]+([A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2})$", re.IGNORECASE)
_CA_END = re.compile(r"[\s,]+([A-Z]\d[A-Z]\s*\d[A-Z]\d)$", re.IGNORECASE)
_CODE_CITY = re.compile(r"^(?:[A-Z]{1,2}-)?(\d{4,6})\s+(\D+)$")
_CITY_CODE = re.compile(r"^(\D+?)\s+(\d{4,7}|\d{3}-\d{4})$")
_UNITLIKE = re.compile(
    r"^(?:#|apt\b|apartment\b|unit\b|suite\b|ste\b|floor\b|fl\b|rm\b|room\b|bldg\b|building\b|flat\b|lot\b)|\bfloor$",
    re.IGNORECASE,
)
_REGION_AT_END = re.compile(r"\s([A-Z]{2})$")
_CODE_ALONE = re.compile(r"^\s*(?:\d{4,6}(?:-\d{3,4})?|[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2})\s*$", re.IGNORECASE)
_USA_AT_END = re.compile(r"^(.+?\d[\d-]*)\s+(USA|U\.S\.A\.|United States(?: of America)?)$", re.IGNORECASE)
_STREET_ENDS = frozenset({"CT", "NE", "SE", "NW", "SW", "AL", "PR"})
_STREET_LABELS = (
    "AddressNumberPrefix", "AddressNumber", "AddressNumberSuffix", "StreetNamePreModifier",
    "StreetNamePreDirectional", "StreetNamePreType", "StreetName", "StreetNamePostType",
    "StreetNamePostDirectional", "StreetNamePostModifier", "CornerOf", "IntersectionSeparator",
    "LandmarkName", "USPSBoxType", "USPSBoxID", "USPSBoxGroupType", "USPSBoxGroupID",
)  # fmt: skip
_UNIT_LABELS = (
    "OccupancyType", "OccupancyIdentifier", "SubaddressType", "SubaddressIdentifier", "BuildingName",
)  # fmt: skip


def parse_address(text: str, country: str | None) -> Address:
    """Split a tidy whole address; `country` is what is known of where it lies."""
    rest, named = _without_country(text)
    where = named or country
    if where in (None, "US"):
        found = _american(rest)
        if found is None:
            found = _international(rest, where) if _is_foreign(rest) else _tagged(rest)
    else:
        found = _international(rest, where)
    return found._replace(country=named or "")


def looks_whole(line: str) -> bool:
    """Tell whether what came as a street line holds a city as well: commas, a region or a postal code at the end."""
    if "," in line or _ZIP_END.search(line) is not None or _is_foreign(line):
        return True
    match = _REGION_AT_END.search(line)
    return match is not None and match[1] not in _STREET_ENDS and match[1].lower() in region_codes("US")


def _without_country(text: str) -> tuple[str, str | None]:
    """Take a country off the end; two letters there may be a region, so only USA and longer words count."""
    head, comma, tail = text.rpartition(",")
    if comma and _CODE_ALONE.match(tail) and "," in head:  # LEEDS, UNITED KINGDOM, LS1 1AA
        rest, code = _without_country(head)
        return (f"{rest},{tail}", code) if code else (text, None)
    if not comma:
        match = _USA_AT_END.search(text)
        return (match[1], "US") if match else (text, None)
    tail = tail.strip()
    if any(sign.isdigit() for sign in tail) or (len(tail) < 3 and tail.upper() not in ("US", "UK")):
        return text, None
    find = usual_country_code if tail.isascii() else country_code
    code = None if tail.lower() in region_codes("US") else find(tail)
    return (head.strip(" ,"), code) if code else (text, None)


def _is_foreign(text: str) -> bool:
    return _UK_END.search(f" {text}") is not None or _CA_END.search(f" {text}") is not None


def _american(text: str) -> Address | None:
    """Read `LINE, [UNIT,] CITY, ST 12345`; nothing when it has another shape."""
    match = _ZIP_END.search(text)
    code, rest = (match[1], text[: match.start()]) if match else ("", text)
    pieces = [piece.strip() for piece in rest.split(",") if piece.strip()]
    if len(pieces) < 2 or not pieces[0][0].isdigit():
        return None
    regions = region_codes("US")
    if pieces[-1].lower().replace(".", "") in regions:
        region, pieces = pieces[-1], pieces[:-1]
        if len(pieces) < 2:
            return None
        city, pieces = pieces[-1], pieces[:-1]
    else:
        city, _, region = pieces[-1].rpartition(" ")
        if not city or region.lower() not in regions or len(region) != 2:
            return None
        pieces = pieces[:-1]
    if _UNITLIKE.match(city) or any(sign.isdigit() for sign in city):
        return None
    line, units = pieces[0], pieces[1:]
    return Address(line=line, line2=", ".join(units), city=city, region=region, postal_code=code)


def _international(text: str, country: str | None) -> Address:
    """Read comma-separated pieces: street first, then postal code and city in either order."""
    code = region = ""
    for pattern in (_UK_END, _CA_END, _ZIP_END) if country in (None, "GB", "CA", "US") else ():
        if (match := pattern.search(f" {text}")) is not None:
            code, text = match[1], f" {text}"[: match.start()].strip(" ,")
            break
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if len(pieces) < 2:
        return Address(line=pieces[0] if pieces else text, postal_code=code)
    if _CODE_ALONE.match(pieces[-1]):
        code, pieces = code or pieces[-1], pieces[:-1]
    if country and len(pieces) > 2 and pieces[-1].lower() in region_codes(country):
        region, pieces = pieces[-1], pieces[:-1]
    last = pieces[-1]
    if len(pieces) == 1:
        return Address(line=last, region=region, postal_code=code)
    if (match := _CODE_CITY.match(last)) is not None:
        code, last = code or match[1], match[2]
    elif (match := _CITY_CODE.match(last)) is not None:
        code, last = code or match[2], match[1]
    return Address(
        line=pieces[0], line2=", ".join(pieces[1:-1]), city=last.strip(), region=region, postal_code=code
    )


def _tagged(text: str) -> Address:
    """Let usaddress label the words."""
    text = re.sub(r"(\d)\s*-\s*(?=\d)", r"\1-", text)
    try:
        labelled = _tagger()(text)
    except Exception:  # noqa: BLE001  what cannot be labelled stays one line
        return Address(line=text)
    by_label: dict[str, list[str]] = {}
    for word, label in labelled:
        by_label.setdefault(label, []).append(word.strip(",;"))
    known = {*_STREET_LABELS, *_UNIT_LABELS, "PlaceName", "StateName", "ZipCode"}
    line = [w.strip(",;") for w, label in labelled if label in _STREET_LABELS or label not in known]
    units = [w.strip(",;") for w, label in labelled if label in _UNIT_LABELS]
    return Address(
        line=" ".join(line),
        line2=" ".join(units),
        city=" ".join(by_label.get("PlaceName", [])),
        region=" ".join(by_label.get("StateName", [])),
        postal_code=" ".join(by_label.get("ZipCode", [])[:1]),
    )


@cache
def _tagger() -> Callable[[str], list[tuple[str, str]]]:
    import usaddress

    parse: Callable[[str], list[tuple[str, str]]] = usaddress.parse
    return parse
