"""What the generated values are: valid in form, nobody's own, and telling enough for each hard case to be solved."""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import phonenumbers
import pycountry
import pytest
from stdnum import lei
from stdnum.us import ein, ssn

from partyhub_dagster.sources.generator import generate
from partyhub_dagster.sources.generator.legal_forms import SPELLINGS
from partyhub_dagster_tests.unit.generated_files import Row, read_delivery, read_truth

LOOKALIKES = {
    "jr_sr", "twins", "shared_household", "sibling_funds", "parent_subsidiary", "reused_identifier",
    "household", "branch",
}  # fmt: skip
FORMS = {form for usual, unusual in SPELLINGS.values() for form in usual + unusual if form}
FILLERS = {"999-99-9999", "000-00-0000", "123-45-6789", "00-0000000", "99-9999999", "12-3456789", "N/A"}
FILLERS |= {"UNKNOWN", "0000000000", "9999999999", "none@example.com", "noemail@example.com"}
FILLERS |= {"1900-01-01", "1901-01-01", "9999-12-31"}
PHONES = ("HOME_PHONE", "MOBILE_PHONE", "telephoneNumber", "CONTACT_PHONE")
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def _date(value: str) -> str:
    if value[2] != "-":
        return value
    return f"{value[7:]}-{MONTHS.index(value[3:6]) + 1:02}-{value[:2]}"


def _figures(value: str) -> str:
    return re.sub(r"\D", "", value)[-9:]


def _domain(value: str) -> str:
    return re.sub(r"^(https?://)?(www\.)?|/$", "", value)


def _start_of_name(value: str) -> str:
    return re.sub(r"\W", "", value.casefold())[:6]


def _postcode(value: str) -> str:
    return value.removeprefix("P.O. Box ")[:5].upper()


MEANINGS: dict[str, tuple[str, Callable[[str], str]]] = {
    "MOBILE_PHONE": ("phone", _figures),  # not HOME_PHONE, which may be a switchboard's
    "telephoneNumber": ("phone", _figures),
    "CONTACT_PHONE": ("phone", _figures),
    "BIRTH_DT": ("birth", _date),
    "SSN": ("tax_id", _figures),
    "federalTaxId": ("tax_id", _figures),
    "NATIONAL_TAX_ID": ("tax_id", _figures),
    "EMAIL_ADDR": ("email", str.casefold),
    "websiteUrl": ("site", _domain),
    "WEBSITE": ("site", _domain),
    "LEI": ("lei", str),
    "leiCode": ("lei", str),
    "duns": ("duns", str),
    "DUNS_NUMBER": ("duns", str),
    "ZIP": ("postcode", _postcode),
    "postalCode": ("postcode", _postcode),
    "REG_POSTCODE": ("postcode", _postcode),
    "FIRST_NM": ("given", str.casefold),
    "LAST_NM": ("family", str.casefold),
    "primaryName": ("name", _start_of_name),
    "LEGAL_NAME": ("name", _start_of_name),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Row, str, str]]:
    """First-delivery rows, each with its entity and hard case."""
    out = tmp_path_factory.mktemp("values")
    generate(out, records=4_000, seed=23)
    return _labelled(out)


def _labelled(out: Path) -> list[tuple[Row, str, str]]:
    truth = {(t["source"], t["source_record_id"]): (t["entity_id"], t["hard_case"]) for t in read_truth(out)}
    delivered = read_delivery(out / "inbox", 0)
    return [(row, *truth[source, row.key]) for source, found in delivered.items() for row in found]


def _values(rows: list[tuple[Row, str, str]], *columns: str) -> list[str]:
    found = [row.values[column] for row, _, _ in rows for column in columns if column in row.values]
    return [value for value in found if value not in FILLERS]


def test_every_lei_has_valid_check_digits(rows: list[tuple[Row, str, str]]) -> None:
    found = _values(rows, "LEI", "leiCode")
    assert len(found) > 400
    assert all(lei.is_valid(value) for value in found)


def test_tax_ids_are_valid_in_form(rows: list[tuple[Row, str, str]]) -> None:
    people, companies = _values(rows, "SSN"), _values(rows, "federalTaxId", "NATIONAL_TAX_ID")
    assert min(len(people), len(companies)) > 400
    assert all(ssn.is_valid(value) for value in people)
    assert all(ein.is_valid(value) for value in companies)


