"""A pair's weight is a function of its two records and the model: in any batch, in any order, and in `explain`."""

import duckdb
import pytest

from partyhub_dagster.config.matching import Blocking, MatchSettings
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.matching.blocking import create_blocking_keys
from partyhub_dagster.matching.explain import explain_pair
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.pairs import block_sizes, create_pairs, large_blocks
from partyhub_dagster.matching.score import score_pairs
from partyhub_dagster.matching.train import default_model
from partyhub_dagster_tests.unit.matching_records import connection_with, organization, person, record_id

HOME = "12|main street|springfield|12345"
PEOPLE = [
    person(1, "robert", "smith", birth_date="1970-03-04", address=HOME, phones=["+12025550101"]),
    person(2, "bob", "smith", name_root="robert", birth_date="1970-03-04", address=HOME),
    person(3, "mary", "smith", birth_date="1972-08-19", address=HOME, phones=["+12025550101"]),
    person(4, "robert", "smyth", birth_date="1970-03-04", phones=["+12025550101"]),
    person(5, "ann", "jones", birth_date="1985-01-30", emails=["ann@example.org"]),
    person(6, "ann", "miller", birth_date="1985-01-30", emails=["ann@example.org"]),
    person(7, "carl", "weber", birth_date="1970-03-04"),
]
COMPANIES = [
    organization(11, "alpha growth fund 2", address=HOME, legal_form="llc"),
    organization(12, "alpha growth fund 3", address=HOME, legal_form="llc"),
    organization(13, "alpha growth fund 2", phones=["+12025550199"]),
    organization(14, "international business machines", name_acronym="ibm", websites=["ibm.com"]),
    organization(15, "ibm", websites=["ibm.com"]),
]


def weights_of(
    con: duckdb.DuckDBPyConnection, model: MatchModel, changed: list[int] | None = None
) -> dict[frozenset[str], int]:
    create_blocking_keys(con, model, "records", "keys")
    touched = None
    if changed is not None:
        touched = "changed"
        con.execute("create or replace temp table changed (record_id uuid)")
        con.executemany("insert into changed values (?)", [[record_id(number)] for number in changed])
    create_pairs(con, model, "keys", touched, "pairs")
    score_pairs(con, model, "records", "pairs", "scored")
    return {frozenset((str(a), str(b))): w for a, b, w in con.execute("from scored").fetchall()}


def pair(a: int, b: int) -> frozenset[str]:
    return frozenset((str(record_id(a)), str(record_id(b))))


@pytest.mark.parametrize(
    ("a", "b", "linked"),
    [(1, 2, True), (1, 4, True), (5, 6, True), (1, 3, False), (1, 7, False), (2, 3, False)],
)
def test_shipped_weights_tell_people_apart(a: int, b: int, linked: bool) -> None:
    con = connection_with(PEOPLE)
    model = default_model("person")
    found = explain_pair(con, model, "records", str(record_id(a)), str(record_id(b)))
    assert found.linked is linked, found


@pytest.mark.parametrize(("a", "b", "linked"), [(11, 12, False), (12, 13, False), (14, 15, True)])
def test_shipped_weights_tell_organisations_apart(a: int, b: int, linked: bool) -> None:
    con = connection_with(COMPANIES)
    found = explain_pair(con, default_model("organization"), "records", str(record_id(a)), str(record_id(b)))
    assert found.linked is linked, found


def test_a_delta_scores_its_pairs_exactly_as_a_full_run() -> None:
    con = connection_with(PEOPLE + COMPANIES)
    model = default_model("person")
    full = weights_of(con, model)
    assert full
    for number in range(1, 8):
        touching = {held: weight for held, weight in full.items() if str(record_id(number)) in held}
        assert weights_of(con, model, changed=[number]) == touching


def test_explaining_a_pair_gives_the_weight_that_scoring_gave() -> None:
    con = connection_with(PEOPLE)
    model = default_model("person")
    for ids, weight in weights_of(con, model).items():
        a, b = sorted(ids)
        explained = explain_pair(con, model, "records", a, b)
        assert round(explained.weight * 1000) == weight
        parts = explained.prior_bits + sum(part.weight_bits for part in explained.comparisons)
        assert parts == pytest.approx(explained.weight, abs=0.02)
        assert explained.blocking_rules


def test_a_pair_that_nothing_blocks_can_be_explained() -> None:
    con = connection_with(PEOPLE)
    found = explain_pair(con, default_model("person"), "records", str(record_id(5)), str(record_id(7)))
    assert found.blocking_rules == ()
    assert not found.linked
    assert next(part for part in found.comparisons if part.name == "email").level == "unknown"


def test_explaining_needs_two_records_of_the_kind() -> None:
    con = connection_with(PEOPLE + COMPANIES)
    with pytest.raises(NotFoundError):
        explain_pair(con, default_model("person"), "records", str(record_id(1)), str(record_id(11)))


def test_a_stop_key_removes_the_pairs_that_it_alone_brought() -> None:
    same_phone = [person(n, f"given{n}", f"family{n}", phones=["+12025550100"]) for n in range(6)]
    con = connection_with(same_phone)
    model = default_model("person", MatchSettings(blocking=Blocking(max_block=5)))
    create_blocking_keys(con, model, "records", "keys")
    found = large_blocks(con, model, f"({block_sizes('keys')})")
    assert [(rule, n) for rule, _, n in found] == [("phone", 6)]
    stopped = model.with_stop_keys((rule, key) for rule, key, _ in found)
    create_pairs(con, stopped, "keys", None, "pairs")
    assert con.execute("select count(*) from pairs").fetchone() == (0,)
    assert large_blocks(con, stopped, f"({block_sizes('keys')})") == []
    assert stopped.version != model.version
    assert stopped.scoring_fingerprint == model.scoring_fingerprint
    assert stopped.keys_fingerprint == model.keys_fingerprint


def test_a_model_survives_json_and_is_named_by_its_content() -> None:
    model = default_model("organization")
    assert MatchModel.from_json(model.to_json()) == model
    assert default_model("organization", MatchSettings(max_part=400)).version != model.version


def test_scoring_leaves_nothing_behind_and_touches_no_other_database() -> None:
    con = connection_with(PEOPLE)
    con.execute("attach ':memory:' as other; create table other.records as from records; use other")
    weights_of(con, default_model("person"))
    tables = con.execute("select distinct table_name from duckdb_tables()").fetchall()
    assert {name for (name,) in tables} == {"records", "keys", "pairs", "scored"}
    assert con.execute("select current_database()").fetchone() == ("other",)
