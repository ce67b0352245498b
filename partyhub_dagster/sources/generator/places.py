"""Cities with their postcodes and telephone prefixes, and addresses and phones that agree with one another."""

from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import (
    Ints,
    Rng,
    Rows,
    Text,
    blank,
    chance,
    digits,
    draw,
    draw_weighted,
    text,
    where,
)
from partyhub_dagster.sources.generator.identifiers import draw_nanp
from partyhub_dagster.sources.generator.vocabulary import load_vocabulary

# city|state|first three digits of its ZIP codes|area code
_US_CITIES = """New York|NY|100|212;New York|NY|100|646;Brooklyn|NY|112|718;Buffalo|NY|142|716;Rochester|NY|146|585
Albany|NY|122|518;Los Angeles|CA|900|213;San Diego|CA|921|619;San Jose|CA|951|408;San Francisco|CA|941|415
Sacramento|CA|958|916;Fresno|CA|937|559;Oakland|CA|946|510;Long Beach|CA|908|562;Chicago|IL|606|312
Chicago|IL|606|773;Springfield|IL|627|217;Rockford|IL|611|815;Houston|TX|770|713;Dallas|TX|752|214
Austin|TX|787|512;San Antonio|TX|782|210;Fort Worth|TX|761|817;El Paso|TX|799|915;Phoenix|AZ|850|602
Tucson|AZ|857|520;Mesa|AZ|852|480;Philadelphia|PA|191|215;Pittsburgh|PA|152|412;Harrisburg|PA|171|717
Jacksonville|FL|322|904;Miami|FL|331|305;Tampa|FL|336|813;Orlando|FL|328|407;Tallahassee|FL|323|850
Columbus|OH|432|614;Cleveland|OH|441|216;Cincinnati|OH|452|513;Dayton|OH|454|937;Charlotte|NC|282|704
Raleigh|NC|276|919;Durham|NC|277|919;Indianapolis|IN|462|317;Fort Wayne|IN|468|260;Seattle|WA|981|206
Spokane|WA|992|509;Tacoma|WA|984|253;Denver|CO|802|303;Boulder|CO|803|303;Washington|DC|200|202
Boston|MA|021|617;Worcester|MA|016|508;Springfield|MA|011|413;Detroit|MI|482|313;Lansing|MI|489|517
Ann Arbor|MI|481|734;Nashville|TN|372|615;Memphis|TN|381|901;Knoxville|TN|379|865;Portland|OR|972|503
Salem|OR|973|503;Oklahoma City|OK|731|405;Tulsa|OK|741|918;Las Vegas|NV|891|702;Reno|NV|895|775
Louisville|KY|402|502;Lexington|KY|405|859;Baltimore|MD|212|410;Rockville|MD|208|301;Milwaukee|WI|532|414
Madison|WI|537|608;Albuquerque|NM|871|505;Kansas City|MO|641|816;St. Louis|MO|631|314;Omaha|NE|681|402
Lincoln|NE|685|402;Minneapolis|MN|554|612;St. Paul|MN|551|651;Duluth|MN|558|218;Wichita|KS|672|316
Topeka|KS|666|785;New Orleans|LA|701|504;Baton Rouge|LA|708|225;Newark|NJ|071|973;Trenton|NJ|086|609
Atlanta|GA|303|404;Savannah|GA|314|912;Richmond|VA|232|804;Norfolk|VA|235|757;Wilmington|DE|198|302
Hartford|CT|061|860;Stamford|CT|069|203;Providence|RI|029|401;Birmingham|AL|352|205;Mobile|AL|366|251
Des Moines|IA|503|515;Boise|ID|837|208;Salt Lake City|UT|841|801;Little Rock|AR|722|501;Jackson|MS|392|601
Charleston|SC|294|843;Columbia|SC|292|803;Burlington|VT|054|802;Manchester|NH|031|603;Portland|ME|041|207
Billings|MT|591|406;Fargo|ND|581|701;Sioux Falls|SD|571|605;Cheyenne|WY|820|307;Anchorage|AK|995|907
Honolulu|HI|968|808;Charleston|WV|253|304"""
_STREET_KINDS = (
    "Street", "Avenue", "Road", "Drive", "Lane", "Court", "Place", "Boulevard", "Way", "Circle", "Terrace",
    "Parkway", "Trail",
)  # fmt: skip
_STREET_WEIGHTS = (30.0, 18.0, 12.0, 10.0, 9.0, 6.0, 4.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0)
_PLAIN_STREETS = (
    "Main", "Oak", "Maple", "Cedar", "Elm", "Pine", "Washington", "Lake", "Hill", "Park", "Walnut", "Spring", "North",
    "Ridge", "Church", "Willow", "Mill", "Sunset", "Railroad", "Jackson", "Cherry", "West", "South", "Center",
    "Highland", "Forest", "River", "Meadow", "Chestnut", "Franklin", "1st", "2nd", "3rd", "5th", "7th", "9th", "12th",
    "21st", "34th", "42nd",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Addresses(Rows):
    """One address per row, in full words and capitals where English puts them."""

    line: Text
    unit: Text
    city: Text
    region: Text
    postcode: Text
    country: Text
    area: Text  # what a phone number at this place starts with: area code, or +country and city
    free_digits: Ints


@cache
def _us_cities() -> tuple[Text, ...]:
    rows = [row.split("|") for row in _US_CITIES.replace("\n", ";").split(";")]
    return tuple(text(column) for column in zip(*rows, strict=True))


def draw_us_addresses(rng: Rng, n: int, *, homes: bool) -> Addresses:
    """Return n addresses in the United States: homes more often in small towns, offices with suites."""
    cities, states, zips, areas = _us_cities()
    at = rng.integers(len(cities), size=n)
    vocabulary = load_vocabulary()
    town = draw(rng, vocabulary.family_wide, n)
    town = where(rng.random(n) < 0.5, town + draw(rng, vocabulary.town_suffixes, n), _prefixed(rng, town))
    names = where(rng.random(n) < 0.4, draw(rng, _PLAIN_STREETS, n), draw(rng, vocabulary.family[0], n))
    kind = draw_weighted(rng, _STREET_KINDS, _STREET_WEIGHTS, n)
    line = draw_house_numbers(rng, n) + " " + names + " " + kind
    prefix = (
        where(chance(rng, n, 0.7), "Apt ", "Unit ")
        if homes
        else where(chance(rng, n, 0.7), "Suite ", "Floor ")
    )
    unit = where(chance(rng, n, 0.25 if homes else 0.35), prefix + digits(rng.integers(1, 60, size=n), 1), "")
    return Addresses(
        line=line,
        unit=unit,
        city=where(chance(rng, n, 0.35 if homes else 0.1), town, cities[at]),
        region=states[at],
        postcode=zips[at] + digits(rng.integers(1, 100, size=n), 2),
        country=where(np.ones(n, dtype=bool), "US", ""),
        area=areas[at],
        free_digits=np.full(n, 7, dtype=np.int64),
    )


def _prefixed(rng: Rng, town: Text) -> Text:
    return cast(Text, draw(rng, load_vocabulary().town_prefixes, len(town)) + " " + town)


def draw_house_numbers(rng: Rng, n: int) -> Text:
    """Return n house numbers, low ones more often."""
    return digits(np.exp(rng.uniform(np.log(2), np.log(9900), size=n)).astype(np.int64), 1)


def draw_phones(rng: Rng, at: Addresses) -> Text:
    """Return a number at each address: ten digits in the United States, + and country code elsewhere."""
    result = blank(len(at.area))
    domestic = np.flatnonzero(at.country == "US")
    canadian = np.flatnonzero(at.country == "CA")
    abroad = np.flatnonzero((at.country != "US") & (at.country != "CA"))
    result[domestic] = draw_nanp(rng, at.area[domestic])
    result[canadian] = "+1" + draw_nanp(rng, text([area[1:] for area in at.area[canadian]]))
    rest = digits(rng.integers(10**7, size=len(abroad)), 7)
    free = at.free_digits[abroad].tolist()
    ends = text([figures[:k] for figures, k in zip(rest.tolist(), free, strict=True)])
    result[abroad] = "+" + at.area[abroad] + ends
    return result
