"""What D&B and Markit have in common in writing a company down: its name, its address and its hard cases."""

from dataclasses import dataclass
from typing import Final, cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import Bools, Rng, Rows, Text, blank, chance, draw, each, where
from partyhub_dagster.sources.generator.noise import (
    cased,
    grouped,
    misspelt,
    phones_in_form,
    shortened,
    spaced,
)
from partyhub_dagster.sources.generator.organizations import Organizations, unusual_forms, usual_forms
from partyhub_dagster.sources.generator.places import Addresses
from partyhub_dagster.sources.generator.places_abroad import as_written_there

_NO_TAX_ID: Final = ("00-0000000", "99-9999999", "N/A", "12-3456789")
_NO_PHONE: Final = ("N/A", "0000000000", "9999999999", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class WrittenCompanies(Rows):
    """What a source writes of each company, before its own columns and gaps."""

    name: Text
    trade_name: Text
    tax_id: Text
    phone: Text
    place: Addresses


def write_companies(
    rng: Rng, organizations: Organizations, case: Text, *, capitals: float
) -> WrittenCompanies:
    """Return names, identifiers and addresses as a source writes them, with the marked hard cases.

    `capitals` is the share of records that the source keeps in capitals.
    """
    n = len(case)
    upper, lower = chance(rng, n, capitals), np.zeros(n, dtype=np.bool_)
    name, trade_name = _names(rng, organizations, case)
    place = organizations.office.take(np.arange(n))
    moved = cast(Bools, case == "moved")
    place.put(moved, organizations.previous.take(moved))
    there = cast(Bools, case == "international_address")
    place.put(there, as_written_there(place.take(there)))
    line = shortened(rng, place.line, 0.35)
    slip = cast(Bools, case == "typo") & chance(rng, n, 0.25)
    line = misspelt(rng, line, slip)
    place = Addresses(
        line=cased(line, upper, lower),
        unit=cased(place.unit, upper, lower),
        city=cased(place.city, upper, lower),
        region=place.region,
        postcode=place.postcode,
        country=place.country,
        area=place.area,
        free_digits=place.free_digits,
    )
    tax_id, phone = (
        grouped(rng, organizations.tax_id, (2,), 0.8),
        phones_in_form(rng, organizations.phone, place.country, there),
    )
    filler = cast(Bools, case == "placeholder_values")
    return WrittenCompanies(
        name=spaced(rng, cased(name, upper, lower), 0.01),
        trade_name=cased(trade_name, upper, lower),
        tax_id=where(filler, draw(rng, _NO_TAX_ID, n), tax_id),
        phone=where(filler, draw(rng, _NO_PHONE, n), phone),
        place=place,
    )


def _names(rng: Rng, organizations: Organizations, case: Text) -> tuple[Text, Text]:
    """Return the name that stands first in the record, and the trading name that may stand beside it."""
    n = len(case)
    odd = cast(Bools, case == "legal_form_variant")
    form = usual_forms(rng, organizations.form)
    form[odd] = unusual_forms(rng, organizations.form[odd])
    comma = chance(rng, n, 0.15) & np.isin(organizations.form, ("inc", "llc", "lp", "ltd"))
    base = misspelt(rng, organizations.name, cast(Bools, case == "typo"))
    spelled_and = odd & chance(rng, n, 0.5)
    base[spelled_and] = each(lambda name: name.replace(" & ", " and "), base[spelled_and])
    gap = where(form == "", "", where(comma, ", ", " "))
    name = base + gap + form
    name = where(cast(Bools, case == "non_latin_name"), organizations.native_name, name)
    name = where(cast(Bools, case == "transliteration"), organizations.respelt_name + gap + form, name)
    trading = cast(Bools, case == "dba") & cast(Bools, organizations.trade_name != "")
    written_out = trading & chance(rng, n, 0.3)
    dba = where(written_out, name + " dba " + organizations.trade_name, organizations.trade_name)
    beside = where(chance(rng, n, 0.12) & ~odd, organizations.trade_name, blank(n))
    return where(trading, dba, name), where(trading, blank(n), beside)
