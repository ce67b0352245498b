"""Postal addresses: parts or a whole in, one line and parts for display, match-ready parts out."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from partyhub_dagster.normalize.address_parsing import Address, looks_whole, parse_address
from partyhub_dagster.normalize.address_words import (
    CITY_WORDS,
    REGION_COUNTRIES,
    UNIT_WORDS,
    region_codes,
    street_tokens,
)
from partyhub_dagster.normalize.countries import country_code
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import (
    CACHED,
    SLOT_SEPARATOR,
    VALUE_SEPARATOR,
    distinct,
    joined,
    only_parts,
    split_values,
    tidy,
    tokens,
)

COLUMNS = (
    "address_full", "addresses", "street", "house_number", "unit", "city", "region", "postcode", "country",
)  # fmt: skip
VALUE_PARTS = ("full", "line", "city", "region", "postal_code", "country")
_IN_LINE = 6
_BOX = re.compile(r"\b(?:p\.?\s*o\.?\s*box|post office box|postfach|po box)\s*#?\s*([\w-]+)", re.IGNORECASE)
_CARE_OF = re.compile(r"^(?:c\s*/\s*o|attn\.?|attention)\b[^,]*,?\s*", re.IGNORECASE)
_NUMBER_FIRST = re.compile(r"^#?\s*(\d+[a-z]?(?:\s*[-/]\s*\d+[a-z]?)?(?:\s+1/2)?)[\s,]+(?=\S)", re.IGNORECASE)
_NUMBER_LAST = re.compile(r"^(\D*[^\W\d_]\D*?)[\s,]+(\d+\s?[a-z]?(?:\s*[-/]\s*\d*[a-z]?)?)$", re.IGNORECASE)
_NUMBERED_WAYS = frozenset(
    "hwy rte rd ave st road highway route avenue street fm cr us sr county state".split()
)
_UNIT = re.compile(
    r"(?:^|[\s,]+)(?:(apt|apartment|appt|unit|suite|ste|flat|room|rm|floor|fl|flr|bldg|building|lot|ph|penthouse|dept)\b\.?"
    r"\s*(?:no\.?|#)?\s*|#\s*)([\w-]*\d[\w-]*|[a-z])\b",
    re.IGNORECASE,
)
_EMPTY_CODES = frozenset({"0", "00000", "99999", "000000", "000000000"})
_NTH_FLOOR = re.compile(r"(?:^|[\s,]+)(\d+)(?:st|nd|rd|th)\s+(?:floor|flr|fl)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AddressLayout:
    """What each slot of an address unit is: (attribute, part); `country` is the source's default."""

    slots: tuple[tuple[str, str], ...]
    attributes: tuple[str, ...]
    country: str | None
    parts: tuple[str, ...] | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", only_parts(self.slots))


class Normalized(NamedTuple):
    """One address, match-ready; all but the country make its line."""

    house_number: str
    street: str
    unit: str
    city: str
    region: str
    postcode: str
    country: str

    def columns(self) -> tuple[str, ...]:
        """The parts in the order of COLUMNS."""
        return self.street, self.house_number, *self[2:]


def clean_addresses(unit: str, layout: AddressLayout) -> list[str]:
    """Return COLUMNS, the placeholder count, and per attribute the display values of VALUE_PARTS.

    Lists are slots of several values. Never raises: an address that cannot be read is one line.
    """
    if layout.parts is not None and VALUE_SEPARATOR not in unit:
        return _clean_one(unit, layout.parts, layout.country)
    parts: dict[str, dict[str, list[str]]] = {name: {} for name in layout.attributes}
    placeholders = 0
    for (attribute, part), slot in zip(layout.slots, unit.split(SLOT_SEPARATOR), strict=False):
        if not slot:
            continue
        known = parts[attribute].setdefault(part, [])
        for value in split_values(slot):
            text, nothing = _read(value, part)
            placeholders += nothing
            known.append(text)
    shown: list[str] = []
    found: list[Address] = []
    for attribute in layout.attributes:
        mine = _addresses_of(parts[attribute], layout.country)
        found.extend(mine)
        shown.extend(_display(mine))
    return [*_features(found, layout.country), str(placeholders), *shown]


def _clean_one(unit: str, parts: tuple[str, ...], country: str | None) -> list[str]:
    """The same for the usual unit, one address of one attribute, without what several need."""
    given: dict[str, str] = {}
    placeholders = 0
    for part, slot in zip(parts, unit.split(SLOT_SEPARATOR), strict=False):
        if slot:
            text, nothing = _read(slot, part)
            placeholders += nothing
            if text:
                given[part] = text
    found = [_address(given, country)] if given else []
    return [*_features(found, country), str(placeholders), *_display(found)]


@lru_cache(maxsize=CACHED)
def _read(value: str, part: str) -> tuple[str, int]:
    """Return the tidy text and 0, or nothing and 1 for a placeholder; NA may be a country."""
    text = tidy(value)
    if not text or (part in ("region", "country") and len(text) == 2 and text.isalpha()):
        return text, 0
    if is_placeholder(text) or (part == "postal_code" and text.replace("-", "") in _EMPTY_CODES):
        return "", 1
    return text, 0


def _addresses_of(parts: dict[str, list[str]], default: str | None) -> list[Address]:
    """Zip the parts by position; a part that came alone completes the wholes."""
    found = []
    for i in range(max(map(len, parts.values()), default=0)):
        given = {part: values[i] for part, values in parts.items() if i < len(values) and values[i]}
        if i and parts.get("country") and len(parts["country"]) == 1 and parts["country"][0]:
            given.setdefault("country", parts["country"][0])
        if set(given) - {"country"} or (given and i == 0):
            found.append(_address(given, default))
    return found


