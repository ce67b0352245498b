import phonenumbers
import pytest

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.countries import clean_country, country_code
from partyhub_dagster.normalize.dates import clean_date, is_month_first
from partyhub_dagster.normalize.emails import clean_email
from partyhub_dagster.normalize.identifiers import clean_identifier
from partyhub_dagster.normalize.numbers import clean_free_text, clean_number
from partyhub_dagster.normalize.phones import clean_phone
from partyhub_dagster.normalize.websites import clean_website


@pytest.mark.parametrize(
    ("raw", "regions", "value", "valid"),
    [
        ("(312) 555-1234", ("US",), "+13125551234", True),
        ("1-312-555-1234", ("US",), "+13125551234", True),
        ("312.555.1234 ext. 12", ("US",), "+13125551234", True),
        ("+44 20 7946 0958", ("US",), "+442079460958", True),
        ("020 7946 0958", ("GB", "US"), "+442079460958", True),
        ("(312) 555-1234", ("GB", "US"), "+13125551234", True),
        ("386-5286", ("US",), "3865286", False),
        ("(012) 555-1234", ("US",), "0125551234", False),
        ("٣١٢٥٥٥١٢٣٤", ("US",), "+13125551234", True),
        ("call me", ("US",), "call me", False),
    ],
)
def test_a_phone_is_e164_where_valid_else_its_digits(
    raw: str, regions: tuple[str, ...], value: str, valid: bool
) -> None:
    found = clean_phone(raw, regions)
    assert (found.value, found.valid) == (value, valid)


@pytest.mark.parametrize(
    "raw", ["N/A", "000-000-0000", "999-999-9999", "(555) 555-5555", "1234567890", "unknown"]
)
def test_a_phone_that_stands_for_nothing_is_a_placeholder(raw: str) -> None:
    assert clean_phone(raw, ("US",)) == PLACEHOLDER


def test_the_fast_path_for_us_phones_answers_as_phonenumbers_does() -> None:
    for i in range(2000):
        national = str(2_000_000_000 + i * 3_999_983 % 8_000_000_000)
        number = phonenumbers.parse(national, "US")
        assert (clean_phone(national, ("US",)).valid is True) == phonenumbers.is_valid_number(number)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("Bob.Smith@Example.COM ", Cleaned("bob.smith@example.com", "bob.smith@example.com", True)),
        ("mailto:bob@example.com", Cleaned("bob@example.com", "bob@example.com", True)),
        ("Bob Smith <bob@example.com>", Cleaned("bob@example.com", "bob@example.com", True)),
        ("b.o.b+news@gmail.com", Cleaned("b.o.b+news@gmail.com", "bob@gmail.com", True)),
        ("bob+news@example.com", Cleaned("bob+news@example.com", "bob@example.com", True)),
        ("bob@example", Cleaned("bob@example", "bob@example", False)),
        ("bob example.com", Cleaned("bobexample.com", "bobexample.com", False)),
        ("none@none.com", PLACEHOLDER),
        ("none@example.com", PLACEHOLDER),
        ("noemail@acme.com", PLACEHOLDER),
        ("test@test.com", PLACEHOLDER),
        ("N/A", PLACEHOLDER),
        (" ", NOTHING),
    ],
)
def test_an_email_is_lower_case_and_its_key_leaves_tags_out(raw: str, found: Cleaned) -> None:
    assert clean_email(raw) == found


@pytest.mark.parametrize(
    ("raw", "value", "key", "valid"),
    [
        ("HTTPS://www.Example.com/", "example.com", "example.com", True),
        ("http://shop.example.co.uk/a?b=c", "shop.example.co.uk/a", "example.co.uk", True),
        ("www.example.com:8080", "example.com", "example.com", True),
        ("not a site", "not a site", None, False),
        ("none", None, None, None),
    ],
)
def test_a_website_is_compared_by_its_domain(
    raw: str, value: str | None, key: str | None, valid: bool | None
) -> None:
    assert clean_website(raw)[:3] == (value, key, valid)


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("1970-03-01", "1970-03-01"), ("1970-03-01T00:00:00Z", "1970-03-01"), ("1970/3/1 12:30 pm", "1970-03-01"),
        ("19700301", "1970-03-01"), ("03011970", "1970-03-01"), ("3/1/1970", "1970-03-01"),
        ("20/8/1991", "1991-08-20"), ("3.1.70", "1970-03-01"), ("1/2/18", "2018-01-02"), ("1/2/26", "1926-01-02"),
        ("Mar 1 1970", "1970-03-01"), ("March 1st, 1970", "1970-03-01"), ("1st of March 1970", "1970-03-01"),
        ("1-Mar-70", "1970-03-01"), ("1970 Mar 1", "1970-03-01"), ("Sept 3, 1980", "1980-09-03"),
        ("2/29/2000", "2000-02-29"),
    ],
)  # fmt: skip
def test_a_date_is_read_in_many_layouts(raw: str, iso: str) -> None:
    assert clean_date(raw) == Cleaned(iso, iso, valid=True)


