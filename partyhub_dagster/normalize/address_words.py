"""The vocabulary of addresses: what streets, units and regions are called, and their one short form."""

from collections.abc import Sequence
from functools import cache

from partyhub_dagster.normalize.text import tokens

STREET_TYPES = {
    word: short
    for short, words in {
        "aly": "alley aly",
        "ave": "avenue av ave aven avenu avn", "blvd": "boulevard blvd boul boulv", "br": "branch",
        "byp": "bypass", "cir": "circle cir circ crcl", "cres": "crescent cres crescnt", "ct": "court ct crt",
        "cts": "courts", "cv": "cove", "dr": "drive dr drv driv", "est": "estate estates",
        "expy": "expressway expy expwy",
        "ext": "extension",
        "fwy": "freeway fwy", "grv": "grove", "gdns": "gardens gdns garden", "hbr": "harbor harbour",
        "hts": "heights", "hwy": "highway hwy hiway", "hl": "hill", "is": "island", "jct": "junction", "ln": "lane ln",
        "lndg": "landing", "mdws": "meadows", "mnr": "manor", "ml": "mill", "mt": "mount", "mtn": "mountain",
        "pk": "park", "pkwy": "parkway pkwy pky parkwy", "pl": "place pl", "plz": "plaza plza", "pt": "point",
        "rd": "road rd",
        "rdg": "ridge", "riv": "river", "rte": "route rte", "shr": "shore", "spg": "spring", "spgs": "springs",
        "sq": "square sq sqr", "st": "street st str saint strt strasse", "sta": "station", "ter": "terrace ter terr",
        "tpke": "turnpike tpke", "trl": "trail trl", "vly": "valley", "vw": "view", "vlg": "village", "way": "way wy",
        "xing": "crossing", "n": "north n", "s": "south s", "e": "east e", "w": "west w", "ne": "northeast ne",
        "nw": "northwest nw", "se": "southeast se", "sw": "southwest sw", "ft": "fort",
    }.items()
    for word in words.split()
}  # fmt: skip
UNIT_WORDS = {
    word: short
    for short, words in {
        "apt": "apartment apt appt flat", "ste": "suite ste", "unit": "unit", "fl": "floor fl flr", "rm": "room rm",
        "bldg": "building bldg", "lot": "lot", "trlr": "trailer trlr", "dept": "department dept", "ph": "penthouse ph",
    }.items()
    for word in words.split()
}  # fmt: skip
ORDINALS = {
    word: f"{number}"
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), start=1
    )
}
CITY_WORDS = {
    "saint": "st",
    "sainte": "ste",
    "mount": "mt",
    "fort": "ft",
    "township": "twp",
    "heights": "hts",
}
REGION_COUNTRIES = ("US", "CA", "AU")
"""Countries whose regions have codes that people write."""


@cache
def region_codes(country: str) -> dict[str, str]:
    """Return code by lower-case code or name of the regions of a country."""
    import pycountry

    found: dict[str, str] = {}
    regions = pycountry.subdivisions.get(country_code=country)  # type: ignore[no-untyped-call]
    for region in regions or ():
        code = region.code.partition("-")[2].lower()
        found[region.name.lower()] = code
        found[" ".join(tokens(region.name))] = code
        found[code] = code
    return found


def street_tokens(words: Sequence[str]) -> list[str]:
    """Return the tokens in their short forms: `north first street` is `n 1 st`."""
    found = []
    for word in words:
        if word[0].isdigit() and word[-2:] in ("st", "nd", "rd", "th") and word[:-2].isdigit():
            found.append(word[:-2])
        else:
            found.append(STREET_TYPES.get(word) or ORDINALS.get(word) or word)
    return found
