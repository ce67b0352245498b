"""What companies are called, in several scripts: names without their legal forms."""

import re
from collections.abc import Callable
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
from partyhub_dagster.sources.generator.romanisations import respelt
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
# as written there, what it means, how it sounds
_JAPANESE: Final = (
    ("建設", "Construction", "Kensetsu"), ("食品", "Foods", "Shokuhin"), ("印刷", "Printing", "Insatsu"),
    ("水産", "Fisheries", "Suisan"), ("鉱業", "Mining", "Kogyo"), ("電機", "Electric", "Denki"),
    ("運輸", "Transport", "Unyu"), ("化学", "Chemical", "Kagaku"), ("商事", "Trading", "Shoji"),
    ("製薬", "Pharmaceutical", "Seiyaku"),
)  # fmt: skip
_JAPANESE_HOUSES: Final = (
    ("", ""), ("", ""), ("日本", "Nippon "), ("東洋", "Toyo "), ("大和", "Daiwa "), ("富士", "Fuji "), ("新", "Shin "),
    ("東京", "Tokyo "), ("大阪", "Osaka "), ("京都", "Kyoto "), ("北海", "Hokkai "), ("三", "Mitsu "),
    ("中央", "Chuo "),
)  # fmt: skip
_CHINESE: Final = (
    ("科技", "Technology", "Keji"), ("贸易", "Trading", "Maoyi"), ("实业", "Industrial", "Shiye"),
    ("电子", "Electronics", "Dianzi"), ("物流", "Logistics", "Wuliu"), ("食品", "Foods", "Shipin"),
    ("医药", "Pharmaceutical", "Yiyao"), ("能源", "Energy", "Nengyuan"),
)  # fmt: skip
_CHINESE_PLACES: Final = (
    ("北京", "Beijing"), ("上海", "Shanghai"), ("深圳", "Shenzhen"), ("广州", "Guangzhou"),
)  # fmt: skip
_UKRAINIAN: Final = (
    ("Буд", "Bud"), ("Агро", "Agro"), ("Транс", "Trans"), ("Енерго", "Enerho"), ("Сервіс", "Servis"), ("Фарм", "Farm"),
)  # fmt: skip
_ARABIC: Final = (
    ("للتجارة", "Trading", "lil Tijara"), ("للمقاولات", "Contracting", "lil Muqawalat"),
    ("للأدوية", "Pharmaceuticals", "lil Adwiya"), ("للنقل", "Transport", "lil Naql"),
    ("للأغذية", "Foods", "lil Aghdhiya"),
)  # fmt: skip
_NOT_IN_A_DOMAIN: Final = re.compile("[^a-z0-9]+")


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


def draw_native_companies(rng: Rng, countries: Text) -> tuple[Text, Text, Text]:
    """Return the native name with its form, the Latin name and another Latin spelling, both without form."""
    picks: Ints = rng.integers(2**31, size=(len(countries), 3))
    names = [_NATIVE[country](*row) for country, row in zip(countries, picks.tolist(), strict=True)]
    native, latin, respelt_name = zip(*names, strict=True)
    return text(native), text(latin), text(respelt_name)


def _family(country: str, pick: int) -> tuple[str, str, str]:
    """Return a family name as written there, its usual Latin spelling and another."""
    native, latin = load_vocabulary().native[country].family
    name, spelled = native[pick % len(native)], latin[pick % len(native)]
    return name, spelled, respelt(country, name, spelled)


def _japanese_company(a: int, b: int, c: int) -> tuple[str, str, str]:
    family, trade = _family("JP", a), _JAPANESE[b % len(_JAPANESE)]
    house = _JAPANESE_HOUSES[c % len(_JAPANESE_HOUSES)]
    return (
        f"株式会社{house[0]}{family[0]}{trade[0]}",
        f"{house[1]}{family[1]} {trade[1]}",
        f"{house[1]}{family[2]} {trade[2]}",
    )


def _chinese_company(a: int, b: int, c: int) -> tuple[str, str, str]:
    place, trade = _CHINESE_PLACES[a % len(_CHINESE_PLACES)], _CHINESE[b % len(_CHINESE)]
    one, two = _family("CN", c), _family("CN", c // 1000)
    return (
        f"{place[0]}{one[0]}{two[0]}{trade[0]}有限公司",
        f"{place[1]} {one[1]}{two[1].lower()} {trade[1]}",
        f"{place[1]} {one[2]}-{two[2].lower()} {trade[2]}",
    )


def _ukrainian_company(a: int, b: int, _: int) -> tuple[str, str, str]:
    family, trade = _family("UA", a), _UKRAINIAN[b % len(_UKRAINIAN)]
    return f"ТОВ «{family[0]}-{trade[0]}»", f"{family[1]}-{trade[1]}", f"{family[2]}-{trade[1]}"


def _greek_company(a: int, _: int, c: int) -> tuple[str, str, str]:
    one, two = _family("GR", a), _family("GR", c)
    return f"{one[0]} - {two[0]} Α.Ε.", f"{one[1]} - {two[1]}", f"{one[2]} - {two[2]}"


def _arabic_company(a: int, b: int, c: int) -> tuple[str, str, str]:
    one, two, trade = _family("AE", a), _family("AE", c), _ARABIC[b % len(_ARABIC)]
    return (
        f"شركة {one[0]} و{two[0]} {trade[0]}",
        f"{one[1]} & {two[1]} {trade[1]}",
        f"Sharikat {one[2]} wa {two[2]} {trade[2]}",
    )


_NATIVE: Final[dict[str, Callable[[int, int, int], tuple[str, str, str]]]] = {
    "JP": _japanese_company,
    "CN": _chinese_company,
    "UA": _ukrainian_company,
    "GR": _greek_company,
    "AE": _arabic_company,
}
NATIVE_COUNTRIES: Final = tuple(_NATIVE)


def domains_of(names: Text) -> Text:
    """Return a web domain per name, under the top-level domain that is reserved for examples."""
    return each(lambda name: _slug(name) + ".example", names)


def _slug(name: str) -> str:
    slug = _NOT_IN_A_DOMAIN.sub("-", ascii_of(name).lower())
    return slug[:40].strip("-") or "company"
