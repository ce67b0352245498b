"""In which country the records of a feed are at home, and whether its dates begin with the day."""

import re
from collections import Counter
from collections.abc import Sequence

from partyhub_dagster.discovery.fits import (
    PHONE_COUNTRIES,
    looks_like_phones,
    phone_share,
    region_share,
)
from partyhub_dagster.discovery.headings import read_heading, words_of
from partyhub_dagster.discovery.profile import ColumnProfile
from partyhub_dagster.normalize.address_words import REGION_COUNTRIES
from partyhub_dagster.normalize.countries import country_code

_LANGUAGES = {
    "DE": frozenset(
        "vorname nachname strasse plz ort geburtsdatum telefon kundennummer land nr datum anschrift geb firma".split()
    ),
    "FR": frozenset("prenom nom rue ville naissance telephone courriel pays societe adresse".split()),
    "ES": frozenset("nombre apellido apellidos calle ciudad nacimiento telefono correo pais empresa".split()),
    "IT": frozenset("nome cognome via citta nascita indirizzo paese".split()),
    "NL": frozenset("voornaam achternaam straat plaats postcode geboortedatum telefoon huisnummer".split()),
}
_TOP_LEVEL = {"uk": "GB"} | {code.lower(): code for code in PHONE_COUNTRIES if code not in {"US", "GB", "IN"}}
_POSTAL_CODES = {
    "GB": re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"),
    "CA": re.compile(r"[A-Z]\d[A-Z][ -]?\d[A-Z]\d"),
    "NL": re.compile(r"\d{4} ?[A-Z]{2}"),
}
"""Of countries whose codes no other country writes; digits alone tell nothing."""
_DAY_OR_MONTH = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{2,4}\b")
_ENOUGH = 0.5
_COMMONEST = 10
"""Regions that are misspelt are rare."""


def guess_country(profiles: Sequence[ColumnProfile]) -> tuple[str | None, str]:
    """Return the country that most evidence names, and the evidence in words; none where nothing does."""
    votes: Counter[str] = Counter()
    said: dict[str, list[str]] = {}
    for country, weight, why in _evidence(profiles):
        votes[country] += round(weight * 1_000)
        said.setdefault(country, []).append(why)
    if not votes:
        return None, "nothing tells it"
    best, weight = max(votes.items(), key=lambda vote: vote[1])
    if weight < _ENOUGH * 1_000:
        return None, "nothing tells it clearly"
    return best, ", ".join(dict.fromkeys(said[best]))


def _evidence(profiles: Sequence[ColumnProfile]) -> list[tuple[str, float, str]]:
    found = [piece for profile in profiles for piece in _by_column(profile)]
    words = {word for profile in profiles for word in words_of(profile.name)}
    for country, known in _LANGUAGES.items():
        if len(words & known) >= 2:
            found.append((country, 0.3 + 0.1 * len(words & known), "language of the headings"))
    return found


def _by_column(profile: ColumnProfile) -> list[tuple[str, float, str]]:
    found: list[tuple[str, float, str]] = []
    match read_heading(profile.name).meaning:
        case "address:country":
            codes = Counter(code for value in profile.common if (code := country_code(value)))
            if codes and profile.fill > _ENOUGH:
                found = [(codes.most_common(1)[0][0], 2.0, f"values of {profile.name}")]
        case "address:region":
            shares = {land: region_share(profile.common[:_COMMONEST], land) for land in REGION_COUNTRIES}
            found = _most(shares, f"regions in {profile.name}")
        case "address:postal_code":
            found = _most(_postal_code_shares(profile.sample), f"codes in {profile.name}")
        case "phone":
            found = _by_phones(profile)
        case "email" | "website":
            ends = Counter(value.rstrip("/ ").rpartition(".")[2].lower() for value in profile.sample)
            found = [
                (_TOP_LEVEL[end], 0.6, f".{end} in {profile.name}")
                for end, count in ends.items()
                if end in _TOP_LEVEL and count > 0.3 * len(profile.sample)
            ]
        case "tax_id:us_ssn" | "tax_id:us_ein":
            found = [("US", 0.6, f"heading {profile.name}")]
    return found


def _most(shares: dict[str, float], why: str) -> list[tuple[str, float, str]]:
    return [(country, share, why) for country, share in shares.items() if share > _ENOUGH]


def _postal_code_shares(codes: Sequence[str]) -> dict[str, float]:
    upper = [code.upper() for code in codes]
    return {
        country: sum(form.fullmatch(code) is not None for code in upper) / len(upper) if upper else 0.0
        for country, form in _POSTAL_CODES.items()
    }


def _by_phones(profile: ColumnProfile) -> list[tuple[str, float, str]]:
    """Numbers of one country are often valid in others too: the best ones share the vote."""
    values = profile.sample[:100]
    if not looks_like_phones(values) and not values:
        return []
    shares = {country: phone_share(values, country) for country in PHONE_COUNTRIES}
    best = max(shares.values())
    if best < _ENOUGH or shares["US"] == min(shares.values()) == best:
        return []
    winners = [country for country, share in shares.items() if share > best - 0.02]
    return [(country, best / len(winners), f"phones in {profile.name}") for country in winners]


def day_is_first(values: Sequence[str]) -> bool | None:
    """Tell whether dates such as 3.4.1980 begin with the day; none where the values do not tell."""
    pairs = [(int(m[1]), int(m[2])) for value in values if (m := _DAY_OR_MONTH.match(value)) is not None]
    day_first = sum(first > 12 >= second for first, second in pairs)
    month_first = sum(second > 12 >= first for first, second in pairs)
    dotted = sum("." in value[:3] for value in values)
    if day_first > 10 * month_first and day_first:
        return True
    if month_first > 10 * day_first and month_first:
        return False
    return True if pairs and dotted > len(pairs) / 2 else None
