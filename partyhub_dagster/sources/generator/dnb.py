"""How D&B writes an organisation down: one JSON object per site file, lists where there are several values."""

from typing import cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import Bools, Ints, Rng, Text, blank, chance, where
from partyhub_dagster.sources.generator.cases import IDENTIFIERS_OFTEN_ABSENT
from partyhub_dagster.sources.generator.company_writing import write_companies
from partyhub_dagster.sources.generator.noise import kept
from partyhub_dagster.sources.generator.organizations import Organizations

LISTS = ("tradeStyleNames",)


def write_organizations(rng: Rng, organizations: Organizations, case: Text, ordinal: Ints) -> dict[str, Text]:
    """Return D&B's columns for companies, one row each; lists are parts joined by a bar until they are written."""
    n = len(case)
    written = write_companies(rng, organizations, case, capitals=0.35)
    place = written.place
    sure = cast(Bools, ordinal == 0) | (case != "")
    hidden = np.isin(case, IDENTIFIERS_OFTEN_ABSENT)
    seen = chance(rng, n, 0.85) & ~(hidden & chance(rng, n, 0.6))
    filler = cast(Bools, case == "placeholder_values")
    return {
        "duns": kept(organizations.duns, seen),
        "primaryName": written.name,
        "tradeStyleNames": written.trade_name,
        "streetAddressLine1": kept(place.line, chance(rng, n, 0.97) | sure),
        "streetAddressLine2": place.unit,
        "addressLocality": place.city,
        "addressRegion": place.region,
        "postalCode": kept(place.postcode, chance(rng, n, 0.96) | sure),
        "countryISOAlpha2Code": place.country,
        "telephoneNumber": kept(written.phone, chance(rng, n, 0.8) | sure | filler),
        "websiteUrl": kept(
            _websites(rng, organizations.website), chance(rng, n, 0.55) | (sure & chance(rng, n, 0.5))
        ),
        "federalTaxId": kept(
            written.tax_id, filler | (chance(rng, n, 0.6) & ~(hidden & chance(rng, n, 0.5)))
        ),
        "leiCode": kept(organizations.lei, chance(rng, n, 0.3) & ~hidden),
    }


def _websites(rng: Rng, domains: Text) -> Text:
    n = len(domains)
    style = rng.integers(4, size=n)
    prefix = where(
        style == 0, "https://www.", where(style == 1, "www.", where(style == 2, "http://", blank(n)))
    )
    return cast(Text, prefix + domains + where(style == 0, "/", blank(n)))
