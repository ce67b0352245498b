"""The companies of the generated world, as they are; how sources write them down is told elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from partyhub_dagster.sources.generator.arrays import (
    Bools,
    Ints,
    Rng,
    Rows,
    Text,
    blank,
    chance,
    digits,
    draw,
    text,
    where,
)
from partyhub_dagster.sources.generator.cases import Lookalikes
from partyhub_dagster.sources.generator.company_names import (
    DIVISIONS,
    NATIVE_COUNTRIES,
    domains_of,
    draw_company_names,
    draw_fund_families,
    draw_native_companies,
)
from partyhub_dagster.sources.generator.identifiers import draw_bics, draw_duns, draw_eins, draw_leis
from partyhub_dagster.sources.generator.legal_forms import FORMS_OF_COUNTRY, SPELLINGS
from partyhub_dagster.sources.generator.places import (
    Addresses,
    draw_phones,
    draw_us_addresses,
)
from partyhub_dagster.sources.generator.places_abroad import draw_addresses_abroad

_BRANCHES_WITH_TAX_ID: Final = 0.25
_NUMERALS: Final = (
    ("I", "II"),
    ("II", "III"),
    ("III", "IV"),
    ("2", "3"),
    ("1", "2"),
    ("IV", "V"),
    ("A", "B"),
)


@dataclass(frozen=True, slots=True)
class Organizations(Rows):
    """One legal person per row."""

    name: Text  # without its legal form
    form: Text  # a key of SPELLINGS
    trade_name: Text
    native_name: Text
    respelt_name: Text  # another Latin spelling of the native name, without its legal form
    phone: Text
    website: Text
    tax_id: Text  # employer number, only in the United States
    duns: Text
    lei: Text
    bic: Text
    kind: Text  # CORPORATE, FUND or BANK
    office: Addresses
    previous: Addresses


def draw_organizations(rng: Rng, n: int) -> Organizations:
    """Return n unrelated companies, two thirds of them in the United States."""
    office, previous = _offices(rng, n), draw_us_addresses(rng, n, homes=False)
    abroad = np.flatnonzero(office.country != "US")
    previous.put(abroad, _moved_within_country(rng, office.take(abroad)))
    name = draw_company_names(rng, office.city)
    country, banks = office.country, chance(rng, n, 0.04)
    return Organizations(
        name=name,
        form=_forms(rng, country),
        trade_name=draw_company_names(rng, office.city),
        native_name=blank(n),
        respelt_name=blank(n),
        phone=draw_phones(rng, office),
        website=domains_of(name),
        tax_id=where(country == "US", draw_eins(rng, n), ""),
        duns=draw_duns(rng, n),
        lei=draw_leis(rng, n),
        bic=_bics(rng, banks, name, country),
        kind=where(banks, "BANK", "CORPORATE"),
        office=office,
        previous=previous,
    )


def _bics(rng: Rng, banks: Bools, names: Text, countries: Text) -> Text:
    result = blank(len(names))
    result[banks] = draw_bics(rng, names[banks], countries[banks])
    return result


def _offices(rng: Rng, n: int) -> Addresses:
    office = draw_us_addresses(rng, n, homes=False)
    abroad = np.flatnonzero(chance(rng, n, 0.33))
    office.put(abroad, draw_addresses_abroad(rng, len(abroad)))
    return office


def _moved_within_country(rng: Rng, office: Addresses) -> Addresses:
    """Return another address in each one's country."""
    moved = office.take(np.arange(len(office.country)))
    for country in sorted(set(office.country)):
        at = np.flatnonzero(office.country == country)
        moved.put(at, draw_addresses_abroad(rng, len(at), (country,)))
    return moved


def _forms(rng: Rng, countries: Text) -> Text:
    return _picked(rng, countries, FORMS_OF_COUNTRY)


def usual_forms(rng: Rng, forms: Text) -> Text:
    """Return how records usually write each form."""
    return _picked(rng, forms, {form: words for form, (words, _) in SPELLINGS.items()})


def unusual_forms(rng: Rng, forms: Text) -> Text:
    """Return how few write each form: in full, or not at all."""
    return _picked(rng, forms, {form: words for form, (_, words) in SPELLINGS.items()})


def _picked(rng: Rng, keys: Text, words: Mapping[str, tuple[str, ...]]) -> Text:
    """Return for each key one of its words."""
    luck = rng.random(len(keys)).tolist()
    known = [words[key] for key in keys.tolist()]
    return text([held[int(pick * len(held))] for held, pick in zip(known, luck, strict=True)])


def make_organization_lookalikes(rng: Rng, organizations: Organizations, lookalikes: Lookalikes) -> None:
    """Turn the planned pairs into sibling funds, parents with subsidiaries and strangers with one identifier."""
    make = {
        "sibling_funds": _make_sibling_funds,
        "parent_subsidiary": _make_subsidiary,
        "reused_identifier": _make_reused_identifier,
        "branch": _make_branches,
    }
    for case, (a, b) in lookalikes.pairs.items():
        make[case](rng, organizations, a, b)
    _give_native_names(rng, organizations, np.concatenate(list(lookalikes.native.values())))


