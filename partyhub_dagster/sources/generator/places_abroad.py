"""Places outside the United States, written as a clerk abroad would in English, and as people there write them."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final, cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import (
    Bools,
    Rng,
    Text,
    blank,
    chance,
    digits,
    draw,
    draw_index,
    text,
    where,
)
from partyhub_dagster.sources.generator.places import Addresses, draw_house_numbers
from partyhub_dagster.sources.generator.vocabulary import load_vocabulary

# city|region|country|postcode pattern (9 digit, A letter)|phone prefix|free digits|city as written there
_CITIES: Final = """London|Greater London|GB|EC9A 9AA|44207|7|;London|Greater London|GB|SW9A 9AA|44208|7|
Manchester|Greater Manchester|GB|M9 9AA|441612|6|;Leeds|West Yorkshire|GB|LS9 9AA|441132|6|
Edinburgh|Midlothian|GB|EH9 9AA|441312|6|;Toronto|ON|CA|M9A 9A9|1416|7|;Montreal|QC|CA|H9A 9A9|1514|7|Montréal
Vancouver|BC|CA|V9A 9A9|1604|7|;Frankfurt am Main|Hessen|DE|60999|49693|7|Frankfurt a.M.;Berlin|Berlin|DE|10999|49303|7|
Munich|Bavaria|DE|80999|49893|7|München;Hamburg|Hamburg|DE|20999|49403|7|;Paris|Ile-de-France|FR|75099|3314|7|PARIS
Lyon|Auvergne-Rhone-Alpes|FR|69009|3347|7|LYON;Marseilles|Provence|FR|13009|33491|6|MARSEILLE
Luxembourg||LU|9999|35226|6|;Dublin|Leinster|IE|D09 A999|35316|6|;Amsterdam|Noord-Holland|NL|1999 AA|31206|6|
Zurich|Zurich|CH|8099|41443|6|Zürich;Tokyo|Tokyo|JP|199-9999|81335|6|東京都千代田区;Osaka|Osaka|JP|539-9999|81662|6|大阪市北区
Athens|Attica|GR|119 99|302103|6|Αθήνα;Kyiv|Kyiv|UA|01999|38044|7|Київ;Beijing|Beijing|CN|100999|86106|7|北京市
Sao Paulo|SP|BR|01999-999|55113|7|São Paulo;Rio de Janeiro|RJ|BR|22999-999|55212|7|Rio de Janeiro
Brasilia|DF|BR|70999-999|55613|7|Brasília;Mexico City|CDMX|MX|06999|52555|7|Ciudad de México
Madrid|Madrid|ES|28099|34914|6|;Milan|Lombardy|IT|20199|39024|7|Milano;Mumbai|MH|IN|400099|91222|7|
Sydney|NSW|AU|2099|6129|7|;Dubai||AE|P.O. Box 99999|97143|6|دبي"""
_NUMBER: Final = re.compile(r"\d+(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class _Country:
    """How a country writes an address: in English letters, and as people there do."""

    line: str = "{number} {street}"
    streets: tuple[str, ...] = ()  # none: made up, as English ones are
    local_line: str = ""  # none: as `line`
    local_streets: dict[str, str] = field(default_factory=dict)
    floor: str = "Floor {}"
    flat: str = "Flat {}"


_COUNTRIES: Final = {
    "GB": _Country(floor="Level {}"),
    "DE": _Country(
        "{street} {number}",
        ("Hauptstrasse", "Bahnhofstrasse", "Gartenstrasse", "Schillerstrasse", "Lindenallee", "Ringstrasse",
         "Koenigsallee"),
        "{street} {number}",
        {"Hauptstrasse": "Hauptstraße", "Bahnhofstrasse": "Bahnhofstr.", "Gartenstrasse": "Gartenstr.",
         "Schillerstrasse": "Schillerstraße", "Ringstrasse": "Ringstr.", "Koenigsallee": "Königsallee"},
        "{}. OG", "Whg. {}",
    ),
    "FR": _Country(
        "{number} rue {street}",
        ("de la Paix", "Victor Hugo", "Pasteur", "des Lilas", "Voltaire", "de la Gare", "Lafayette", "de l'Eglise"),
        "{number}, rue {street}", {"de l'Eglise": "de l'Église", "Lafayette": "La Fayette"}, "{}e étage", "Appt {}",
    ),
    "LU": _Country(
        "{number}, rue {street}",
        ("de la Gare", "du Fort", "Notre-Dame", "de Hollerich", "des Bains", "Adolphe Fischer"),
    ),
    "NL": _Country(
        "{street} {number}",
        ("Keizersgracht", "Herengracht", "Kerkstraat", "Molenstraat", "Dorpsstraat", "Stationsweg"),
    ),
    "CH": _Country(
        "{street} {number}", ("Bahnhofstrasse", "Seestrasse", "Talstrasse", "Dufourstrasse", "Limmatquai"),
    ),
    "GR": _Country(
        "{street} {number}", ("Ermou", "Stadiou", "Panepistimiou", "Kifisias", "Syngrou", "Patission"),
        "{street} {number}",
        {"Ermou": "Ερμού", "Stadiou": "Σταδίου", "Panepistimiou": "Πανεπιστημίου", "Kifisias": "Κηφισίας",
         "Syngrou": "Συγγρού", "Patission": "Πατησίων"},
        "{}ος όροφος", "Διαμ. {}",
    ),
    "JP": _Country(
        "{number}-{unit} {street}",
        ("Marunouchi", "Nihonbashi", "Kasumigaseki", "Shinjuku", "Ginza", "Otemachi", "Akasaka"),
        "{street}{number}",
        {"Marunouchi": "丸の内", "Nihonbashi": "日本橋", "Kasumigaseki": "霞が関", "Shinjuku": "新宿", "Ginza": "銀座",
         "Otemachi": "大手町", "Akasaka": "赤坂"},
        "{}階", "{}号室",
    ),
    "UA": _Country(
        "{number} {street}",
        ("Khreshchatyk Street", "Volodymyrska Street", "Saksahanskoho Street", "Shevchenka Boulevard"),
        "{street}, {number}",
        {"Khreshchatyk Street": "вул. Хрещатик", "Volodymyrska Street": "вул. Володимирська",
         "Saksahanskoho Street": "вул. Саксаганського", "Shevchenka Boulevard": "бул. Шевченка"},
        "{} поверх", "кв. {}",
    ),
    "CN": _Country(
        "{number} {street}",
        ("Jianguo Road", "Chang'an Avenue", "Chaoyang Road", "Guanghua Road", "Haidian Road"),
        "{street}{number}号",
        {"Jianguo Road": "建国路", "Chang'an Avenue": "长安街", "Chaoyang Road": "朝阳路", "Guanghua Road": "光华路",
         "Haidian Road": "海淀路"},
        "{}层", "{}室",
    ),
    "BR": _Country(
        "{street}, {number}",
        ("Rua das Flores", "Avenida Paulista", "Rua Augusta", "Avenida Sao Joao", "Rua Sete de Setembro",
         "Rua da Gloria"),
        "{street}, nº {number}",
        {"Rua das Flores": "R. das Flores", "Avenida Paulista": "Av. Paulista", "Rua Augusta": "R. Augusta",
         "Avenida Sao Joao": "Av. São João", "Rua Sete de Setembro": "R. 7 de Setembro",
         "Rua da Gloria": "R. da Glória"},
        "{}º andar", "apto {}",
    ),
    "MX": _Country(
        "{street} {number}", ("Avenida Reforma", "Avenida Juarez", "Calle Madero", "Calle Hidalgo"),
        "{street} No. {number}",
        {"Avenida Reforma": "Av. Reforma", "Avenida Juarez": "Av. Juárez", "Calle Madero": "C. Madero",
         "Calle Hidalgo": "C. Hidalgo"},
        "Piso {}", "Int. {}",
    ),
    "ES": _Country(
        "{street} {number}", ("Calle Mayor", "Calle Alcala", "Gran Via", "Calle Serrano", "Paseo del Prado"),
        "{street}, {number}",
        {"Calle Mayor": "C/ Mayor", "Calle Alcala": "C/ Alcalá", "Gran Via": "Gran Vía", "Calle Serrano": "C/ Serrano",
         "Paseo del Prado": "P.º del Prado"},
        "{}ª planta", "{}.º A",
    ),
    "IT": _Country(
        "{street} {number}", ("Via Roma", "Via Garibaldi", "Corso Italia", "Via Dante", "Viale Liberta"),
        "{street}, {number}", {"Via Roma": "V. Roma", "Corso Italia": "C.so Italia", "Viale Liberta": "V.le Libertà"},
        "{}° piano", "int. {}",
    ),
    "AE": _Country(
        "{number} {street}", ("Sheikh Zayed Road", "Al Wasl Road", "Jumeirah Road", "Al Khaleej Street"),
        "{street} {number}",
        {"Sheikh Zayed Road": "شارع الشيخ زايد", "Al Wasl Road": "شارع الوصل", "Jumeirah Road": "شارع جميرا",
         "Al Khaleej Street": "شارع الخليج"},
        "الطابق {}", "شقة {}",
    ),
}  # fmt: skip
_ENGLISH: Final = _Country()
PERSON_COUNTRIES: Final = ("DE", "FR", "GB", "JP", "BR", "MX", "IN")
LOCAL_COUNTRIES: Final = frozenset(
    ["GB", *(code for code, country in _COUNTRIES.items() if country.local_line)]
)


@cache
def _cities() -> tuple[Text, ...]:
    rows = [row.split("|") for row in _CITIES.replace("\n", ";").split(";")]
    return tuple(text(column) for column in zip(*rows, strict=True))


@cache
def _local_cities() -> dict[str, str]:
    city, *_, local = _cities()
    return {name: there for name, there in zip(city, local, strict=True) if there}


def draw_addresses_abroad(
    rng: Rng, n: int, countries: tuple[str, ...] = (), *, homes: bool = False
) -> Addresses:
    """Return n addresses outside the United States, of the given countries when there are any."""
    cities, regions, country, patterns, areas, free, _ = _cities()
    weights = [6.0 if c == "GB" else 3.0 if c in {"CA", "DE", "LU"} else 1.0 for c in country]
    weights = [w if not countries or c in countries else 0.0 for w, c in zip(weights, country, strict=True)]
    at = draw_index(rng, weights, n)
    unit = ("Flat " if homes else "Floor ") + digits(rng.integers(1, 30, size=n), 1)
    return Addresses(
        line=_lines(rng, country[at]),
        unit=where(chance(rng, n, 0.2), unit, ""),
        city=cities[at],
        region=regions[at],
        postcode=_postcodes(rng, patterns[at]),
        country=country[at],
        area=areas[at],
        free_digits=free[at].astype(np.int64),
    )


def _lines(rng: Rng, countries: Text) -> Text:
    n = len(countries)
    number, unit = draw_house_numbers(rng, n), digits(rng.integers(1, 20, size=n), 1)
    street = draw(rng, load_vocabulary().family_wide, n)
    street = street + " " + draw(rng, ("Street", "Road", "Square", "Lane"), n)
    for code, country in _COUNTRIES.items():
        at = np.flatnonzero(countries == code)
        if country.streets:
            street[at] = draw(rng, country.streets, len(at))
    shapes = [_COUNTRIES.get(code, _ENGLISH).line for code in countries.tolist()]
    parts = zip(shapes, street.tolist(), number.tolist(), unit.tolist(), strict=True)
    return text([shape.format(street=s, number=n, unit=u) for shape, s, n, u in parts])


_FIGURES = text("0123456789")
_LETTERS = text("ABDEFGHJLNPQRSTUWXYZ")


def _postcodes(rng: Rng, patterns: Text) -> Text:
    """Return a postcode of each pattern, in which 9 stands for a figure and A for a letter."""
    n = len(patterns)
    figures, letters = _FIGURES[rng.integers(10, size=(n, 16))], _LETTERS[rng.integers(20, size=(n, 16))]
    result = blank(n)
    for pattern in sorted(set(patterns.tolist())):
        at = np.flatnonzero(patterns == pattern)
        for i, sign in enumerate(pattern):
            result[at] += figures[at, i] if sign == "9" else letters[at, i] if sign == "A" else sign
    return result


def is_written_otherwise(places: Addresses) -> Bools:
    """Return which places people there write otherwise than a clerk abroad."""
    there = np.array([code in LOCAL_COUNTRIES for code in places.country.tolist()], dtype=np.bool_)
    return there & cast(Bools, (places.country != "GB") | (places.unit != ""))


def as_written_there(places: Addresses) -> Addresses:
    """Return the places as people there write them: script, order, abbreviations. Postcodes stay."""
    codes = places.country.tolist()
    line = [_line_there(code, v) for code, v in zip(codes, places.line.tolist(), strict=True)]
    unit = [_unit_there(code, v) for code, v in zip(codes, places.unit.tolist(), strict=True)]
    british = [code == "GB" and u != "" for code, u in zip(codes, unit, strict=True)]
    return Addresses(
        line=text([f"{u}, {v}" if gb else v for v, u, gb in zip(line, unit, british, strict=True)]),
        unit=text(["" if gb else u for u, gb in zip(unit, british, strict=True)]),
        city=text([_local_cities().get(city, city) for city in places.city.tolist()]),
        region=blank(len(codes)),
        postcode=places.postcode,
        country=places.country,
        area=places.area,
        free_digits=places.free_digits,
    )


def _line_there(code: str, line: str) -> str:
    country, number = _COUNTRIES.get(code, _ENGLISH), _NUMBER.search(line)
    street = next((street for street in country.streets if street in line), None)
    if not country.local_line or number is None or street is None:
        return line
    return country.local_line.format(street=country.local_streets.get(street, street), number=number.group())


def _unit_there(code: str, unit: str) -> str:
    country, (kind, _, number) = _COUNTRIES.get(code, _ENGLISH), unit.partition(" ")
    return unit and (country.floor if kind == "Floor" else country.flat).format(number)


def phones_as_written_there(numbers: Text) -> Text:
    """Return international numbers in the national form of their countries; numbers without code as they are."""
    import phonenumbers

    national = phonenumbers.PhoneNumberFormat.NATIONAL
    return text(
        [
            phonenumbers.format_number(phonenumbers.parse(v), national) if v[:1] == "+" else v
            for v in numbers.tolist()
        ]
    )
