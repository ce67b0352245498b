"""A value that a person pinned is the golden value, whatever the rules say."""

from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.session import Session
from partyhub_dagster.survivorship.stage import collect_pins
from partyhub_dagster_tests.unit.survivorship_world import (
    Offer,
    Pin,
    as_list,
    chosen,
    configure,
    master,
    one,
    rules,
)

NOTE = configure(only="note")
TWO = [Offer(1, {"note": "a"}, recency=1), Offer(2, {"note": "b"}, recency=2)]


def test_a_pin_names_its_record() -> None:
    golden = one(NOTE, TWO, [Pin(1, "note", "p")])
    assert chosen(golden, "note") == ("p", 1, "pinned")


def test_a_pin_holds_although_the_rules_do_not_name_it() -> None:
    golden = one(rules("note", "[most_recent]"), TWO, [Pin(1, "note", "p")])
    assert chosen(golden, "note") == ("p", 1, "pinned")


def test_the_newest_pin_among_the_members_wins() -> None:
    pins = [Pin(1, "note", "new", 7), Pin(2, "note", "old", 3)]
    assert chosen(one(NOTE, TWO, pins), "note") == ("new", 1, "pinned")


def test_a_pin_stays_with_the_party_of_its_record() -> None:
    offers = [*TWO, Offer(3, {"note": "c"}, party=3)]
    golden = master(configure(), offers, [Pin(3, "note", "p"), Pin(99, "note", "q")])
    assert (golden[1].values["note"], golden[3].values["note"]) == ("b", "p")


def test_a_pin_gives_a_value_that_no_record_has() -> None:
    golden = one(configure(), [Offer(1)], [Pin(1, "birth_date", "2000-01-31")])
    assert str(golden.values["birth_date"]) == "2000-01-31"


@pytest.mark.parametrize("blank", [None, ""])
def test_an_empty_pin_blanks_the_value(blank: str | None) -> None:
    golden = one(NOTE, TWO, [Pin(1, "note", blank)])
    assert "note" not in golden.values
    assert "note" not in golden.proofs


def test_a_pin_that_the_type_cannot_hold_leaves_the_older_pin() -> None:
    pins = [Pin(1, "birth_date", "yesterday", 2), Pin(1, "birth_date", "2000-01-31", 1)]
    assert str(one(configure(), TWO, pins).values["birth_date"]) == "2000-01-31"


def test_a_pin_of_an_attribute_that_is_gone_does_nothing() -> None:
    golden = one(configure(), TWO, [Pin(1, "gone", "x")])
    assert golden == one(configure(), TWO)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(as_list("+9", "+8", "+9", ""), ["+8", "+9"]), ("+9", ["+9"]), ("[]", None), (None, None)],
)
def test_a_pinned_list_replaces_the_list(value: str | None, expected: list[str] | None) -> None:
    golden = one(configure(), [Offer(1, {"phone": "+1"})], [Pin(1, "phone", value)])
    assert golden.values.get("phone") == expected
    assert golden.proofs.get("phone") == (None if expected is None else [(1, "pinned")] * len(expected))


NAMES = [
    Offer(1, {"name": "Ann Lee", "name_given": "Ann", "name_family": "Lee"}, recency=1),
    Offer(2, {"name": "Anna Li", "name_given": "Anna", "name_family": "Li"}, recency=2),
]


def test_a_pinned_name_takes_its_parts_from_a_record_that_says_the_same() -> None:
    golden = one(configure(), NAMES, [Pin(2, "name", "Ann Lee")])
    assert golden.values == {"name": "Ann Lee", "name_given": "Ann", "name_family": "Lee"}
    assert golden.proofs == {
        "name": [(2, "pinned")],
        "name_given": [(1, "only")],
        "name_family": [(1, "only")],
    }


def test_a_pinned_name_that_no_record_says_has_no_parts() -> None:
    assert one(configure(), NAMES, [Pin(2, "name", "Ann Smith")]).values == {"name": "Ann Smith"}


def test_a_pinned_part_corrects_that_part_alone() -> None:
    golden = one(configure(), NAMES, [Pin(1, "name_family", "Lie")])
    assert golden.values == {"name": "Anna Li", "name_given": "Anna", "name_family": "Lie"}
    assert golden.proofs["name_family"] == [(1, "pinned")]


def pinned_records(lineage: str, clusters: str) -> list[str]:
    """Return the records that a pin on record 1 is on, given events (sequence, event, other) of its id."""
    con = duckdb.connect()
    con.execute(f"""
        create table decisions as select {uuid(9)} as decision_id, null::uuid as group_id, null::uuid as revokes,
            1 as sequence, 'PIN' as verdict, 1 as epoch, {uuid(1)} as left_id, 'name' as attribute, 'Ann' as value;
        create table party_lineage as
            select {uuid(1)} as party_id, * from (values {lineage}) as t(sequence, event, other_id);
        create table party_clusters as select * from (values {clusters}) as t(record_id, party_id);
    """)
    collect_pins(Session(LakePlace(Path("nowhere")), con, "test"), head=1)
    return [str(row[0]) for row in con.execute("select record_id from pins").fetchall()]


def uuid(number: int) -> str:
    return f"'{UUID(int=number)}'::uuid"


def test_a_pin_of_a_deleted_record_follows_to_where_its_id_leads_today() -> None:
    renamed, retired = f"(1, 'RENAMED', {uuid(2)})", "(2, 'RETIRED', null::uuid)"
    heir = f"({uuid(2)}, {uuid(2)})"
    assert pinned_records(renamed, heir) == [str(UUID(int=2))]
    assert pinned_records(f"{renamed}, {retired}", heir) == []  # it had come back and went alone
    assert pinned_records(f"{renamed}, {retired}", f"({uuid(1)}, {uuid(1)}), {heir}") == [str(UUID(int=1))]
