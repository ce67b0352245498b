"""The sieve before scoring: it takes most pairs, and none that would have been kept."""

import random
from typing import Any

import duckdb
import pytest

from partyhub_dagster.config.matching import Matching
from partyhub_dagster.matching import sieve
from partyhub_dagster.matching.address_comparison import ADDRESS
from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.features import create_features
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.score import create_blocked_pairs, score_features
from partyhub_dagster.matching.train import counted_model
from partyhub_dagster_tests.unit.matching_records import connection_with, organization, person

NAMES = ["ann", "anna", "bea", "carl", "smith", "smyth", "jones", "west", "acme", "leasing", "2", "3"]

ADDRESS_SAYS_NOTHING = {level.name: [0.5, 0.5] for level in ADDRESS.weighted}

World = tuple[duckdb.DuckDBPyConnection, MatchModel]


def values(rng: random.Random) -> dict[str, Any]:
    """Return values of few kinds, any of which may be missing: pairs fall on every level."""
    street, city = rng.choice(("main street", "main streat", "oak road")), rng.choice(("york", "new york"))
    held = {
        "birth_date": f"{rng.choice((1960, 1961, 1985))}-{rng.choice(('01', '02', '12'))}-0{rng.choice('123')}",
        "address": f"{rng.choice('12')}|{street}|{city}|{rng.choice(('10001', '10002', '94110'))}",
        "phones": [f"+1202555000{rng.choice('123')}"],
        "emails": [f"{rng.choice(NAMES)}.{rng.choice(NAMES)}@{rng.choice(('x.example', 'y.example'))}"],
        "ids": [f"lei:55{rng.choice('1234')}"],
        "websites": [f"{rng.choice(NAMES)}.example"],
        "country": rng.choice(("us", "gb")),
    }
    return {name: value for name, value in held.items() if rng.random() < 0.7}


def someone(rng: random.Random, number: int) -> dict[str, Any]:
    return person(number, rng.choice(NAMES), f"{rng.choice(NAMES)} {rng.choice(NAMES)}", **values(rng))


def company(rng: random.Random, number: int) -> dict[str, Any]:
    name = " ".join(rng.sample(NAMES, rng.choice((1, 2, 3))))
    return organization(number, name, legal_form=rng.choice(("ltd", "inc", None)), **values(rng))


@pytest.fixture(scope="module", params=["person", "organization"])
def world(request: pytest.FixtureRequest) -> World:
    """Return the features of 300 records of a kind, all their pairs, and shipped weights with their frequencies."""
    rng = random.Random(5)  # noqa: S311  test data, not secrets
    make = someone if request.param == "person" else company
    con = connection_with([make(rng, number) for number in range(300)])
    model = counted_model(con, "records", request.param, Matching().of(request.param))
    con.execute(
        "create table pairs as select l.record_id as record_id_l, r.record_id as record_id_r"
        " from records as l join records as r on l.record_id < r.record_id"
    )
    create_features(con, model, "records", "features")
    return con, model


def other_weights(model: MatchModel, seed: int) -> MatchModel:
    """Return the model with weights and a prior of chance."""
    rng = random.Random(seed)  # noqa: S311  test data, not secrets
    comparisons = {
        name: {level: [rng.uniform(0.001, 0.999), rng.uniform(0.001, 0.999)] for level in levels}
        for name, levels in model.artefact["comparisons"].items()
    }
    return model.with_parts(comparisons=comparisons, prior=10 ** rng.uniform(-5, -1))


@pytest.mark.parametrize("seed", range(6))
def test_sieved_or_not_the_same_pairs_are_kept_at_the_same_weights(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    con, shipped = world
    model = other_weights(shipped, seed)
    score_features(con, model, "features", "pairs", "without")
    monkeypatch.setattr(sieve, "MANY_PAIRS", 0)
    score_features(con, model, "features", "pairs", "sieved")
    assert con.execute("select count(*) from without").fetchall() != [(0,)]
    assert con.execute("from without except from sieved").fetchall() == []
    assert con.execute("from sieved except from without").fetchall() == []


def test_what_a_rare_name_says_is_reckoned_with(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    con, shipped = world
    monkeypatch.setattr(sieve, "MANY_PAIRS", 0)
    name = {level: [0.5, 0.5] for level in shipped.artefact["comparisons"]["name"]}
    name |= {level.name: [0.8, 0.2] for level in comparisons_of(shipped.kind)[0].levels if level.tf}
    # two bits, and a bit of its rarity, are what a name must bring
    model = shipped.with_parts(comparisons={"name": name, "address": ADDRESS_SAYS_NOTHING}, prior=2.0**-11)
    score_features(con, model, "features", "pairs", "scored")
    assert con.execute("select count(*) from scored").fetchall() != [(0,)]


def test_most_pairs_are_never_scored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    con, model = world
    monkeypatch.setattr(sieve, "MANY_PAIRS", 0)
    create_blocked_pairs(con, "features", "pairs")
    sieve.sieve_pairs(con, model.with_parts(prior=1e-10), "features", "ph_blocked_pairs")
    [(left, every)] = con.execute(
        "select (select count(*) from ph_blocked_pairs), (select count(*) from pairs)"
    ).fetchall()
    assert 0 < left < every / 2


@pytest.mark.parametrize("left_out", ["the costliest", "all others"])
def test_where_there_is_nothing_to_sieve_by_every_pair_is_scored(
    world: World, left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    con, model = world
    monkeypatch.setattr(sieve, "MANY_PAIRS", 0)
    used = {
        name: held
        for name, held in model.artefact["comparisons"].items()
        if (name == sieve.COSTLIEST) == (left_out == "all others")
    }
    create_blocked_pairs(con, "features", "pairs")
    sieve.sieve_pairs(con, model.with_parts(comparisons=used), "features", "ph_blocked_pairs")
    counts = "select (select count(*) from ph_blocked_pairs), (select count(*) from pairs)"
    [(left_to_score, every)] = con.execute(counts).fetchall()
    assert left_to_score == every
