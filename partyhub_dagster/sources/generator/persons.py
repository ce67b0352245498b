"""The people of the generated world, as they are; how sources write them down is told elsewhere."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import (
    Bools,
    Ints,
    Rng,
    Rows,
    Text,
    ascii_of,
    blank,
    chance,
    digits,
    draw,
    draw_weighted,
    joined,
    mapped,
    styled,
    text,
    where,
)
from partyhub_dagster.sources.generator.cases import Lookalikes
from partyhub_dagster.sources.generator.identifiers import draw_ssns
from partyhub_dagster.sources.generator.places import Addresses, draw_phones, draw_us_addresses
from partyhub_dagster.sources.generator.places_abroad import PERSON_COUNTRIES, draw_addresses_abroad
from partyhub_dagster.sources.generator.romanisations import respelt
from partyhub_dagster.sources.generator.vocabulary import load_vocabulary

_ABROAD_SHARE = 0.04
_DOMAINS = ("example.com", "example.org", "example.net")
_FIRST_BIRTH, _LAST_BIRTH = np.datetime64("1935-01-01"), np.datetime64("2004-12-31")


@dataclass(frozen=True, slots=True)
class Persons(Rows):
    """One person per row."""

    gender: Text
    given: Text
    middle: Text
    family: Text
    suffix: Text
    former_family: Text  # the name before a marriage
    native_given: Text
    native_family: Text
    respelt_given: Text
    respelt_family: Text
    birth: Ints  # days since 1970-01-01
    ssn: Text
    mobile: Text
    second_mobile: Text
    home_phone: Text
    email: Text
    second_email: Text
    home: Addresses
    previous: Addresses


def draw_persons(rng: Rng, n: int) -> Persons:
    """Return n unrelated people with names as frequent as in life, and a long tail of rare ones."""
    vocabulary = load_vocabulary()
    gender = where(chance(rng, n, 0.5), "F", "M")
    given, middle = _given_names(rng, gender), _given_names(rng, gender)
    family = _family_names(rng, n)
    birth = rng.integers(_FIRST_BIRTH.astype(int), _LAST_BIRTH.astype(int), size=n)
    home, previous = _homes(rng, n)
    hyphenated = chance(rng, n, 0.02)
    family = where(hyphenated, family + "-" + draw(rng, vocabulary.family[0], n), family)
    return Persons(
        gender=gender,
        given=given,
        middle=where(chance(rng, n, 0.85), middle, ""),
        family=family,
        suffix=where(chance(rng, n, 0.01), draw(rng, ("III", "II", "IV"), n), ""),
        former_family=_family_names(rng, n),
        native_given=blank(n),
        native_family=blank(n),
        respelt_given=blank(n),
        respelt_family=blank(n),
        birth=birth.astype(np.int64),
        ssn=where(home.country == "US", draw_ssns(rng, n), ""),
        mobile=draw_phones(rng, home),
        second_mobile=draw_phones(rng, previous),
        home_phone=draw_phones(rng, home),
        email=draw_emails(rng, given, family, birth),
        second_email=draw_emails(rng, given, family, birth),
        home=home,
        previous=previous,
    )


def _homes(rng: Rng, n: int) -> tuple[Addresses, Addresses]:
    """Return where people live and lived before: a few abroad, in the same country then."""
    home, previous = draw_us_addresses(rng, n, homes=True), draw_us_addresses(rng, n, homes=True)
    abroad = np.flatnonzero(chance(rng, n, _ABROAD_SHARE))
    country = draw(rng, PERSON_COUNTRIES, len(abroad))
    for code in PERSON_COUNTRIES:
        at = abroad[country == code]
        for places in (home, previous):
            places.put(at, draw_addresses_abroad(rng, len(at), (code,), homes=True))
    return home, previous


def _given_names(rng: Rng, gender: Text) -> Text:
    vocabulary, n = load_vocabulary(), len(gender)
    names = {}
    for sex in ("F", "M"):
        common = draw_weighted(rng, *vocabulary.given[sex], n)
        names[sex] = where(chance(rng, n, 0.72), common, draw(rng, vocabulary.given_wide[sex], n))
    return where(cast(Bools, gender == "F"), names["F"], names["M"])


def _family_names(rng: Rng, n: int) -> Text:
    vocabulary = load_vocabulary()
    common = draw_weighted(rng, *vocabulary.family, n)
    return where(chance(rng, n, 0.45), common, draw(rng, vocabulary.family_wide, n))


def draw_emails(rng: Rng, given: Text, family: Text, birth: Ints) -> Text:
    """Return an address per person, made of the name, at a domain that belongs to nobody."""
    n = len(given)
    first, last = mapped(_ascii_lower, given), mapped(_ascii_lower, family)
    year = (birth.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970).astype(np.int64)
    style = rng.integers(5, size=n)
    local = styled(
        style,
        [
            lambda at: joined(".", first[at], last[at]),
            lambda at: mapped(lambda value: value[:1], first[at]) + last[at],
            lambda at: first[at] + "_" + last[at],
            lambda at: last[at] + "." + first[at],
            lambda at: joined(".", first[at], last[at]),
        ],
    )
    number = where(chance(rng, n, 0.5), digits(year % 100, 2), digits(rng.integers(1, 9999, size=n), 1))
    return cast(Text, local + where(style == 0, "", number) + "@" + draw(rng, _DOMAINS, n))


def _ascii_lower(name: str) -> str:
    return "".join(filter(str.isalnum, ascii_of(name).lower())) or "x"


def make_person_lookalikes(rng: Rng, persons: Persons, lookalikes: Lookalikes) -> None:
    """Turn the planned pairs into fathers and sons, twins, couples and strangers with one identifier."""
    make = {
        "jr_sr": _make_father_and_son,
        "twins": _make_twins,
        "shared_household": _make_couple,
        "reused_identifier": _make_reused_identifier,
        "household": _make_household,
    }
    for case, (a, b) in lookalikes.pairs.items():
        make[case](rng, persons, a, b)
    _give_native_names(rng, persons, np.concatenate(list(lookalikes.native.values())))


def _share_home(persons: Persons, a: Ints, b: Ints) -> None:
    persons.family[b] = persons.family[a]
    persons.home_phone[b] = persons.home_phone[a]
    persons.home.put(b, persons.home.take(a))


def _renew_emails(rng: Rng, persons: Persons, at: Ints) -> None:
    """Give people whose names changed addresses that fit them."""
    for column in (persons.email, persons.second_email):
        column[at] = draw_emails(rng, persons.given[at], persons.family[at], persons.birth[at])


def _make_father_and_son(rng: Rng, persons: Persons, a: Ints, b: Ints) -> None:
    n = len(a)
    _share_home(persons, a, b)
    persons.gender[a], persons.gender[b] = "M", "M"
    persons.given[a] = _given_names(rng, persons.gender[a])
    persons.given[b] = persons.given[a]
    persons.middle[a] = _given_names(rng, persons.gender[a])
    persons.middle[b] = where(chance(rng, n, 0.6), persons.middle[a], _given_names(rng, persons.gender[b]))
    persons.suffix[a], persons.suffix[b] = "Sr", where(chance(rng, n, 0.9), "Jr", "II")
    persons.birth[a] = rng.integers(-12_000, 1_000, size=n)
    persons.birth[b] = persons.birth[a] + rng.integers(20 * 365, 33 * 365, size=n)
    _renew_emails(rng, persons, np.concatenate([a, b]))


def _make_twins(rng: Rng, persons: Persons, a: Ints, b: Ints) -> None:
    _share_home(persons, a, b)
    persons.birth[b] = persons.birth[a]
    same = persons.given[a] == persons.given[b]
    persons.given[b[same]] = persons.given[b[same]] + "a"
    _renew_emails(rng, persons, b)


def _make_couple(rng: Rng, persons: Persons, a: Ints, b: Ints) -> None:
    _share_home(persons, a, b)
    persons.gender[b] = where(cast(Bools, persons.gender[a] == "F"), "M", "F")
    persons.given[b] = _given_names(rng, persons.gender[b])
    persons.birth[b] = persons.birth[a] + rng.integers(-2_500, 2_500, size=len(a))
    persons.suffix[b] = ""
    _renew_emails(rng, persons, b)


def _make_household(rng: Rng, persons: Persons, a: Ints, b: Ints) -> None:
    """A family under one roof, with one e-mail address; the children also have a parent's mobile number."""
    _share_home(persons, a, b)
    spouse = np.append(True, a[1:] != a[:-1])
    years = np.where(spouse, rng.integers(-5, 6, size=len(a)), rng.integers(18, 31, size=len(a)))
    persons.birth[a] = rng.integers(-3_000, 3_000, size=len(a))[np.cumsum(spouse) - 1]
    persons.birth[b] = persons.birth[a] + years * 365 + rng.integers(365, size=len(a))
    persons.suffix[np.append(a, b)] = ""
    _renew_emails(rng, persons, np.append(np.unique(a), b))
    persons.email[b] = persons.email[a]
    persons.mobile[b[~spouse]] = persons.mobile[a[~spouse]]


