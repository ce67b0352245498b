"""What companies are called, in several scripts: names without their legal forms."""

import re
from functools import partial
from typing import Final, cast

from partyhub_dagster.sources.generator.arrays import (
    Ints,
    Rng,
    Text,
    ascii_of,
    blank,
    draw,
    draw_index,
    each,
    styled,
    text,
    where,
)
from partyhub_dagster.sources.generator.vocabulary import load_vocabulary

INDUSTRIES: Final = (
    "Logistics", "Foods", "Industries", "Manufacturing", "Plumbing", "Electric", "Construction", "Builders", "Roofing",
    "Landscaping", "Consulting", "Advisors", "Wealth Management", "Insurance", "Insurance Agency", "Realty",
    "Properties", "Development", "Investments", "Ventures", "Capital", "Financial", "Mortgage", "Bancorp", "Trust",
    "Technologies", "Software", "Systems", "Networks", "Data", "Analytics", "Robotics", "Semiconductor", "Devices",
    "Pharmaceuticals", "Biosciences", "Therapeutics", "Diagnostics", "Dental", "Medical Group", "Home Care",
    "Veterinary Clinic", "Fitness", "Salon", "Bakery", "Brewing", "Coffee", "Restaurant Group", "Catering", "Hotels",
    "Travel", "Airlines", "Aviation", "Marine", "Shipping", "Freight", "Trucking", "Motors", "Auto Parts", "Tire",
    "Steel", "Metals", "Mining", "Minerals", "Energy", "Petroleum", "Gas", "Solar", "Power", "Utilities", "Water",
    "Chemicals", "Plastics", "Paper", "Packaging", "Printing", "Publishing", "Media", "Broadcasting", "Pictures",
    "Design", "Architects", "Engineering", "Surveying", "Environmental", "Recycling", "Farms", "Dairy", "Seeds",
    "Fisheries", "Timber", "Furniture", "Textiles", "Apparel", "Footwear", "Jewelers", "Toys", "Sporting Goods",
    "Security", "Staffing", "Legal Services", "Accounting", "Supply", "Distributors", "Imports", "Trading",
)  # fmt: skip
_SYLLABLES: Final = (
    ("Al", "Ar", "Ax", "Bel", "Ber", "Cal", "Cen", "Cor", "Del", "Dyn", "El", "En", "Fer", "Gal", "Hel",
     "In", "Jor", "Kal",
     "Lum", "Mag", "Mer", "Nor", "Nov", "Om", "Or", "Pan", "Qua", "Ral", "Sal", "Sol", "Syn", "Tal", "Tri",
     "Ul", "Ver", "Vel",
     "Xen", "Zan"),
    ("a", "e", "i", "o", "u", "an", "en", "in", "or", "al", "er", "is", "ta", "ri", "vi", "co", "di"),
    ("ca", "cor", "data", "dyne", "gen", "lex", "lon", "lux", "max", "mont", "nex", "nix", "plex", "ra",
     "rix", "sys", "tec",
     "tek", "tis", "tron", "va", "via", "vance", "xa", "zon"),
)  # fmt: skip
FUND_STYLES: Final = (
    "Growth Fund", "Income Fund", "Opportunity Fund", "Real Estate Fund", "Credit Fund", "Infrastructure Fund",
    "Equity Fund", "Global Macro Fund", "Venture Fund", "Buyout Fund", "Emerging Markets Fund",
)  # fmt: skip
DIVISIONS: Final = (
    "Holdings", "Leasing", "International", "Services", "Finance", "Europe", "Asia Pacific", "Real Estate", "Logistics",
    "Ventures", "West", "Treasury", "Insurance Services", "Distribution",
)  # fmt: skip
_JAPANESE: Final = (
    ("建設", "Construction"), ("食品", "Foods"), ("印刷", "Printing"), ("水産", "Fisheries"), ("鉱業", "Mining"),
    ("電機", "Electric"), ("運輸", "Transport"), ("化学", "Chemical"), ("商事", "Trading"), ("製薬", "Pharmaceutical"),
)  # fmt: skip
_JAPANESE_HOUSES: Final = (
    ("", ""), ("", ""), ("日本", "Nippon "), ("東洋", "Toyo "), ("大和", "Daiwa "), ("富士", "Fuji "), ("新", "Shin "),
    ("東京", "Tokyo "), ("大阪", "Osaka "), ("京都", "Kyoto "), ("北海", "Hokkai "), ("三", "Mitsu "),
    ("中央", "Chuo "),
)  # fmt: skip
_CHINESE: Final = (
    ("科技", "Technology"), ("贸易", "Trading"), ("实业", "Industrial"), ("电子", "Electronics"), ("物流", "Logistics"),
    ("食品", "Foods"), ("医药", "Pharmaceutical"), ("能源", "Energy"),
)  # fmt: skip
_CHINESE_PLACES: Final = (
    ("北京", "Beijing"),
    ("上海", "Shanghai"),
    ("深圳", "Shenzhen"),
    ("广州", "Guangzhou"),
)
_UKRAINIAN: Final = (
    ("Буд", "Bud"), ("Агро", "Agro"), ("Транс", "Trans"), ("Енерго", "Enerho"), ("Сервіс", "Servis"), ("Фарм", "Farm"),
)  # fmt: skip
_NOT_IN_A_DOMAIN: Final = re.compile("[^a-z0-9]+")
NATIVE_COUNTRIES: Final = ("JP", "CN", "GR", "UA")


