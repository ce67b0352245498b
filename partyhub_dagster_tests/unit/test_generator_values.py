"""What the generated values are: valid in form, nobody's own, and telling enough for each hard case to be solved."""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import phonenumbers
import pytest
from stdnum import lei
from stdnum.us import ein, ssn

from partyhub_dagster.sources.generator import generate
from partyhub_dagster.sources.generator.legal_forms import SPELLINGS
from partyhub_dagster_tests.unit.generated_files import Row, read_delivery, read_truth

LOOKALIKES = {
    "jr_sr", "twins", "shared_household", "sibling_funds", "parent_subsidiary", "reused_identifier",
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
    return value[:5].upper()


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
    found = [phonenumbers.parse(value, "US") for value in _values(rows, *PHONES)]
    assert len(found) > 2_000
    assert all(phonenumbers.is_valid_number(number) for number in found)
    national = [str(number.national_number) for number in found if number.country_code == 1]
    assert not any(number[3:6] == "555" or number[4:6] == "11" for number in national)


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
        if case in LOOKALIKES:
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
