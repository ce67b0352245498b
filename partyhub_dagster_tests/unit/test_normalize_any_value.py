"""No value makes a cleaner raise, and what it answers is stable under a second cleaning."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rigour.text.translit import ascii_text

from partyhub_dagster.normalize import addresses, organization_names, person_names
from partyhub_dagster.normalize.cleaned import Cleaned
from partyhub_dagster.normalize.singles import cleaner_of
from partyhub_dagster.normalize.text import SLOT_SEPARATOR, VALUE_SEPARATOR, latin, tidy, tokens

CLEANINGS = [
    ("phone", None, "US"), ("phone", None, None), ("phone", None, "DE"), ("email", None, None),
    ("website", None, None), ("country", None, None), ("date", None, "US"), ("date_of_birth", None, "GB"),
    ("number", None, None), ("text", None, None), ("tax_id", "tax_id", "US"), ("tax_id", "us_ssn", "US"),
    ("tax_id", "tax_id", "IN"), ("tax_id", "tax_id", None), ("lei", "lei", None), ("duns", "duns", None),
    ("identifier", "bic", None), ("identifier", "zz_nonsense", "ZZ"), ("identifier", "us_ein", None),
    ("identifier", "npi", None), ("identifier", "gb_vat", None),
]  # fmt: skip
ANY_TEXT = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789 +-/().,x#'&@:", max_size=24),
    st.text(alphabet="abeginorst JrII.,'-&4BÅłΩж李محم\u0301\u200b" + VALUE_SEPARATOR, max_size=40),
    st.from_regex(r"[A-Z][a-z]{2,8} \d{1,2},? \d{2,4}", fullmatch=True),
    st.from_regex(
        r"\d{1,5}[A-Z]? [NSEW]\.? [A-Z][a-z]+ (St|Ave|Blvd)[ ,#]+(Apt )?\w{0,3}, [A-Z]{2} \d{5}",
        fullmatch=True,
    ),
)
quickly = settings(max_examples=50, deadline=None)


@pytest.mark.parametrize(
    "cleaning", CLEANINGS, ids=lambda cleaning: "-".join(part or "any" for part in cleaning)
)
def test_a_cleaner_never_raises_and_is_idempotent(
    cleaning: tuple[str, str | None, str | None],
) -> None:
    clean = cleaner_of(cleaning, "")

    @settings(max_examples=20, deadline=None)
    @given(ANY_TEXT)
    @example("\x00")
    @example("²")
    @example("٣")
    @example("+")
    @example("x" * 5000)
    def check(raw: str) -> None:
        found = clean(raw)
        assert isinstance(found, Cleaned)
        assert not (found.placeholder and found.value is not None)
        if found.value is not None and found.valid is not False:
            assert clean(found.value) == found

    check()


PERSON = person_names.PersonLayout(
    (("name", "full"), ("name", "given"), ("name", "middle"), ("name", "family"), ("name", "suffix")),
    ("name",),
)
ADDRESS = addresses.AddressLayout(
    tuple(
        ("address", part) for part in ("full", "line", "line2", "city", "region", "postal_code", "country")
    ),
    ("address",),
    "US",
)


def organization(unit: str) -> list[str]:
    return organization_names.clean_organization_names(unit, ("name", "name"), ("name",))


@pytest.mark.parametrize(
    ("clean", "slots", "columns"),
    [
        (lambda unit: person_names.clean_person_names(unit, PERSON), 5, len(person_names.COLUMNS) + 1 + 5),
        (organization, 2, len(organization_names.COLUMNS) + 1 + 1),
        (lambda unit: addresses.clean_addresses(unit, ADDRESS), 7, len(addresses.COLUMNS) + 1 + 6),
    ],
    ids=["person", "organization", "address"],
)
def test_a_name_or_address_of_any_text_gives_every_column(
    clean: Callable[[str], list[str]], slots: int, columns: int
) -> None:
    @quickly
    @given(st.lists(ANY_TEXT, min_size=slots, max_size=slots))
    def check(values: list[str]) -> None:
        unit = SLOT_SEPARATOR.join(value.replace(SLOT_SEPARATOR, " ") for value in values)
        found = clean(unit)
        assert len(found) == columns
        assert found == clean(unit)
        assert not any(SLOT_SEPARATOR in text for text in found)

    check()


@quickly
@given(ANY_TEXT)
def test_tokens_are_latin_lower_case_and_stable(text: str) -> None:
    found = tokens(text)
    assert all(token.isascii() and token.isalnum() and token == token.lower() for token in found)
    assert tokens(" ".join(found)) == found


@quickly
@given(ANY_TEXT)
def test_tidy_text_is_tidy(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert "  " not in tidy(text)


@quickly
@given(st.lists(ANY_TEXT, min_size=6, max_size=6))
def test_the_way_for_one_name_or_address_answers_as_the_way_for_several(values: list[str]) -> None:
    clean_values = [value.replace(SLOT_SEPARATOR, " ").replace(VALUE_SEPARATOR, " ") for value in values]
    slots = tuple(("a", part) for part in ("line", "line2", "city", "region", "postal_code", "country"))
    unit = SLOT_SEPARATOR.join(clean_values)
    alone = addresses.AddressLayout(slots, ("a",), "US")
    twice = addresses.AddressLayout((*slots, ("a", "line")), ("a",), "US")
    assert alone.parts is not None
    assert twice.parts is None
    assert addresses.clean_addresses(unit, alone) == addresses.clean_addresses(unit, twice)
    parts = tuple(("a", part) for part in ("given", "middle", "family", "suffix"))
    name = SLOT_SEPARATOR.join(clean_values[:4])
    person = person_names.PersonLayout(parts, ("a",))
    people = person_names.PersonLayout((*parts, ("a", "given")), ("a",))
    assert person_names.clean_person_names(name, person) == person_names.clean_person_names(name, people)


@given(word=st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАЙЫ", min_size=1, max_size=12))
@example(word="Достоевский")
@example(word="Белый")
@example(word="Майя")
def test_a_russian_word_is_read_by_its_letters_as_it_is_as_a_whole(word: str) -> None:
    assert latin(word) == ascii_text(word).lower()


@pytest.mark.parametrize(("word", "read"), [("Гулієв", "huliev"), ("Гулев", "gulev")])
def test_a_letter_that_tells_the_language_changes_how_the_others_are_read(word: str, read: str) -> None:
    assert latin(word) == read
