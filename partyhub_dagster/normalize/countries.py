"""Countries: any code or common name in, ISO 3166 alpha-2 out."""

from functools import cache, lru_cache

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import tidy, tokens

_NUMERIC_DIGITS = 3


@cache
def _iso_codes() -> dict[str, str]:
    import pycountry

    found: dict[str, str] = {}
    for country in pycountry.countries:
        found[country.alpha_2.lower()] = country.alpha_2
        found[country.alpha_3.lower()] = country.alpha_2
        found[country.numeric] = country.alpha_2
    return found


@lru_cache(maxsize=20_000)
def country_code(text: str) -> str | None:
    """Return the alpha-2 code, upper case, of a code or name in any of many languages."""
    bare = text.strip().strip(".").lower()
    if bare.isdigit():
        return _iso_codes().get(bare.zfill(_NUMERIC_DIGITS))
    code = _iso_codes().get(bare.replace(".", ""))
    if code is not None or not bare:
        return code
    from rigour.territories import lookup_territory

    try:
        territory = lookup_territory(text)
    except Exception:  # noqa: BLE001  an unreadable name is no country
        return None
    if territory is None:
        return None
    return _iso_codes().get(territory.code.split("-")[0].lower())


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