def _address(given: dict[str, str], default: str | None) -> Address:
    """Return the address; what came whole, or as a line that holds a city too, is parsed for what is missing."""
    whole = given.pop("full", "")
    stated = Address(**given)
    if whole:
        text = whole
    elif stated.line and not stated.city and not stated.region and looks_whole(stated.line):
        text, stated = stated.line, stated._replace(line="")
    elif stated.city and "," in stated.line and stated.city.lower() in stated.line.lower():
        return stated._replace(line=_without_stated(stated.line, stated))
    else:
        return stated
    country = country_code(stated.country) if stated.country else default
    parsed = parse_address(_without_stated(text, stated), country)
    return Address(*(said or read for said, read in zip(stated, parsed, strict=True)))._replace(whole=whole)


def _without_stated(whole: str, stated: Address) -> str:
    """Take off the end of the whole what other columns say anyway, so that the rest parses better."""
    if stated.city and (stated.postal_code or stated.region):
        for tail in (stated.country, stated.postal_code, stated.region, stated.city):
            if tail and whole.lower().endswith(tail.lower()) and len(whole) > len(tail):
                whole = whole[: -len(tail)].rstrip(" ,")
    return whole


def _display(found: list[Address]) -> tuple[str, ...]:
    if not found:
        return ("",) * len(VALUE_PARTS)
    first = found[0]
    wholes = (
        one_line(first) if len(found) == 1 else joined(distinct(list(filter(None, map(one_line, found)))))
    )
    line = f"{first.line}, {first.line2}".strip(", ") if first.line2 else first.line
    country = (country_code(first.country) or first.country) if first.country else ""
    return wholes, line, first.city, first.region, first.postal_code, country


def one_line(address: Address) -> str:
    """Return the address as received when it came whole, else composed of its parts."""
    if address.whole:
        return address.whole
    place = f"{address.region} {address.postal_code}".strip()
    return ", ".join(filter(None, (address.line, address.line2, address.city, place, address.country)))


def _features(found: list[Address], default: str | None) -> list[str]:
    read = [normalize_address(address, default) for address in found]
    lines = [" ".join(filter(None, address[:_IN_LINE])) for address in read]
    for address, line in zip(read, lines, strict=True):
        if line:
            every = line if len(lines) == 1 else joined(distinct(list(filter(None, lines))))
            return [line, every, *address.columns()]
    nowhere = [""] * (len(COLUMNS) - 1)
    return [*nowhere, next((address.country for address in read if address.country), "")]


def normalize_address(address: Address, default: str | None) -> Normalized:
    """Return the match-ready parts of an address in display words."""
    stated = country_code(address.country) if address.country else None
    country = stated or default
    line, unit = _take_unit(address.line)
    second, other = _take_unit(address.line2)
    number, street = _number_and_street(line)
    if not street and second:
        number, street, second = (number, second, "") if number else (*_number_and_street(second), "")
    words = street_tokens(tokens(street))
    return Normalized(
        street=" ".join(words),
        house_number=number,
        unit=unit or other or ("" if not second or len(second) > 6 else "".join(tokens(second))),
        city=_city(address.city),
        region=_region(address.region, country),
        postcode=_postcode(address.postal_code, country),
        country=(stated or "").lower(),
    )


def _take_unit(line: str) -> tuple[str, str]:
    """Return the line without its unit, and the unit: `apt 4b` is 4b, third floor fl 3."""
    line = _CARE_OF.sub("", line)
    match = _UNIT.search(line)
    if match is not None and (match.start() > 0 or line[:1] == "#" or match[1]):
        kind = UNIT_WORDS.get((match[1] or "").lower(), "")
        value = "".join(tokens(match[2]))
        rest = f"{line[: match.start()]} {line[match.end() :]}".strip(" ,")
        return rest, f"{kind} {value}" if kind in ("fl", "bldg") else value
    match = _NTH_FLOOR.search(line)
    if match is not None:
        return f"{line[: match.start()]} {line[match.end() :]}".strip(" ,"), f"fl {match[1]}"
    return line, ""


def _number_and_street(line: str) -> tuple[str, str]:
    if (box := _BOX.search(line)) is not None:
        return "".join(tokens(box[1])), "pobox"
    if (match := _NUMBER_FIRST.match(line)) is not None:
        return _range(match[1]), line[match.end() :]
    if (match := _NUMBER_LAST.match(line)) is not None:
        words = tokens(match[1])
        if words and words[-1] not in _NUMBERED_WAYS:
            return "".join(tokens(match[2])), match[1]
    return "", line


def _range(number: str) -> str:
    """Return a house number, or a range of them with one hyphen: `12 - 14` is 12-14, `12 1/2` is 12."""
    number = number.removesuffix("1/2")
    if number.isdigit():
        return number
    return "-".join("".join(tokens(piece)) for piece in re.split("[-/]", number))


@lru_cache(maxsize=CACHED)
def _city(city: str) -> str:
    return " ".join(CITY_WORDS.get(word, word) for word in tokens(city))


@lru_cache(maxsize=CACHED)
def _region(region: str, country: str | None) -> str:
    words = " ".join(tokens(region))
    if not words:
        return ""
    for land in (country,) if country else REGION_COUNTRIES[:2]:
        code = region_codes(land).get(words) or region_codes(land).get(words.replace(" ", ""))
        if code is not None:
            return code
    return words


@lru_cache(maxsize=CACHED)
def _postcode(code: str, country: str | None) -> str:
    bare = "".join(tokens(code))
    if bare.isdigit() and country in (None, "US"):
        if len(bare) in (8, 9) and country == "US":
            return bare.zfill(9)[:5]
        if len(bare) in (3, 4) and country == "US":
            return bare.zfill(5)
        return bare[:5] if len(bare) == 9 else bare
    return bare
