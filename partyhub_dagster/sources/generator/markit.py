"""How Markit writes a legal entity down: one Parquet row per entity file, with registry data and typed columns."""

from typing import Final, cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import Bools, Ints, Rng, Text, chance, text, where
from partyhub_dagster.sources.generator.cases import IDENTIFIERS_OFTEN_ABSENT
from partyhub_dagster.sources.generator.company_writing import write_companies
from partyhub_dagster.sources.generator.noise import kept
from partyhub_dagster.sources.generator.organizations import Organizations
from partyhub_dagster.sources.generator.places import Addresses

_AGENTS: Final = (
    ("c/o Registered Agents of Delaware, 1200 Harbor Street", "Wilmington", "DE", "19801"),
    ("c/o Statutory Services Inc, 40 Loockerman Plaza", "Dover", "DE", "19901"),
    ("c/o Silver State Filings, 900 Carson Street", "Las Vegas", "NV", "89101"),
)


def write_legal_entities(
    rng: Rng, organizations: Organizations, case: Text, ordinal: Ints
) -> dict[str, Text]:
    """Return Markit's columns for legal entities, one row each."""
    n = len(case)
    written = write_companies(rng, organizations, case, capitals=0.6)
    later = cast(Bools, (case == "") & (ordinal > 0))  # variants are recognised by the first record
    place = _registered(rng, written.place, later)
    sure = cast(Bools, ordinal == 0) | (case != "")
    hidden = np.isin(case, IDENTIFIERS_OFTEN_ABSENT)
    filler = cast(Bools, case == "placeholder_values")
    return {
        "LEGAL_NAME": written.name,
        "OTHER_NAME": written.trade_name,
        "LEI": kept(organizations.lei, chance(rng, n, 0.85) & ~(hidden & chance(rng, n, 0.5))),
        "ENTITY_TYPE": organizations.kind,
        "REG_ADDR_LINE": where(place.unit == "", place.line, place.line + ", " + place.unit),
        "REG_CITY": place.city,
        "REG_STATE": place.region,
        "REG_POSTCODE": kept(place.postcode, chance(rng, n, 0.95) | sure),
        "REG_COUNTRY": place.country,
        "BIC": kept(organizations.bic, cast(Bools, organizations.kind == "BANK")),
        "DUNS_NUMBER": kept(organizations.duns, chance(rng, n, 0.3) & ~hidden),
        "NATIONAL_TAX_ID": kept(
            written.tax_id, filler | (chance(rng, n, 0.7) & ~(hidden & chance(rng, n, 0.4)))
        ),
        "CONTACT_PHONE": kept(written.phone, chance(rng, n, 0.6) | sure | filler),
        "WEBSITE": kept(organizations.website, chance(rng, n, 0.5) | (sure & chance(rng, n, 0.5))),
    }


def _registered(rng: Rng, place: Addresses, possible: Bools) -> Addresses:
    """Return the registered addresses: for some American companies that of an agent who serves thousands."""
    n = len(possible)
    served = possible & cast(Bools, place.country == "US") & chance(rng, n, 0.03)
    agent = rng.integers(len(_AGENTS), size=n)
    line, city, region, postcode = (
        where(served, text([row[at] for row in _AGENTS])[agent], column)
        for at, column in enumerate((place.line, place.city, place.region, place.postcode))
    )
    unit = kept(place.unit, ~served)
    return Addresses(line, unit, city, region, postcode, place.country, place.area, place.free_digits)
