import pytest

from partyhub_dagster.normalize.addresses import COLUMNS, VALUE_PARTS, AddressLayout, clean_addresses
from partyhub_dagster.normalize.text import SLOT_SEPARATOR, VALUE_SEPARATOR

WHOLE = AddressLayout((("address", "full"),), ("address",), "US")
PART_NAMES = ("line", "line2", "city", "region", "postal_code", "country")
PARTS = AddressLayout(tuple(("address", part) for part in PART_NAMES), ("address",), "US")


LISTS = ("addresses",)


def decoded(names: list[str], found: list[str]) -> dict[str, object]:
    """Read what a cleaner of units returns as its table will: empty is null, lists are lists."""
    read: dict[str, object] = {}
    for name, text in zip(names, found, strict=True):
        if name in LISTS:
            read[name] = text.split(VALUE_SEPARATOR) if text else []
        else:
            read[name] = int(text) if name == "placeholders" else text or None
    return read


def clean(unit: str, layout: AddressLayout = WHOLE) -> dict[str, object]:
    shown = [f"shown_{part}" for _ in layout.attributes for part in VALUE_PARTS]
    return decoded([*COLUMNS, "placeholders", *shown], clean_addresses(unit, layout))


def of_parts(**parts: str) -> str:
    return SLOT_SEPARATOR.join(parts.get(name, "") for name in PART_NAMES)


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("123 N. Main Street, Apt 4B, Springfield, IL 62701", "123|n main st|4b|springfield|il|62701|"),
        ("123 Main Street, Las Vegas NV 89132", "123|main st||las vegas|nv|89132|"),
        ("27 Washington Oak Park IL 60302", "27|washington||oak park|il|60302|"),
        ("1500 W 69th St Chicago", "1500|w 69 st||chicago|||"),
        ("221 E. 51st St. ", "221|e 51 st|||||"),
        ("PO Box 123, Salem, OR 97301-0123, USA", "123|pobox||salem|or|97301|us"),
        ("5 Foo St #3", "5|foo st|3||||"),
        ("12 - 14 High St, Leeds", "12-14|high st||leeds|||"),
        ("Bahnhofstraße 10, 86150 Augsburg, Germany", "10|bahnhofstrasse||augsburg||86150|de"),
        ("10 Downing Street, London SW1A 2AA, UK", "10|downing st||london||sw1a2aa|gb"),
        ("18 Danver Place, Loughborough, United Kingdom, LE11 1UU", "18|danver pl||loughborough||le111uu|gb"),
        (
            "Hardenbergstraße 87, Rheinland-Pfalz, 66879, Germany",
            "87|hardenbergstrasse||rheinland pfalz||66879|de",
        ),
        ("1 rue de Rivoli, 75001 Paris, France", "1|rue de rivoli||paris||75001|fr"),
        ("100 King St W, Toronto, ON M5X 1A9, Canada", "100|king st w||toronto|on|m5x1a9|ca"),
    ],
)
def test_a_whole_address_is_read_into_parts(whole: str, parts: str) -> None:
    read = clean(whole)
    names = ("house_number", "street", "unit", "city", "region", "postcode", "country")
    assert [read[name] for name in names] == [part or None for part in parts.split("|")]


def test_parts_are_shown_as_received_and_composed_into_one_line() -> None:
    unit = of_parts(
        line="15 Saint Mark's Pl.", line2="Suite 200", city="New York", region="New York",
        postal_code="10003-1234", country="USA",
    )  # fmt: skip
    read = clean(unit, PARTS)
    assert read == {
        "address_full": "15 st marks pl 200 new york ny 10003",
        "addresses": ["15 st marks pl 200 new york ny 10003"], "street": "st marks pl", "house_number": "15",
        "unit": "200", "city": "new york", "region": "ny", "postcode": "10003", "country": "us", "placeholders": 0,
        "shown_full": "15 Saint Mark's Pl., Suite 200, New York, New York 10003-1234, USA",
        "shown_line": "15 Saint Mark's Pl., Suite 200", "shown_city": "New York", "shown_region": "New York",
        "shown_postal_code": "10003-1234", "shown_country": "US",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("500 North First Avenue", "500 N 1st Ave."),
        ("12 Elm Drive Apartment 3", "12 elm dr, apt 3"),
        ("12 Elm Drive #3", "12 ELM DR UNIT 3"),
        ("40 Martin Luther King Boulevard", "40 Martin Luther King Blvd"),
        ("7 Oak Lane, 2nd Floor", "7 Oak Ln Fl 2"),
        ("P.O. Box 77", "PO BOX 77"),
        ("c/o Acme Legal, 9 High Street", "9 High St"),
    ],
)
def test_ways_to_write_one_line_come_to_the_same(one: str, other: str) -> None:
    found = [clean(of_parts(line=line, city="Salem"), PARTS)["address_full"] for line in (one, other)]
    assert found[0] == found[1]


def test_a_line_that_holds_a_city_is_parsed_and_other_columns_win() -> None:
    read = clean(of_parts(line="27 Washington, Oak Park, IL 60302", postal_code="60304"), PARTS)
    assert read["address_full"] == "27 washington oak park il 60304"
    assert read["shown_full"] == "27 Washington, Oak Park, IL 60304"


def test_a_line_that_repeats_what_other_columns_say_is_cut() -> None:
    line = "1602 Brenville Pl, San Francisco, CA 94105"
    read = clean(of_parts(line=line, city="San Francisco", region="CA", postal_code="94105"), PARTS)
    assert read["address_full"] == "1602 brenville pl san francisco ca 94105"


def test_a_line_without_a_city_stays_a_street() -> None:
    assert clean(of_parts(line="224 N. Central"), PARTS)["street"] == "n central"


def test_a_lost_leading_zero_of_a_zip_code_comes_back() -> None:
    assert clean(of_parts(city="Boston", postal_code="2108"), PARTS)["postcode"] == "02108"


def test_several_addresses_are_zipped_by_position() -> None:
    both = VALUE_SEPARATOR.join
    read = clean(of_parts(line=both(["1 Elm St", "2 Oak St"]), city=both(["Salem", "Bend"])), PARTS)
    assert read["addresses"] == ["1 elm st salem", "2 oak st bend"]
    assert read["shown_full"] == "1 Elm St, Salem" + VALUE_SEPARATOR + "2 Oak St, Bend"


def test_placeholders_are_no_address_and_counted() -> None:
    read = clean(of_parts(line="UNKNOWN", city="N/A", postal_code="00000"), PARTS)
    assert (read["address_full"], read["addresses"], read["placeholders"]) == (None, [], 3)


def test_na_is_namibia_and_no_placeholder_where_a_country_stands() -> None:
    read = clean(of_parts(line="1 Main St", city="Windhoek", country="NA"), PARTS)
    assert (read["country"], read["placeholders"]) == ("na", 0)
