"""How the CRM writes a person down: one CSV row per account, typed by people in branches."""

from collections.abc import Mapping
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from partyhub_dagster.sources.generator.arrays import (
    Bools,
    Ints,
    Rng,
    Text,
    blank,
    chance,
    draw,
    each,
    mapped,
    where,
)
from partyhub_dagster.sources.generator.nicknames import NICKNAMES
from partyhub_dagster.sources.generator.noise import (
    cased,
    folded,
    grouped,
    kept,
    misspelt,
    phones_in_form,
    shortened,
    spaced,
    us_phones,
)
from partyhub_dagster.sources.generator.persons import Persons
from partyhub_dagster.sources.generator.places_abroad import as_written_there

SWITCHBOARD: Final = "8002340100"
SHARED_PHONE: Final = "3128640100"  # valid, and of a place where thousands live: no filler
_COUNTRY_NAMES: Final = {
    "US": ("US", "US", "US", "USA", "United States", ""),
    "DE": ("DE", "DEU", "Germany"), "FR": ("FR", "FRA", "France"), "GB": ("GB", "UK", "United Kingdom"),
    "JP": ("JP", "JPN", "Japan"), "BR": ("BR", "BRA", "Brazil"), "MX": ("MX", "MEX", "Mexico"),
    "IN": ("IN", "IND", "India"),
}  # fmt: skip
_OWN_NAMES: Final = {"DE": "Deutschland", "JP": "日本", "BR": "Brasil", "MX": "México", "GB": "Great Britain"}
_HASHED_UNITS, _UNITS_IN_FULL = 0.2, 0.9  # shares of how flats are numbered
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def has_nickname(persons: Persons) -> Bools:
    """Return whose given name has a usual short form."""
    return np.fromiter(
        (name in NICKNAMES for name in persons.given), dtype=np.bool_, count=len(persons.given)
    )


def write_persons(rng: Rng, persons: Persons, case: Text, ordinal: Ints) -> dict[str, Text]:
    """Return the CRM's columns for people, one row each, with the noise of its kind and the marked hard cases.

    Guarantees: a variant keeps enough else to be recognised by (birth date and a phone or e-mail, or the address).
    """
    n = len(case)
    upper = chance(rng, n, 0.2)
    lower = chance(rng, n, 0.03) & ~upper
    names = _names(rng, persons, case)
    places = _places(rng, persons, case)
    contacts = _contacts(rng, persons, case, ordinal)
    columns = {
        name: spaced(rng, cased(column, upper, lower), 0.01) for name, column in {**names, **places}.items()
    }
    columns |= contacts
    _misspell(rng, columns, case)
    _fill_with_placeholders(rng, columns, cast(Bools, case == "placeholder_values"))
    order = (
        "FIRST_NM",
        "MID_NM",
        "LAST_NM",
        "SUFFIX",
        "BIRTH_DT",
        "SSN",
        "HOME_PHONE",
        "MOBILE_PHONE",
        "EMAIL_ADDR",
    )
    return {name: columns[name] for name in (*order, *places)}


def _names(rng: Rng, persons: Persons, case: Text) -> dict[str, Text]:
    n = len(case)
    initial = mapped(lambda name: name and name[0], persons.middle)
    stop = where(chance(rng, n, 0.4) & cast(Bools, initial != ""), ".", "")
    middle = where(chance(rng, n, 0.45), persons.middle, initial + stop)
    middle = kept(middle, chance(rng, n, 0.65))
    given = persons.given.copy()
    short = cast(Bools, case == "nickname")
    given[short] = _nicknames_of(given[short], rng.random(int(short.sum())))
    given = folded(rng, given, 0.3)
    family = folded(
        rng, where(cast(Bools, case == "married_name"), persons.former_family, persons.family), 0.3
    )
    native = cast(Bools, case == "non_latin_name")
    given, family = where(native, persons.native_given, given), where(native, persons.native_family, family)
    abroad = cast(Bools, case == "transliteration")
    given, family = where(abroad, persons.respelt_given, given), where(abroad, persons.respelt_family, family)
    swapped = cast(Bools, case == "swapped_names")
    given, family = where(swapped, family, given), where(swapped, given, family)
    related = cast(Bools, case == "jr_sr")
    suffix = kept(persons.suffix, chance(rng, n, 0.8) | (related & cast(Bools, persons.suffix != "Sr")))
    suffix = where(chance(rng, n, 0.3) & np.isin(suffix, ("Jr", "Sr")), suffix + ".", suffix)
    return {"FIRST_NM": given, "MID_NM": kept(middle, ~native), "LAST_NM": family, "SUFFIX": suffix}


