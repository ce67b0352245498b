import pytest

from partyhub_dagster.normalize.organization_names import COLUMNS, clean_organization_names, read_name
from partyhub_dagster.normalize.text import SLOT_SEPARATOR, VALUE_SEPARATOR

LISTS = ("name_tokens", "names")


def decoded(names: list[str], found: list[str]) -> dict[str, object]:
    """Read what a cleaner of units returns as its table will: empty is null, lists are lists."""
    read: dict[str, object] = {}
    for name, text in zip(names, found, strict=True):
        if name in LISTS:
            read[name] = text.split(VALUE_SEPARATOR) if text else []
        else:
            read[name] = int(text) if name == "placeholders" else text or None
    return read


def clean(unit: str) -> dict[str, object]:
    found = clean_organization_names(unit, ("name", "name"), ("name",))
    return decoded([*COLUMNS, "placeholders", "shown"], found)


@pytest.mark.parametrize(
    ("name", "full", "form"),
    [
        ("Acme Holdings, Inc.", "acme holdings", "inc"),
        ("ACME HOLDINGS INCORPORATED", "acme holdings", "inc"),
        ("Acme L.L.C.", "acme", "llc"),
        ("Acme Limited Liability Company", "acme", "llc"),
        ("Smith Company, LLC", "smith", "llc"),
        ("Acme Corp", "acme", "corp"),
        ("Acme Corporation", "acme", "corp"),
        ("Acme & Co.", "acme", "co"),
        ("Foo GmbH & Co. KG", "foo", "gmbhcokg"),
        ("Siemens Aktiengesellschaft", "siemens", "ag"),
        ("Société Générale S.A.", "societe generale", "sa"),
        ("ООО Ромашка", "romashka", "ooo"),
        ("Public Joint Stock Company Gazprom", "gazprom", "pjsc"),
        ("株式会社トヨタ", "toyota", "kk"),
        ("AG Edwards Inc", "ag edwards", "inc"),
        ("SA Recycling", "sa recycling", None),
        ("The Gap", "gap", None),
        ("Johnson & Johnson", "johnson and johnson", None),
        ("A B C Corp.", "abc", "corp"),
        ("A.B.C. Corp", "abc", "corp"),
        ("LLC", "llc", None),
        ("Fund II LP", "fund 2", "lp"),
        ("Fund I S.L.", "fund 1", "sl"),
        ("Fund V Pvt. Ltd.", "fund 5", "ltd"),
        ("Toyota Kabushiki Kaisha", "toyota", "kk"),
        ("Fund S.à r.l.", "fund", "sarl"),
        ("First National Bank", "1 national bank", None),
        ("1st National Bank", "1 national bank", None),
        ("Rocky IV", "rocky 4", None),
        ("Univ. of Chicago Med. Ctr.", "university of chicago medical center", None),
        ("St. Mary's Int'l Svcs", "saint marys international services", None),
        ("Vitamin C Foods", "vitamin c foods", None),
    ],
)
def test_a_name_is_read_without_its_legal_form(name: str, full: str, form: str | None) -> None:
    words, found = read_name(name)
    assert (" ".join(words), found) == (full, form)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Vanguard 500 Index Fund Class A", "500 a"),
        ("Vanguard 500 Index Fund Class B", "500 b"),
        ("Growth Fund II LP", "2"),
        ("Growth Fund III LP", "3"),
        ("Third Avenue Fund", "3"),
        ("Acme Inc", None),
    ],
)
def test_numbers_and_share_classes_tell_siblings_apart(name: str, numbers: str | None) -> None:
    assert clean(name)["name_numbers"] == numbers


@pytest.mark.parametrize(
    ("name", "acronym"),
    [
        ("International Business Machines Corp", "ibm"),
        ("IBM Corp.", "ibm"),
        ("Bank of America", "ba"),
        ("Pricewaterhouse", None),
    ],
)
def test_an_acronym_is_made_of_first_letters(name: str, acronym: str | None) -> None:
    assert clean(name)["name_acronym"] == acronym


@pytest.mark.parametrize(
    "name",
    [
        "Foo LLC d/b/a Bar Cafe",
        "Foo LLC dba Bar Cafe",
        "Foo LLC (formerly Bar Cafe)",
        "Foo LLC trading as Bar Cafe",
    ],
)
def test_a_trade_name_is_a_second_name(name: str) -> None:
    read = clean(name)
    assert (read["names"], read["legal_form"], read["shown"]) == (["foo", "bar cafe"], "llc", name)


def test_several_names_keep_their_order_and_share_tokens() -> None:
    read = clean(f"Acme Inc{VALUE_SEPARATOR}Acme Trading{SLOT_SEPARATOR}Zenith and Sons")
    assert read["names"] == ["acme", "acme trading", "zenith and sons"]
    assert read["name_tokens"] == ["acme", "sons", "trading", "zenith"]
    assert read["shown"] == VALUE_SEPARATOR.join(["Acme Inc", "Acme Trading", "Zenith and Sons"])


def test_the_sound_is_that_of_the_first_telling_word() -> None:
    assert clean("First National Cramer Bank")["name_phonetic"] == clean("Kramer Holdings")["name_phonetic"]


def test_a_placeholder_is_no_name_and_counted() -> None:
    read = clean(f"N/A{SLOT_SEPARATOR}Acme")
    assert (read["names"], read["placeholders"], read["shown"]) == (["acme"], 1, "Acme")