def _make_reused_identifier(rng: Rng, persons: Persons, a: Ints, b: Ints) -> None:
    """Strangers with one SSN (a clerk's mistake) or one mobile number (given to the next customer)."""
    by_ssn = chance(rng, len(a), 0.5) & cast(Bools, (persons.ssn[a] != "") & (persons.ssn[b] != ""))
    persons.ssn[b] = where(by_ssn, persons.ssn[a], persons.ssn[b])
    persons.mobile[b] = where(by_ssn, persons.mobile[b], persons.mobile[a])


def _give_native_names(rng: Rng, persons: Persons, at: Ints) -> None:
    scripts = load_vocabulary().native
    script = rng.integers(len(scripts), size=len(at))
    for number, (country, names) in enumerate(scripts.items()):
        rows = at[script == number]
        female = cast(Bools, persons.gender[rows] == "F")
        for mask, given in ((female, names.female), (~female, names.male)):
            who = rows[mask]
            first, last = (rng.integers(len(words[0]), size=len(who)) for words in (given, names.family))
            persons.native_given[who], persons.given[who] = given[0][first], given[1][first]
            persons.native_family[who], persons.family[who] = names.family[0][last], names.family[1][last]
            persons.respelt_given[who] = _respelt(country, given)[first]
            persons.respelt_family[who] = _respelt(country, names.family)[last]
    persons.middle[at] = ""
    persons.suffix[at] = ""
    _renew_emails(rng, persons, at)


def _respelt(country: str, names: tuple[Text, Text]) -> Text:
    native, latin = names
    return text([respelt(country, *pair) for pair in zip(native.tolist(), latin.tolist(), strict=True)])