def draw_company_names(rng: Rng, cities: Text) -> Text:
    """Return a name per company from six patterns; some hundred million names are possible."""
    n = len(cities)
    vocabulary = load_vocabulary()
    one, two = draw(rng, vocabulary.family_wide, n), draw(rng, vocabulary.family[0], n)
    industry, coined = draw(rng, INDUSTRIES, n), _coined(rng, n)
    adjective, noun = draw(rng, vocabulary.adjectives, n), draw(rng, vocabulary.nouns, n)
    patterns: tuple[tuple[Text | str, ...], ...] = (
        (one, " ", industry),
        (one, " & ", two),
        (one, " ", two, " ", industry),
        (coined, " ", industry),
        (adjective, " ", noun, " ", industry),
        (cities, " ", coined, " ", industry),
        (coined, " ", noun, " ", industry),
    )
    style = draw_index(rng, (24, 12, 14, 22, 8, 10, 10), n)
    return styled(style, [partial(_put_together, words) for words in patterns])


def _put_together(words: tuple[Text | str, ...], at: Ints) -> Text:
    result: Text = blank(len(at))
    for word in words:
        result = result + (word if isinstance(word, str) else word[at])
    return result


def _coined(rng: Rng, n: int) -> Text:
    first, middle, last = (draw(rng, part, n) for part in _SYLLABLES)
    return cast(Text, first + where(rng.random(n) < 0.6, middle, "") + last)


def draw_fund_families(rng: Rng, n: int) -> tuple[Text, Text]:
    """Return the house and the style of each fund family: ("Harborview Capital", "Growth Fund")."""
    house = where(rng.random(n) < 0.5, draw(rng, load_vocabulary().family_wide, n), _coined(rng, n))
    kind = draw(rng, ("Capital", "Partners", "Asset Management", "Investors", "Advisors"), n)
    return cast(Text, house + " " + kind), draw(rng, FUND_STYLES, n)


def draw_native_companies(rng: Rng, countries: Text) -> tuple[Text, Text]:
    """Return the native name, form included, and the Latin name without form, in the script of each country."""
    native, latin = [], []
    picks: Ints = rng.integers(2**31, size=(len(countries), 3))
    names = load_vocabulary().native
    for country, (a, b, c) in zip(countries, picks.tolist(), strict=True):
        if country == "CN":
            place, trade = _CHINESE_PLACES[a % len(_CHINESE_PLACES)], _CHINESE[b % len(_CHINESE)]
            word = _chinese_word(c)
            native.append(f"{place[0]}{word[0]}{trade[0]}有限公司")
            latin.append(f"{place[1]} {word[1]} {trade[1]}")
            continue
        family = names[country].family
        surname = family[0][a % len(family[0])], family[1][a % len(family[1])]
        shaped = _native_company(country, surname, b, c)
        native.append(shaped[0])
        latin.append(shaped[1])
    return text(native), text(latin)


def _native_company(country: str, surname: tuple[str, str], b: int, c: int) -> tuple[str, str]:
    if country == "JP":
        trade = _JAPANESE[b % len(_JAPANESE)]
        house = _JAPANESE_HOUSES[c % len(_JAPANESE_HOUSES)]
        return f"株式会社{house[0]}{surname[0]}{trade[0]}", f"{house[1]}{surname[1]} {trade[1]}"
    if country == "UA":
        trade = _UKRAINIAN[b % len(_UKRAINIAN)]
        return f"ТОВ «{surname[0]}-{trade[0]}»", f"{surname[1]}-{trade[1]}"
    partner = load_vocabulary().native["GR"].family
    other = partner[0][c % len(partner[0])], partner[1][c % len(partner[1])]
    return f"{surname[0]} - {other[0]} Α.Ε.", f"{surname[1]} - {other[1]}"


def _chinese_word(pick: int) -> tuple[str, str]:
    family = load_vocabulary().native["CN"].family
    one, two = pick % len(family[0]), (pick // 1000) % len(family[0])
    return family[0][one] + family[0][two], family[1][one] + family[1][two].lower()


def domains_of(names: Text) -> Text:
    """Return a web domain per name, under the top-level domain that is reserved for examples."""
    return each(lambda name: _slug(name) + ".example", names)


def _slug(name: str) -> str:
    slug = _NOT_IN_A_DOMAIN.sub("-", ascii_of(name).lower())
    return slug[:40].strip("-") or "company"