def _nicknames_of(given: Text, luck: NDArray[np.float64]) -> Text:
    """Return what each is called; the name itself where it has no short form."""
    result = given.copy()
    for row, name in enumerate(given):
        called = NICKNAMES.get(name)
        if called:
            result[row] = called[int(luck[row] * len(called))]
    return result


def _places(rng: Rng, persons: Persons, case: Text) -> dict[str, Text]:
    n = len(case)
    at = persons.home.take(np.arange(n))
    moved = cast(Bools, case == "moved")
    at.put(moved, persons.previous.take(moved))
    there = cast(Bools, case == "international_address")
    at.put(there, as_written_there(at.take(there)))
    domestic = cast(Bools, at.country == "US")
    unit = where(domestic, _units(rng, at.unit), at.unit)
    keep = chance(rng, n, 0.96) | cast(Bools, case != "")
    line = shortened(rng, at.line, 0.5)
    beside = chance(rng, n, 0.3) & cast(Bools, at.unit != "")
    zip_code = at.postcode.copy()
    longer = np.flatnonzero(chance(rng, n, 0.08) & domestic)
    zip_code[longer] += "-" + _plus_four(at.line[longer])
    return {
        "ADDR_LN_1": kept(where(beside, line + ", " + unit, line), keep),
        "ADDR_LN_2": kept(unit, keep & ~beside),
        "CITY_NM": kept(at.city, keep),
        "STATE_CD": kept(at.region, keep),
        "ZIP": kept(zip_code, keep),
        "CTRY": kept(_countries(rng, at.country, there), keep),
    }


def _countries(rng: Rng, codes: Text, there: Bools) -> Text:
    """Return countries as clerks write them, or as the people of the country do; home is often left out."""
    result = blank(len(codes))
    for code, names in _COUNTRY_NAMES.items():
        at = np.flatnonzero(codes == code)
        result[at] = draw(rng, names, len(at))
    result[there] = mapped(lambda code: _OWN_NAMES.get(code, code), codes[there])
    return result


def _units(rng: Rng, units: Text) -> Text:
    """Return flats as people number them: Apt 5, #5, Apartment 5."""
    hashed = mapped(lambda unit: unit and "#" + unit.rpartition(" ")[2], units)
    in_full = mapped(lambda unit: unit.replace("Apt ", "Apartment "), units)
    style = rng.random(len(units))
    return where(style < _HASHED_UNITS, hashed, where(style > _UNITS_IN_FULL, in_full, units))


def _plus_four(lines: Text) -> Text:
    """Return the last four digits of each address's ZIP+4, the same each time it is written."""
    return each(lambda line: f"{1 + sum(map(ord, line)) * 37 % 9998:04d}", lines)


