"""What hub.yaml may name is what the rest of the hub has."""

import duckdb
import pytest

from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.matching import BLOCKING_RULES, COMPARISONS
from partyhub_dagster.config.mistakes import closest, path_text, what_to_write
from partyhub_dagster.config.section import Section
from partyhub_dagster.config.shape import written_keys
from partyhub_dagster.config.sources import Source
from partyhub_dagster.config.time_formats import DIRECTIVES, UNPADDED, problem_of_format
from partyhub_dagster.matching.blocking import rules_of
from partyhub_dagster.matching.comparisons import comparisons_of


def test_comparisons_that_can_be_disabled_are_those_of_the_matching() -> None:
    names = {found.name for found in (*comparisons_of("person"), *comparisons_of("organization"))}
    assert names == COMPARISONS


def test_blocking_rules_that_can_be_disabled_are_those_of_the_matching() -> None:
    assert {rule.name for rule in (*rules_of("person"), *rules_of("organization"))} == BLOCKING_RULES


def test_time_formats_are_those_of_duckdb() -> None:
    formats = [f"%{sign}" for sign in DIRECTIVES] + [f"%-{sign}" for sign in UNPADDED]
    with duckdb.connect() as con:
        for format_ in formats:
            con.execute("select try_strptime('2020', $format)", {"format": format_})


@pytest.mark.parametrize(
    ("format_", "has_problem"),
    [
        ("%Y-%m-%d", False),
        ("%-d.%-m.%y %H:%M", False),
        ("%Y%j", False),
        ("100%% %d/%m/%Y", False),
        ("%c", False),
        ("%Y-%m", True),
        ("%d/%m", True),
        ("yyyy-mm-dd", True),
        ("%Y-%m-%d %", True),
        ("%Y-%m-%d %-", True),
        ("%Y-%m-%d %Q", True),
        ("%-Y-%m-%d", True),
        ("", True),
    ],
)
def test_a_time_format_names_a_year_and_a_day_in_known_directives(format_: str, has_problem: bool) -> None:
    assert (problem_of_format(format_) is not None) == has_problem


def test_every_setting_says_what_it_is() -> None:
    sections: set[type[Section]] = {HubConfig, Source}
    found = Section.__subclasses__()
    while found:
        section = found.pop()
        sections.add(section)
        found += section.__subclasses__()
    bare = [
        f"{s.__name__}.{name}"
        for s in sections
        for name, field in s.model_fields.items()
        if not field.description
    ]
    assert bare == []


def test_fields_that_are_filled_in_are_no_keys() -> None:
    assert "root" not in written_keys(HubConfig)
    assert "name" not in written_keys(Source)
    assert {"attributes", "survivorship"} <= set(written_keys(HubConfig))


@pytest.mark.parametrize(
    ("word", "expected"),
    [("sorces", "sources"), ("KEY", "key"), ("attribute", "attributes"), ("zzz", None), ("", None)],
)
def test_the_closest_name_is_found_if_one_is_close(word: str, expected: str | None) -> None:
    assert closest(word, ["sources", "attributes", "key"]) == expected


def test_without_a_close_name_all_are_listed() -> None:
    assert what_to_write("zzz", ["b", "a"]) == "Write one of b, a"
    assert what_to_write("zzz", []) == "Leave it out; there is nothing to name here"


def test_paths_are_written_as_people_write_them() -> None:
    assert path_text(("sources", "crm", "columns", "First name", 0, "a.b")) == (
        'sources.crm.columns."First name"[0]."a.b"'
    )