def test_no_social_security_number_was_issued_before_2011(rows: list[tuple[Row, str, str]]) -> None:
    assert all(773 <= int(value[:3]) <= 899 for value in _values(rows, "SSN"))
    births = [_date(value) for value in _values(rows, "BIRTH_DT")]
    assert max(births) < "2011"


def test_duns_numbers_have_nine_digits(rows: list[tuple[Row, str, str]]) -> None:
    found = _values(rows, "duns", "DUNS_NUMBER")
    assert len(found) > 500
    assert all(re.fullmatch(r"\d{9}", value) for value in found)


def test_phone_numbers_are_valid_where_they_claim_to_be(rows: list[tuple[Row, str, str]]) -> None:
    found = [
        phonenumbers.parse(value, _country(row))
        for row, _, _ in rows
        for value in (row.values.get(column, "N/A") for column in PHONES)
        if value not in FILLERS
    ]
    assert len(found) > 2_000
    assert all(phonenumbers.is_valid_number(number) for number in found)
    national = [str(number.national_number) for number in found if number.country_code == 1]
    assert not any(number[3:6] == "555" or number[4:6] == "11" for number in national)


def _country(row: Row) -> str:
    """The country that a record's address names: ISO codes, and the names that people write."""
    held = (
        row.values.get("CTRY")
        or row.values.get("countryISOAlpha2Code")
        or row.values.get("REG_COUNTRY", "US")
    )
    own = {
        "uk": "GB",
        "great britain": "GB",
        "deutschland": "DE",
        "日本": "JP",
        "brasil": "BR",
        "méxico": "MX",
    }
    name = " ".join(held.casefold().split())
    return own.get(name) or pycountry.countries.lookup(name).alpha_2


def test_e_mails_and_websites_belong_to_nobody(rows: list[tuple[Row, str, str]]) -> None:
    mails = _values(rows, "EMAIL_ADDR")
    assert all(re.fullmatch(r"[a-z0-9._]+@example\.(com|org|net)", value.lower()) for value in mails)
    sites = _values(rows, "websiteUrl", "WEBSITE")
    assert all(re.fullmatch(r"(https?://)?(www\.)?[a-z0-9-]+\.example/?", value) for value in sites)


def test_names_are_not_absurdly_repeated(rows: list[tuple[Row, str, str]]) -> None:
    names = {(row.values.get("FIRST_NM"), row.values.get("LAST_NM")) for row, _, _ in rows}
    people = {entity for _, entity, _ in rows if entity.startswith("P")}
    assert len(names) > 0.97 * len(people)


def test_names_in_other_scripts_are_there(rows: list[tuple[Row, str, str]]) -> None:
    flagged = [row for row, _, case in rows if case == "non_latin_name"]
    assert flagged
    for row in flagged:
        name = row.values.get("LAST_NM") or row.values.get("primaryName") or row.values["LEGAL_NAME"]
        assert any(ord(letter) > 0x24F for letter in name)


def _evidence(row: Row) -> dict[str, set[str]]:
    """What a record says, format aside: attribute -> values."""
    held: dict[str, set[str]] = defaultdict(set)
    for column, value in row.values.items():
        if value not in FILLERS and column in MEANINGS:
            attribute, plain = MEANINGS[column]
            held[attribute].add(plain(value))
    return held


def _shared(one: Row, other: Row) -> set[str]:
    a, b = _evidence(one), _evidence(other)
    return {attribute for attribute in a if a[attribute] & b.get(attribute, set())}


def test_every_variant_shares_enough_with_a_record_of_its_party(rows: list[tuple[Row, str, str]]) -> None:
    """Solvable in principle: two attributes agree, whatever the case did to a third."""
    parties: dict[str, list[Row]] = defaultdict(list)
    for row, entity, _ in rows:
        parties[entity].append(row)
    starved = []
    for row, entity, case in rows:
        others = [other for other in parties[entity] if other is not row]
        if (
            case
            and case not in LOOKALIKES
            and others
            and max(len(_shared(row, other)) for other in others) < 2
        ):
            starved.append((case, row.key))
    assert starved == []