def _share_office(organizations: Organizations, a: Ints, b: Ints) -> None:
    organizations.office.put(b, organizations.office.take(a))
    organizations.phone[b] = organizations.phone[a]
    organizations.website[b] = organizations.website[a]


def _make_sibling_funds(rng: Rng, organizations: Organizations, a: Ints, b: Ints) -> None:
    """Two funds of one house: same office, phone and site; number, LEI, DUNS and tax id tell them apart."""
    house, style = draw_fund_families(rng, len(a))
    organizations.website[a] = domains_of(house)
    _share_office(organizations, a, b)
    numerals = rng.integers(len(_NUMERALS), size=len(a))
    for side, rows in enumerate((a, b)):
        ordinal = text(_NUMERALS[at][side] for at in numerals)
        organizations.name[rows] = (
            house + " " + style + " " + where(numerals == len(_NUMERALS) - 1, "Class ", "") + ordinal
        )
        organizations.trade_name[rows] = ""
        organizations.kind[rows] = "FUND"
    fund_forms = where(organizations.office.country[a] == "US", "lp", organizations.form[a])
    organizations.form[a] = fund_forms
    organizations.form[b] = fund_forms
    foreign = organizations.office.country[b] != "US"
    organizations.tax_id[b] = where(foreign, "", draw_eins(rng, len(b)))


def _make_subsidiary(rng: Rng, organizations: Organizations, a: Ints, b: Ints) -> None:
    """A company and its daughter: the name plus a word, the same site and often the same house."""
    n = len(a)
    organizations.name[b] = organizations.name[a] + " " + draw(rng, DIVISIONS, n)
    organizations.website[b] = organizations.website[a]
    near = chance(rng, n, 0.5) & (organizations.office.country[a] == organizations.office.country[b])
    _share_office(organizations, a[near], b[near])


def _make_branches(rng: Rng, organizations: Organizations, a: Ints, b: Ints) -> None:
    """Branches of one company, a party each: its name (some with a number or town), site and, for some, its tax id.

    A branch has a place, a phone and a DUNS number of its own. The LEI is the company's alone.
    """
    heads, n = np.unique(a), len(b)
    organizations.office.put(heads, draw_us_addresses(rng, len(heads), homes=False))
    organizations.office.put(b, draw_us_addresses(rng, n, homes=False))
    both = np.append(heads, b)
    organizations.phone[both] = draw_phones(rng, organizations.office.take(both))
    organizations.previous.put(both, draw_us_addresses(rng, len(both), homes=False))
    organizations.form[heads] = draw(rng, FORMS_OF_COUNTRY["US"], len(heads))
    organizations.tax_id[heads] = draw_eins(rng, len(heads))
    number, town = digits(1 + np.arange(n) % 999, 3), organizations.office.city[b]
    style = rng.integers(4, size=n)
    plain = blank(n)
    suffix = where(style == 0, " #" + number, where(style == 1, " Branch " + number, plain))
    organizations.name[b] = organizations.name[a] + where(style == 2, " " + town, suffix)
    for column in (organizations.trade_name, organizations.lei, organizations.bic):
        column[b] = ""
    organizations.website[b], organizations.form[b] = organizations.website[a], organizations.form[a]
    organizations.tax_id[b] = where(chance(rng, n, _BRANCHES_WITH_TAX_ID), organizations.tax_id[a], "")
    organizations.kind[both] = "CORPORATE"


def _make_reused_identifier(rng: Rng, organizations: Organizations, a: Ints, b: Ints) -> None:
    """Strangers with one tax id (a filing agent's) or one phone (a former tenant's)."""
    by_tax = chance(rng, len(a), 0.5) & (organizations.tax_id[a] != "") & (organizations.tax_id[b] != "")
    organizations.tax_id[b] = where(by_tax, organizations.tax_id[a], organizations.tax_id[b])
    organizations.phone[b] = where(by_tax, organizations.phone[b], organizations.phone[a])


def _give_native_names(rng: Rng, organizations: Organizations, at: Ints) -> None:
    countries = draw(rng, NATIVE_COUNTRIES, len(at))
    for country in NATIVE_COUNTRIES:
        rows = at[countries == country]
        organizations.office.put(rows, draw_addresses_abroad(rng, len(rows), (country,)))
        organizations.previous.put(rows, draw_addresses_abroad(rng, len(rows), (country,)))
    native, latin, respelt = draw_native_companies(rng, countries)
    organizations.native_name[at], organizations.name[at] = native, latin
    organizations.respelt_name[at] = respelt
    organizations.form[at] = _forms(rng, countries)
    organizations.phone[at] = draw_phones(rng, organizations.office.take(at))
    organizations.website[at] = domains_of(latin)
    organizations.tax_id[at] = ""
    organizations.bic[at] = _bics(rng, organizations.kind[at] == "BANK", latin, countries)
