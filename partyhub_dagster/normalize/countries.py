"""Countries: any code or common name in, ISO 3166 alpha-2 out."""

from functools import cache, lru_cache

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import CACHED, tidy, tokens

_NUMERIC_DIGITS = 3
_SHORTEST_NAME = 4


_USUAL = {
    "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "great britain": "GB", "northern ireland": "GB",
    "united states of america": "US", "america": "US", "korea": "KR", "south korea": "KR", "russia": "RU",
    "holland": "NL", "the netherlands": "NL", "ivory coast": "CI", "czech republic": "CZ", "turkey": "TR",
    "iran": "IR", "syria": "SY", "vietnam": "VN", "laos": "LA", "macau": "MO", "deutschland": "DE",
    "espana": "ES", "schweiz": "CH", "brasil": "BR", "italia": "IT", "osterreich": "AT",
}  # fmt: skip
"""Names that people write, beside those of ISO 3166: known without the long index of rigour, which takes a second."""


@cache
def _known() -> dict[str, str]:
    import pycountry

    found = dict(_USUAL)
    for country in pycountry.countries:
        code = country.alpha_2
        names = (country.name, getattr(country, "official_name", None), getattr(country, "common_name", None))
        written = (code, country.alpha_3, *(" ".join(tokens(name)) for name in names if name))
        found.update({name.lower(): code for name in written})
        found[country.numeric] = code
    return found


@lru_cache(maxsize=CACHED)
def country_code(text: str) -> str | None:
    """Return the alpha-2 code, upper case, of a code or name in any of many languages."""
    code = usual_country_code(text)
    if code is not None or len(text) < _SHORTEST_NAME or is_placeholder(text) or text.strip().isdigit():
        return code
    return _by_rigour(text)


def usual_country_code(text: str) -> str | None:
    """Return the alpha-2 code of an ISO code or a usual name, for texts that may well be no country."""
    bare = text.replace(".", "").strip().lower()
    if bare.isdigit():
        return _known().get(bare.zfill(_NUMERIC_DIGITS))
    return _known().get(bare) or _known().get(" ".join(tokens(text)))


@cache
def country_words() -> frozenset[str]:
    """Return the codes and usual names of countries that are one word, in lower case."""
    return frozenset(name for name in _known() if name.isalpha())


def _by_rigour(text: str) -> str | None:
    from rigour.territories import lookup_territory

    try:
        territory = lookup_territory(text)
    except Exception:  # noqa: BLE001  an unreadable name is no country
        return None
    return None if territory is None else _known().get(territory.code.split("-")[0].lower())


def clean_country(raw: str) -> Cleaned:
    """Return the alpha-2 code; a name that is no country is kept as it is, marked invalid.

    NA is Namibia here, as codes go; the longer words for nothing are placeholders.
    """
    text = tidy(raw)
    if not text:
        return NOTHING
    code = country_code(text)
    if code is not None:
        return Cleaned(code, code.lower(), valid=True)
    if is_placeholder(text) or not tokens(text):
        return PLACEHOLDER
    return Cleaned(text, None, valid=False)
