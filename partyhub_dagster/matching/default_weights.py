"""The shipped weights: used until a hub holds enough to train on, and for what its data cannot teach.

They say what such records look like in general (how often true pairs agree, and what agreement is worth), and
were set on the project's own generated records and on public labelled data, never on the truth set of a vendor.
"""

from typing import Any

from partyhub_dagster.config import MatchSettings
from partyhub_dagster.matching.blocking import rules_of
from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.levels import Weights
from partyhub_dagster.matching.model import FORMAT, Kind

PRIOR = 1e-3
"""Chance that two random records are one party, where nothing is known of the data."""

# Level -> (m, bits): the share of true pairs on the level, and log2(m / u).
_ADDRESS = {
    "same": (0.55, 9.5),
    "other_unit": (0.01, 1.5),
    "same_house": (0.08, 8.5),
    "similar_street_and_house": (0.05, 8.5),
    "house_and_postcode": (0.03, 7.0),
    "similar": (0.02, 5.5),
    "same_street": (0.02, 2.5),
    "place_same": (0.06, 9.0),
    "place_postcode": (0.03, 7.5),
    "place_postcode_slip": (0.01, 6.0),
    "place_sector_and_city": (0.01, 5.0),
    "place_city": (0.06, 4.5),
    "place_sector": (0.005, 3.5),
    "place_similar_city": (0.01, 3.5),
    "place_district": (0.005, 1.5),
    "same_postcode": (0.04, 1.0),
    "same_city": (0.08, -0.5),
    "same_region": (0.05, -2.0),
    "different": (0.07, -3.5),
}
_PHONE = {
    "same_rare": (0.62, 9.5),
    "same_common": (0.06, 4.0),
    "one_slip": (0.04, 6.0),
    "different": (0.28, -1.8),
}
_EMAIL = {
    "same_rare": (0.6, 11.0),
    "same_common": (0.03, 3.0),
    "similar": (0.08, 6.0),
    "same_mailbox": (0.04, 5.0),
    "alike": (0.02, 2.5),
    "different": (0.25, -2.0),
}
_IDENTIFIER = {
    "same_rare": (0.85, 13.0),
    "same_common": (0.02, 3.0),
    "same_invalid": (0.02, 6.0),
    "one_slip": (0.05, 7.0),
    "different": (0.01, -7.0),
}

_PERSON = {
    "name": {
        "same_tokens": (0.2, 12.5),
        "same_pair": (0.4, 10.5),
        "three_shared": (0.03, 11.0),
        "family_and_similar": (0.1, 8.5),
        "swapped": (0.02, 9.5),
        "other_given_same_household": (1e-10, -28.0),
        "other_given": (0.005, -5.0),
        "two_shared_rare": (0.02, 9.0),
        "both_similar": (0.06, 8.5),
        "two_shared": (0.02, 6.5),
        "family_and_initial": (0.03, 5.5),
        "family": (0.02, 5.0),
        "given_alone": (0.02, 3.5),
        "rare_shared": (0.02, 3.5),
        "uncommon_shared": (0.01, 1.0),
        "similar_family": (0.01, -1.5),
        "given": (0.05, 0.5),
        "some_shared": (0.01, -1.0),
        "initial": (0.01, -4.0),
        "different": (0.015, -6.0),
    },
    "name_middle": {"same_initial": (0.98, 0.0), "different": (0.02, -5.5)},
    "name_suffix": {"same": (0.95, 1.0), "different": (0.0005, -12.0)},
    "birth_date": {
        "same": (0.86, 11.0),
        "one_slip": (0.05, 6.5),
        "day_and_month_swapped": (0.02, 8.5),
        "same_year_only": (0.01, 3.5),
        "within_month": (0.01, 3.5),
        "two_slips": (0.02, 2.5),
        "same_month_day": (0.01, 1.5),
        "same_year": (0.01, -1.0),
        "within_year": (0.005, -0.5),
        "year_slip": (0.003, -3.0),
        "ten_years": (0.005, -5.5),
        "other_generation_same_household": (1e-13, -40.0),
        "different": (0.005, -7.5),
    },
    "address": _ADDRESS,
    "phone": _PHONE,
    "email": _EMAIL,
    "identifier": _IDENTIFIER,
}

_ORGANIZATION = {
    "name": {
        "sibling_number": (1e-12, -35.0),
        "other_number": (0.005, -5.0),
        "other_branch": (1e-8, -22.0),
        "same_name": (0.55, 10.5),
        "same_other_name": (0.04, 9.0),
        "same_letters": (0.03, 9.5),
        "sibling_branch": (1e-10, -30.0),
        "number_missing": (0.01, 2.0),
        "words_90": (0.05, 8.5),
        "slips": (0.06, 8.0),
        "words_75": (0.06, 6.5),
        "acronym": (0.02, 5.5),
        "words_60": (0.05, 5.0),
        "similar": (0.02, 4.0),
        "words_45": (0.04, 3.5),
        "rare_shared": (0.03, 2.0),
        "words_25": (0.02, 0.5),
        "some_shared": (0.02, -2.0),
        "different": (0.04, -5.0),
    },
    "legal_form": {"same": (0.85, 0.8), "different": (0.12, -2.2)},
    "address": _ADDRESS,
    "phone": _PHONE,
    "email": _EMAIL,
    "identifier": {**_IDENTIFIER, "different": (0.001, -10.0)},
    "website": {"same_rare": (0.75, 9.0), "same_common": (0.1, 4.0), "different": (0.15, -2.0)},
    "country": {"same": (0.97, 0.8), "different": (0.03, -4.0)},
}


def default_weights(kind: Kind) -> Weights:
    """Return the shipped (m, u) of every comparison and level of a kind."""
    held = _PERSON if kind == "person" else _ORGANIZATION
    return {
        comparison.name: {
            level.name: (m, min(0.999, m * 2.0**-bits))
            for level in comparison.weighted
            for m, bits in [held[comparison.name][level.name]]
        }
        for comparison in comparisons_of(kind)
    }


def default_artefact(kind: Kind, settings: MatchSettings) -> dict[str, Any]:
    """Return the artefact of shipped weights, without any count of the data."""
    disabled = set(settings.disable)
    return {
        "format": FORMAT,
        "kind": kind,
        "origin": "shipped",
        "prior": PRIOR,
        "comparisons": {
            name: {level: list(mu) for level, mu in levels.items()}
            for name, levels in default_weights(kind).items()
            if name not in disabled
        },
        "frequencies": {},
        "blocking": {
            "rules": [
                rule.name
                for rule in rules_of(kind)
                if rule.tier != "extra" and rule.name not in settings.blocking.disable
            ],
            "limits": {},
            "max_block": settings.blocking.max_block,
            "stop_keys": {},
        },
        "thresholds": settings.thresholds.model_dump(),
        "max_part": settings.max_part,
        "trained_on": {"records": 0, "sources": {}},
        "outgrown": {},
        "metrics": {},
    }
