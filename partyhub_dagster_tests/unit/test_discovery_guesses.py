"""What a heading and values are guessed to mean, each by itself."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyhub_dagster.discovery.countries import day_is_first, guess_country
from partyhub_dagster.discovery.headings import read_heading
from partyhub_dagster.discovery.profile import ColumnProfile
from partyhub_dagster.discovery.shapes import mask
from partyhub_dagster.discovery.vocabulary import PHRASES
from partyhub_dagster.normalize.text import tokens


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("FIRST_NM", "person_name:given"),
        ("firstName", "person_name:given"),
        ("cust_first_name", "person_name:given"),
        ("Nachname, Vorname", "person_name:full"),
        ("Geb.-Datum", "date_of_birth"),
        ("date_of_birth", "date_of_birth"),
        ("Straße/Nr.", "address:line"),
        ("BILLING_CITY", "address:city"),
        ("ADDR_LINE2", "address:line2"),
        ("PLZ", "address:postal_code"),
        ("Tel.", "phone"),
        ("E-Mail", "email"),
        ("PHONE_TYPE", None),
        ("PASSPORT_COUNTRY", None),
        ("email verified", None),
        ("True Id", "label"),
        ("entity_id", "label"),
        ("cluster", "label"),
        ("Number of rooms", None),
        ("rec_id", "key"),
        ("Kd-Nr.", "key"),
        ("RECORD_TYPE", "kind"),
        ("geändert am", "event_time"),
        ("USt-IdNr.", "tax_id:eu_vat"),
        ("Apellidos", "person_name:family"),
        ("raison sociale", "organization_name"),
        ("balance", None),
        ("PRIMARY_NAME_LAST", "person_name:family"),
        ("BIRTH_DT", "date_of_birth"),
        ("ADDR_LN_1", "address:line"),
        ("streetAddressLine1", "address:line"),
        ("STATE_CD", "address:region"),
        ("ADDR_TYPE", None),
    ],
)
def test_a_heading_says_what_the_column_holds(heading: str, meaning: str | None) -> None:
    assert read_heading(heading).meaning == meaning


def test_no_phrase_means_two_things_and_each_can_be_found() -> None:
    phrases = [phrase for listed in PHRASES.values() for phrase in listed.split(", ")]
    assert len(phrases) == len(set(phrases))
    assert [
        phrase for phrase in phrases if " ".join(tokens(phrase)) != phrase
    ] == []  # else it is never found
    assert [
        p for m, listed in PHRASES.items() for p in listed.split(", ") if read_heading(p).meaning != m
    ] == []


@given(st.text(max_size=60))
def test_a_shape_holds_no_letter_or_digit_of_its_value(value: str) -> None:
    assert set(mask(value)) <= set("Aa9 ·…" + string.punctuation)
    assert len(mask(value)) <= 32


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("Eva Novak", "Aaa Aaaaa"),
        ("123-45-6789", "999-99-9999"),
        ("müller@web.de", "aaaaaa@aaa.aa"),
        ("12345678901", "999999…"),
    ],
)
def test_a_shape_shows_how_a_value_is_written(value: str, shape: str) -> None:
    assert mask(value) == shape


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["31.12.1980", "01.02.1990"], True),
        (["03.04.1980"], True),
        (["12/31/1980", "01/02/1990"], False),
        (["31/12/1980", "01/02/1990"], True),
        (["01/02/1990"], None),
        (["1980-12-31", "19801231"], None),
    ],
)
def test_dates_tell_whether_the_day_comes_first(values: list[str], first: bool | None) -> None:
    assert day_is_first(values) is first


@pytest.mark.parametrize(
    ("codes", "country"),
    [
        (("tq13 8df", "SW1A 1AA", "m1 1ae"), "GB"),
        (("K1A 0B1", "h2x-1y4"), "CA"),
        (("1012 AB", "9711lm"), "NL"),
        (("60601", "10115"), None),
        (("SW1A 1AA", "10115", "75001", "00144"), None),
    ],
)
def test_postal_codes_tell_the_country_if_only_one_writes_them_so(
    codes: tuple[str, ...], country: str | None
) -> None:
    rows = len(codes)
    profile = ColumnProfile("postcode", 0, rows, rows, rows, 0, {}, (), sample=codes, common=codes)
    assert guess_country([profile])[0] == country