def _contacts(rng: Rng, persons: Persons, case: Text, ordinal: Ints) -> dict[str, Text]:
    n = len(case)
    sure = (ordinal == 0) | cast(
        Bools, case != ""
    )  # the record that others are recognised by, and every hard one
    by_mobile = chance(rng, n, 0.5)
    mobile = where(chance(rng, n, 0.85) | sure, persons.mobile, persons.second_mobile)
    mobile = kept(mobile, chance(rng, n, 0.7) | (ordinal == 0) | (sure & by_mobile))
    home = where(
        cast(Bools, case == "shared_phone"), SHARED_PHONE, kept(persons.home_phone, chance(rng, n, 0.45))
    )
    country, there = persons.home.country, cast(Bools, case == "international_address")
    email = where(chance(rng, n, 0.8) | sure, persons.email, persons.second_email)
    email = kept(email, chance(rng, n, 0.65) | (ordinal == 0) | (sure & ~by_mobile))
    return {
        "BIRTH_DT": kept(_dates(rng, persons.birth), chance(rng, n, 0.93) | sure),
        "SSN": kept(
            grouped(rng, persons.ssn, (3, 5), 0.7), chance(rng, n, 0.6) | (sure & chance(rng, n, 0.5))
        ),
        "HOME_PHONE": phones_in_form(rng, home, country, there),
        "MOBILE_PHONE": phones_in_form(rng, mobile, country, there),
        "EMAIL_ADDR": cased(email, chance(rng, n, 0.04), np.zeros(n, dtype=np.bool_)),
    }


def _dates(rng: Rng, days: Ints) -> Text:
    """Return dates as the CRM keeps them; accounts taken over from an older system have the month in letters."""
    iso = mapped_dates(days)
    old = chance(rng, len(days), 0.04)
    lettered = mapped(lambda v: f"{v[8:10]}-{_MONTHS[int(v[5:7]) - 1]}-{v[:4]}", iso[old])
    iso[old] = lettered
    return iso


def mapped_dates(days: Ints) -> Text:
    """Return days since 1970 as ISO dates."""
    return np.datetime_as_string(days.astype("datetime64[D]"), unit="D").astype(object)


def _misspell(rng: Rng, columns: dict[str, Text], case: Text) -> None:
    n = len(case)
    typo = cast(Bools, case == "typo")
    pick = rng.random(n)
    columns["LAST_NM"] = misspelt(rng, columns["LAST_NM"], typo & (pick < 0.55))
    columns["FIRST_NM"] = misspelt(rng, columns["FIRST_NM"], typo & (pick >= 0.45) & (pick < 0.85))
    columns["ADDR_LN_1"] = misspelt(rng, columns["ADDR_LN_1"], typo & (pick >= 0.75))
    flipped = typo & chance(rng, n, 0.15)
    columns["BIRTH_DT"][flipped] = mapped(_with_other_day, columns["BIRTH_DT"][flipped])


def _with_other_day(date: str) -> str:
    """Return an ISO date with the figures of its day swapped, if that is a date."""
    if not date[:1].isdigit() or len(date) != 10 or date[4] != "-":
        return date
    day = date[9] + date[8]
    return date[:8] + day if "01" <= day <= "28" else date


def _fill_with_placeholders(rng: Rng, columns: Mapping[str, Text], at: Bools) -> None:
    """Put what clerks type to get past a form into two or three of the fields that tell people apart."""
    n = int(at.sum())
    fillers = {
        "SSN": ("999-99-9999", "999-99-9999", "000-00-0000", "123-45-6789", "N/A"),
        "BIRTH_DT": ("1900-01-01", "1900-01-01", "1901-01-01", "9999-12-31"),
        "EMAIL_ADDR": ("N/A", "none@example.com", "noemail@example.com", "UNKNOWN"),
    }
    spared = rng.integers(len(fillers), size=n)
    for number, (name, words) in enumerate(fillers.items()):
        columns[name][at] = where(spared == number, columns[name][at], draw(rng, words, n))
    switchboard = us_phones(rng, np.full(n, SWITCHBOARD, dtype=object))
    columns["HOME_PHONE"][at] = switchboard
    middle = where(chance(rng, n, 0.3), draw(rng, ("NMN", "N/A", "-"), n), blank(n))
    columns["MID_NM"][at] = where(middle != "", middle, columns["MID_NM"][at])