def test_most_lookalikes_contradict_one_another_in_what_tells_parties_apart(
    rows: list[tuple[Row, str, str]],
) -> None:
    tells = {"birth", "tax_id", "lei", "duns", "email", "given", "name"}
    by_key: dict[tuple[str, str], list[tuple[Row, str]]] = defaultdict(list)
    for row, entity, case in rows:
        if case in LOOKALIKES - {"household", "branch"}:
            by_key[case, entity[:1] + str(int(entity[1:]) // 2)].append((row, entity))
    pairs = [(a, b) for held in by_key.values() for a, b in combinations(held, 2) if a[1] != b[1]]
    assert len(pairs) > 100
    undecided = sum(not _contradictions(a[0], b[0]) & tells for a, b in pairs)
    assert undecided <= 0.02 * len(pairs)


def _contradictions(one: Row, other: Row) -> set[str]:
    a, b = _evidence(one), _evidence(other)
    found = {attribute for attribute in a.keys() & b.keys() if not a[attribute] & b[attribute]}
    return found | ({"name"} if _name(one) != _name(other) else set())


def _name(row: Row) -> list[str]:
    """A company's name as words, its legal form left out."""
    name = (row.values.get("primaryName") or row.values.get("LEGAL_NAME") or "").casefold()
    for form in sorted(FORMS, key=len, reverse=True):
        name = name.removesuffix(f" {form}".casefold())
    return re.findall(r"\w+", name)


def _of_case(rows: list[tuple[Row, str, str]], wanted: str) -> list[tuple[Row, str]]:
    found = [(row, entity) for row, entity, case in rows if case == wanted]
    assert found, wanted
    return found


def test_a_household_shares_phone_and_e_mail_but_no_given_name_and_birth(
    rows: list[tuple[Row, str, str]],
) -> None:
    mails: dict[str, dict[str, set[tuple[str, ...]]]] = defaultdict(lambda: defaultdict(set))
    for row, entity in _of_case(rows, "household"):
        if mail := row.values.get("EMAIL_ADDR"):
            mails[mail.casefold()][entity].add(
                (row.values["FIRST_NM"].casefold(), _date(row.values["BIRTH_DT"]))
            )
    families = [people for people in mails.values() if len(people) > 2]
    assert len(families) >= 3
    for people in families:
        assert not any(a & b for a, b in combinations(people.values(), 2))


def test_branches_are_parties_with_one_website_and_a_place_of_their_own(
    rows: list[tuple[Row, str, str]],
) -> None:
    branches = _of_case(rows, "branch")
    places: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row, entity in branches:
        v = row.values
        if street := v.get("streetAddressLine1") or v.get("REG_ADDR_LINE"):
            places[
                street.casefold().split(" ")[0], _postcode(v.get("postalCode") or v.get("REG_POSTCODE", ""))
            ].add(entity)
    assert max(map(len, places.values())) == 1
    assert len({entity for _, entity in branches}) >= 30
    assert len(set().union(*(_evidence(row).get("site", set()) for row, _ in branches))) == 1
    assert len(set().union(*(_evidence(row).get("lei", set()) for row, _ in branches))) <= 1


def test_one_phone_is_that_of_a_hundredth_of_all_records(rows: list[tuple[Row, str, str]]) -> None:
    shared = _of_case(rows, "shared_phone")
    assert {_figures(row.values["HOME_PHONE"]) for row, _ in shared} == {"128640100"}
    assert len(shared) == pytest.approx(0.01 * len(rows), rel=0.1)
    assert len({entity for _, entity in shared}) > 0.7 * len(shared)


def test_addresses_abroad_are_written_as_people_there_write_them(rows: list[tuple[Row, str, str]]) -> None:
    found = _of_case(rows, "international_address")
    lines = [
        " ".join(
            row.values.get(column, "") for column in ("ADDR_LN_1", "streetAddressLine1", "REG_ADDR_LINE")
        )
        for row, _ in found
    ]
    assert any(ord(letter) > 0x24F for line in lines for letter in line)
    numbers = [row.values[column] for row, _ in found for column in PHONES if column in row.values]
    assert not any(number.startswith("+") for number in numbers)


def test_transliterations_are_latin_and_differ_from_the_spelling_beside(
    rows: list[tuple[Row, str, str]],
) -> None:
    spelled: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    others: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for row, entity, case in rows:
        v = row.values
        name = tuple(v.get(c, "").casefold() for c in ("FIRST_NM", "LAST_NM", "primaryName", "LEGAL_NAME"))
        (spelled if case == "transliteration" else others)[entity].add(name)
    assert all(ord(c) < 0x250 for names in spelled.values() for name in names for c in "".join(name))
    compared = [entity for entity in spelled if entity in others]
    differing = [entity for entity in compared if not spelled[entity] & others[entity]]
    assert len(compared) >= 20
    assert len(differing) > 0.8 * len(compared)
