import pytest

from partyhub_dagster.normalize.nicknames import root_of
from partyhub_dagster.normalize.person_names import COLUMNS, VALUE_PARTS, PersonLayout, clean_person_names
from partyhub_dagster.normalize.text import SLOT_SEPARATOR, VALUE_SEPARATOR

WHOLE = PersonLayout((("name", "full"),), ("name",))
PARTS = PersonLayout(
    tuple(("name", part) for part in ("full", "given", "middle", "family", "suffix")), ("name",)
)


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


def clean(unit: str, layout: PersonLayout = WHOLE) -> dict[str, object]:
    shown = [f"{attribute}_{part}" for attribute in layout.attributes for part in VALUE_PARTS]
    names = [*COLUMNS, "placeholders", *(f"shown_{name}" for name in shown)]
    return decoded(names, clean_person_names(unit, layout))


def of_parts(full: str = "", given: str = "", middle: str = "", family: str = "", suffix: str = "") -> str:
    return SLOT_SEPARATOR.join((full, given, middle, family, suffix))


@pytest.mark.parametrize(
    ("whole", "given", "middle", "family", "suffix"),
    [
        ("Bob Smith", "bob", None, "smith", None),
        ("SMITH, Robert J., Jr.", "robert", "j", "smith", "jr"),
        ("Smith Jr., Robert", "robert", None, "smith", "jr"),
        ("Dr. Maria de la Cruz", "maria", None, "de la cruz", None),
        ("Mr. Bob Smith III", "bob", None, "smith", "iii"),
        ("John A. O'Brien Junior MD", "john", "a", "obrien", "jr"),
        ("Ludwig van Beethoven", "ludwig", None, "van beethoven", None),
        ("Mary-Jane Watson", "mary jane", None, "watson", None),
        ("Madonna", None, None, "madonna", None),
        ("Robert (Bob) Smith", "robert", None, "smith", None),
        ("李小龙", "xiaolong", None, "li", None),
        ("김정은", "jeongeun", None, "gim", None),
        ("Владимир Владимирович Путин", "vladimir", "vladimirovich", "putin", None),
        ("Łukasz Żółć", "lukasz", None, "zolc", None),
        ("Jürgen Groß", "jurgen", None, "gross", None),
    ],
)
def test_a_whole_name_is_read_into_parts(
    whole: str, given: str | None, middle: str | None, family: str | None, suffix: str | None
) -> None:
    read = clean(whole)
    found = (read["name_given"], read["name_middle"], read["name_family"], read["name_suffix"])
    assert found == (given, middle, family, suffix)


def test_all_features_of_a_name_from_its_parts() -> None:
    assert clean(of_parts(given="Bob", middle="J.", family="O'Neil", suffix="Jr."), PARTS) == {
        "name_full": "bob j oneil", "name_given": "bob", "name_middle": "j", "name_family": "oneil",
        "name_suffix": "jr", "name_root": "robert", "name_initials": "bjo", "name_phonetic": "ONL",
        "name_tokens": ["bob", "j", "oneil"], "names": ["bob j oneil"], "placeholders": 0,
        "shown_name_full": "Bob J. O'Neil Jr.", "shown_name_given": "Bob", "shown_name_middle": "J.",
        "shown_name_family": "O'Neil", "shown_name_suffix": "Jr.",
    }  # fmt: skip


def test_an_initial_behind_the_given_name_is_a_middle_name() -> None:
    read = clean(of_parts(given="Robert J", family="Smith"), PARTS)
    assert (read["name_given"], read["name_middle"]) == ("robert", "j")


def test_a_suffix_in_the_family_name_is_moved() -> None:
    read = clean(of_parts(given="Robert", family="Smith Sr"), PARTS)
    assert (read["name_family"], read["name_suffix"]) == ("smith", "sr")


def test_a_whole_that_holds_the_parts_is_the_display_of_the_same_name() -> None:
    read = clean(of_parts(full="Mr. Robert Smith", given="Robert", family="Smith"), PARTS)
    assert read["names"] == ["robert smith"]
    assert read["shown_name_full"] == "Mr. Robert Smith"


def test_the_words_of_a_whole_beside_its_parts_count_as_words_of_the_name() -> None:
    full = "thomas clifford, 1st baron clifford of chudleigh"
    read = clean(of_parts(full=full, given="thomas", family="chudleigh"), PARTS)
    assert read["names"] == ["thomas chudleigh"]
    assert read["name_tokens"] == ["1st", "baron", "chudleigh", "clifford", "of", "thomas"]


def test_a_whole_that_says_another_name_is_a_second_name() -> None:
    read = clean(of_parts(full="王杰", given="Jie", family="Wong"), PARTS)
    assert read["names"] == ["jie wong", "jie wang"]
    assert read["name_tokens"] == ["jie", "wang", "wong"]
    assert read["shown_name_full"] == f"Jie Wong{VALUE_SEPARATOR}王杰"


def test_the_guessed_parts_of_a_whole_are_shown_as_received() -> None:
    read = clean("Владимир Путин")
    assert (read["shown_name_given"], read["shown_name_family"]) == ("Владимир", "Путин")


@pytest.mark.parametrize("value", ["N/A", "UNKNOWN", "test", "-", "xxx", "Unknown Unknown"])
def test_a_placeholder_is_no_name_and_counted(value: str) -> None:
    read = clean(value)
    assert (read["name_full"], read["name_tokens"], read["placeholders"]) == (None, [], 1)


def test_a_placeholder_part_leaves_the_other_parts() -> None:
    read = clean(of_parts(given="UNKNOWN", family="Smith"), PARTS)
    assert (read["name_given"], read["name_family"], read["placeholders"]) == (None, "smith", 1)


@pytest.mark.parametrize(
    "unit", [of_parts(given="Jamie", middle="NMN", family="Aguilar"), of_parts("Jamie (NMN) Aguilar")]
)
def test_what_a_form_writes_for_no_middle_name_is_none(unit: str) -> None:
    read = clean(unit, PARTS)
    assert (read["name_middle"], read["name_tokens"]) == (None, ["aguilar", "jamie"])


def test_what_a_form_writes_for_an_unknown_first_name_is_none() -> None:
    assert clean(of_parts(given="FNU", family="Aguilar"), PARTS)["name_tokens"] == ["aguilar"]
    assert clean("FNU Aguilar")["name_tokens"] == ["aguilar"]


def test_names_of_several_attributes_share_features_but_not_values() -> None:
    layout = PersonLayout((("name", "full"), ("alias", "full")), ("name", "alias"))
    read = clean(f"Bob Smith{SLOT_SEPARATOR}Robert Smythe", layout)
    assert read["names"] == ["bob smith", "robert smythe"]
    assert (read["shown_name_full"], read["shown_alias_full"]) == ("Bob Smith", "Robert Smythe")


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("bob", "robert"), ("bill", "william"), ("peggy", "margaret"), ("liz", "elizabeth"), ("jack", "john"),
        ("kathy", "katherine"), ("catherine", "katherine"), ("stephen", "steven"), ("robert", "robert"),
        ("mary", "mary"), ("zzyzx", "zzyzx"),
    ],
)  # fmt: skip
def test_a_nickname_has_the_root_that_it_is_short_for(given: str, root: str) -> None:
    assert root_of(given) == root


def test_the_root_of_every_root_is_itself() -> None:
    from partyhub_dagster.normalize.nicknames import _roots

    assert [root for root in _roots().values() if root_of(root) != root] == []