def test_day_and_month_change_places_where_the_source_writes_days_first() -> None:
    assert clean_date("3/1/1970", month_first=False).value == "1970-01-03"
    assert [is_month_first(country) for country in (None, "US", "GB", "DE")] == [True, True, False, False]


@pytest.mark.parametrize("raw", ["13/45/2020", "2/29/1999", "1970", "soon", "31 Foo 1990", "0970-01-01"])
def test_an_impossible_date_is_invalid_and_has_no_value(raw: str) -> None:
    assert clean_date(raw) == Cleaned(None, None, valid=False)


@pytest.mark.parametrize("raw", ["1900-01-01", "01/01/1901", "1111-11-11", "0000-00-00", "9999-12-31", "N/A"])
def test_a_date_that_stands_for_nothing_is_a_placeholder(raw: str) -> None:
    assert clean_date(raw) == PLACEHOLDER


@pytest.mark.parametrize(
    ("raw", "scheme", "country", "value", "valid"),
    [
        ("5493001kjtiigc8y1r12", "lei", None, "5493001KJTIIGC8Y1R12", True),
        ("3214282912345698765432161182", "lei", None, "3214282912345698765432161182", False),
        ("549300HKVFVS8QGCBR57", "lei", None, "549300HKVFVS8QGCBR57", False),
        ("536-90-4399", "us_ssn", None, "536904399", True),
        ("536-90-439", "us_ssn", None, "053690439", True),
        ("000-12-3456", "us_ssn", None, "000123456", False),
        ("91-1144442", "us_ein", None, "911144442", True),
        ("DUNS 15-048-3782", "duns", None, "150483782", None),
        ("15048", "duns", None, "15048", False),
        ("IMO 9074729", "imo", None, "9074729", True),
        ("DEUTDEFF", "bic", None, "DEUTDEFF", True),
        ("US0378331005", "isin", None, "US0378331005", True),
        ("GB82 WEST 1234 5698 7654 32", "iban", None, "GB82WEST12345698765432", True),
        ("1234567893", "us_npi", None, "1234567893", True),
        ("980 7806 84", "gb_vat", None, "980780684", True),
        ("DE136695976", "tax_id", "DE", "DE136695976", True),
        ("DE136695978", "tax_id", "DE", "DE136695978", False),
        ("X-12 345", "passport", "US", "X12345", None),
        ("12345", "tax_id", None, None, None),
    ],
)
def test_an_identifier_is_compact_and_checked_where_it_can_be(
    raw: str, scheme: str, country: str | None, value: str | None, valid: bool | None
) -> None:
    found = clean_identifier(raw, scheme, country)
    assert (found.value, found.valid) == (value, valid)
    assert found.key == (None if value is None else f"{scheme}:{value}")


@pytest.mark.parametrize(
    "raw", ["000000000", "999-99-9999", "123-45-6789", "987654321", "N/A", "XXX-XX-XXXX", "none", "-"]
)
def test_an_identifier_that_stands_for_nothing_is_a_placeholder(raw: str) -> None:
    assert clean_identifier(raw, "us_ssn", "US") == PLACEHOLDER


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("us", "US"), ("USA", "US"), ("U.S.A.", "US"), ("United States", "US"), ("840", "US"), ("UK", "GB"),
        ("Deutschland", "DE"), ("Россия", "RU"), ("Côte d'Ivoire", "CI"), ("NA", "NA"), ("Narnia", None),
    ],
)  # fmt: skip
def test_a_country_is_known_by_any_usual_name_or_code(raw: str, code: str | None) -> None:
    assert country_code(raw) == code


def test_what_is_no_country_is_kept_and_invalid() -> None:
    assert clean_country("Narnia") == Cleaned("Narnia", None, valid=False)
    assert clean_country("unknown") == PLACEHOLDER


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1,234.50", "1234.5"),
        ("$7", "7"),
        ("1.234,5", "1234.5"),
        ("-3e2", "-300"),
        ("12 %", "12"),
        ("seven", None),
    ],
)
def test_a_number_is_the_shortest_decimal(raw: str, value: str | None) -> None:
    assert clean_number(raw).value == value


def test_text_is_tidy_for_display_and_folded_for_comparison() -> None:
    assert clean_free_text("  Two\n lines ") == Cleaned("Two lines", "two lines")
