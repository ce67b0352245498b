import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyhub_dagster.answers.name_agreement import name_agreement, name_agreements, read_bare_names
from partyhub_dagster.matching.model import Kind

ONE_PERSON = [
    ("Grace Hopper", "HOPPER, Grace"),
    ("Grace Hopper", "Grace Hoper"),
    ("Grace Hopper", "Garce Hopper"),
    ("Dr. Grace Hopper", "Grace Brewster Hopper"),
    ("G. Hopper", "Grace Hopper"),
    ("JP Sartre", "Jean-Paul Sartre"),
    ("Bob Kowalski", "Robert Kowalski"),
    ("Anna-Lena Berg", "Anna Lena Berg"),
    ("AnnaLena Berg", "Anna Lena Berg"),
    ("Юрий Гагарин", "Yuri Gagarin"),
    ("ユーリ・ガガーリン", "Yuri Gagarin"),
    ("Stephen Meier", "Steven Meyer"),
    ("Khalid ibn Walid", "Khalid bin Walid"),
    ("Gr4ce Hopper", "Grace Hopper"),
    ("ហ៊ុន សែន", "ហ៊ុន សែន"),
]
TWO_PERSONS = [
    ("Grace Hopper", "Grace Kelly"),
    ("Grace Hopper", "Edward Hopper"),
    ("Maria Elena Garcia Lopez", "Maria Elena Garcia Ruiz"),
    ("John Smith Jr", "John Smith Sr"),
    ("Grace", "Hopper"),
    ("Khalid bin Walid", "Omar bin Walid"),
]
ONE_ORGANIZATION = [
    ("Northwind Traders GmbH", "Northwind Traders Inc."),
    ("ООО Ромашка", "Romashka LLC"),
    ("A.B.C. Tools", "ABC Tools Ltd"),
    ("U.S. Bureau of Mines", "United States Bureau of Mines"),
    ("Good Year Tyres", "Goodyear Tyres"),
    ("Smith & Sons", "Smith and Sons Co."),
    ("Acme Fund II", "ACME Fund 2 LP"),
    ("Initech LLC dba Northwind Traders", "Northwind Traders"),
]
TWO_ORGANIZATIONS = [
    ("Acme Fund II", "Acme Fund III"),
    ("Acme Fund", "Acme Fund II"),
    ("Acme Trust 2004-1", "Acme Trust 2005-1"),
    ("Northwind Traders", "Northwind Traders Denmark"),
    ("Northwind Traders Spain", "Northwind Traders Ireland"),
    ("Northwind Leasing", "Northwind"),
    ("Northwind Systems", "Northwind Industries"),
]


@pytest.mark.parametrize(("a", "b"), ONE_PERSON)
def test_ways_to_write_one_persons_name_agree(a: str, b: str) -> None:
    assert name_agreement(a, b, "person").agrees


@pytest.mark.parametrize(("a", "b"), TWO_PERSONS)
def test_names_of_two_persons_do_not_agree(a: str, b: str) -> None:
    assert not name_agreement(a, b, "person").agrees


@pytest.mark.parametrize(("a", "b"), ONE_ORGANIZATION)
def test_ways_to_write_one_organizations_name_agree(a: str, b: str) -> None:
    assert name_agreement(a, b, "organization").agrees


@pytest.mark.parametrize(("a", "b"), TWO_ORGANIZATIONS)
def test_names_of_two_organizations_do_not_agree(a: str, b: str) -> None:
    assert not name_agreement(a, b, "organization").agrees


def test_a_word_left_out_costs_less_than_one_that_differs() -> None:
    left_out = name_agreement("Grace Brewster Hopper", "Grace Hopper", "person")
    differs = name_agreement("Grace Brewster Hopper", "Grace Murray Hopper", "person")
    assert left_out.bits > differs.bits


def test_a_word_explains_one_word_only() -> None:
    assert name_agreement("Grace Grace", "Grace Hopper", "person").conflict == 1.0


def test_text_without_a_word_is_no_evidence_for_a_name() -> None:
    assert not name_agreement("", "Grace Hopper", "person").agrees
    assert not name_agreement("?", "", "organization").agrees


def test_many_pairs_are_weighed_as_each_alone() -> None:
    pairs: list[tuple[str, str, Kind]] = [
        ("Grace Hopper", "Grace Hoper", "person"),
        ("A", "B", "organization"),
    ]
    assert name_agreements(pairs) == [name_agreement(*pair) for pair in pairs]


WORDS = st.sampled_from("ann anne anna hopper hoper hop per mc do nald mcdonald a j aj ii 2 bin ibn".split())


@given(
    a=st.lists(WORDS, max_size=5).map(" ".join),
    b=st.lists(WORDS, max_size=5).map(" ".join),
    kind=st.sampled_from(["person", "organization"]),
)
def test_both_directions_agree_alike(a: str, b: str, kind: Kind) -> None:
    assert name_agreement(a, b, kind).bits == name_agreement(b, a, kind).bits


@given(text=st.text(), kind=st.sampled_from(["person", "organization"]))
def test_any_text_can_be_read(text: str, kind: Kind) -> None:
    assert read_bare_names(text, kind)
