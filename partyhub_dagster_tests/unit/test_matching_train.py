"""Training without labels: the same data give the same model, and no model holds a value that few records share."""

import json
import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from partyhub_dagster.config import MatchSettings, Thresholds
from partyhub_dagster.config.matching import BLOCKING_RULES, COMPARISONS, Matching
from partyhub_dagster.errors import ModelError
from partyhub_dagster.matching import compare, estimate, pairs, trial
from partyhub_dagster.matching.blocking import create_blocking_keys, rules_of
from partyhub_dagster.matching.card import model_card
from partyhub_dagster.matching.compare import compare_models
from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.features import create_features
from partyhub_dagster.matching.freeze import create_all_keys, rules_to_try
from partyhub_dagster.matching.model import RAREST_KEPT, MatchModel
from partyhub_dagster.matching.pairs import block_sizes, create_pairs, large_blocks
from partyhub_dagster.matching.score import score_pairs
from partyhub_dagster.matching.train import SCORES, default_model, train_model
from partyhub_dagster.merging import merges_of
from partyhub_dagster_tests.unit.matching_records import connection_with, person, record_id

GIVEN = [
    "ann",
    "bea",
    "carl",
    "dora",
    "emil",
    "fay",
    "gus",
    "hans",
    "ida",
    "jon",
    "kim",
    "lea",
    "max",
    "nora",
]
ENTITIES = 700


def world(seed: int = 7) -> list[dict[str, Any]]:
    """Return 700 people twice, the second time with an error in one of five, and a switchboard of 400."""
    rng = random.Random(seed)  # noqa: S311  test data, not secrets
    made: list[dict[str, Any]] = []
    for entity in range(ENTITIES):
        given, family = rng.choice(GIVEN), f"family{rng.randrange(300):03d}"
        born = f"{rng.randrange(1940, 2000)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
        place = f"city{rng.randrange(12)}|{rng.randrange(10000, 10400)}"
        address = f"{rng.randrange(1, 99)}|street {rng.randrange(80)}|{place}"
        phone = "+12025550000" if entity < 200 else f"+1202{rng.randrange(10**7):07d}"
        values = {"birth_date": born, "address": address, "phones": [phone]}
        made.append(person(2 * entity, given, family, **values))
        slip = family[:-1] + "x" if entity % 5 == 0 else family
        made.append(person(2 * entity + 1, given, slip, source="crm" if entity % 2 else "web", **values))
    return made


@pytest.fixture(scope="module", autouse=True)
def _small_samples() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimate, "RANDOM_RECORDS", 250)
        patch.setattr(trial, "SAMPLED_PAIRS", 300)
        yield


@pytest.fixture(scope="module")
def trained() -> tuple[duckdb.DuckDBPyConnection, MatchModel]:
    con = connection_with(world())
    return con, train_model(con, "records", "person", merging=merges_of)


def test_training_finds_who_is_who(trained: tuple[duckdb.DuckDBPyConnection, MatchModel]) -> None:
    con, model = trained
    create_blocking_keys(con, model, "records", "keys")
    create_pairs(con, model, "keys", None, "pairs")
    score_pairs(con, model, "records", "pairs", "scored")
    linked = con.execute(f"from scored where weight >= {round(model.thresholds.link * 1000)}").fetchall()
    true = {frozenset((record_id(2 * entity), record_id(2 * entity + 1))) for entity in range(ENTITIES)}
    found = {frozenset((a, b)) for a, b, _ in linked}
    assert len(found & true) >= 0.98 * len(true)
    assert len(found & true) >= 0.95 * len(found)


def test_a_trained_model_scores_a_delta_exactly_as_a_full_run(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel],
) -> None:
    con, model = trained
    create_blocking_keys(con, model, "records", "keys")
    create_pairs(con, model, "keys", None, "pairs")
    score_pairs(con, model, "records", "pairs", "whole")
    con.execute(
        "create or replace temp table changed as select record_id from records where name_given = 'ann'"
    )
    create_pairs(con, model, "keys", "changed", "touching")
    score_pairs(con, model, "records", "touching", "part")
    touched = "record_id_l in (from changed) or record_id_r in (from changed)"
    assert con.execute("select count(*) > 20 from part").fetchall() == [(True,)]
    assert con.execute(f"from whole where {touched} except from part").fetchall() == []
    assert con.execute("from part except from whole").fetchall() == []


def test_the_same_records_in_another_order_give_the_same_model(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel],
) -> None:
    records = world()
    random.Random(1).shuffle(records)  # noqa: S311  test data, not secrets
    assert train_model(connection_with(records), "records", "person", merging=merges_of) == trained[1]


def test_labels_are_learned_from_where_they_contradict_and_leave_the_cut(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel],
) -> None:
    con, model = connection_with(world()), trained[1]
    agreed = [(record_id(2 * n), record_id(2 * n + 1), True) for n in range(30)]
    agreed += [(record_id(2 * n), record_id(2 * n + 3), False) for n in range(30)]
    with pytest.raises(ModelError, match="None of the 60 labels contradicts"):
        train_model(con, "records", "person", labels=agreed, merging=merges_of)
    judged = [(record_id(2 * n), record_id(2 * n + 1), n % 5 > 0) for n in range(200)]
    learned = train_model(con, "records", "person", labels=judged, merging=merges_of)
    assert learned.thresholds.cut == model.thresholds.cut
    assert learned.origin == "labels"


def test_training_leaves_the_weights_that_scoring_gives(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel],
) -> None:
    con, model = trained
    create_blocking_keys(con, model, "records", "keys")
    create_pairs(con, model, "keys", None, "pairs")
    score_pairs(con, model, "records", "pairs", "scored")
    assert con.execute("select count(*) > 500 from scored").fetchall() == [(True,)]
    assert con.execute(f"from scored except from {SCORES}").fetchall() == []
    assert con.execute(f"from {SCORES} except from scored").fetchall() == []


def test_a_pair_says_which_rules_bring_it_and_whether_by_a_common_key(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    con, model = trained
    monkeypatch.setattr(pairs, "COMMON_KEY", 3)
    create_blocking_keys(con, model, "records", "keys")
    create_pairs(con, model, "keys", None, "pairs", found_by=True)
    by_few = "(select key_hash from keys group by key_hash having count(*) <= 3)"
    for place, rule in enumerate(model.rules):
        for bit, of in ((0, "semi join"), (1, "anti join")):
            con.execute(f"create or replace temp view held as from keys {of} {by_few} using (key_hash)")
            create_pairs(con, model.with_blocking(rules=[rule]), "held", None, "alone")
            of_rule = (
                f"select record_id_l, record_id_r from pairs where (found_by >> {2 * place + bit}) & 1 = 1"
            )
            assert con.execute(f"{of_rule} except from alone").fetchall() == []
            assert con.execute(f"from alone except {of_rule}").fetchall() == []
    assert con.execute("select count(*) > 100 from pairs where found_by & 2 = 2").fetchall() == [(True,)]


def test_rules_tried_on_a_sample_of_records_are_judged_as_on_all(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    con, model = trained
    settings = Matching().of("person")
    create_all_keys(con, model, "records", settings, "all_keys", "sizes")
    create_features(con, model, "records", "features")
    core, others = rules_to_try(model, settings)
    whole = trial.try_rules(con, model, "features", "all_keys", "sizes", core, others)
    monkeypatch.setattr(trial, "TRIED_PAIRS", len(whole.found_by) // 3)
    part = trial.try_rules(con, model, "features", "all_keys", "sizes", core, others)
    assert whole.scale == 1
    assert len(part.found_by) < len(whole.found_by) / 2
    assert part.scale * len(part.found_by) == pytest.approx(len(whole.found_by), rel=0.1)
    assert part.scale * part.finds(core).sum() == pytest.approx(whole.finds(core).sum(), rel=0.1)
    assert estimate.estimate_prior(model, part) == pytest.approx(
        estimate.estimate_prior(model, whole), rel=0.1
    )


def test_no_value_of_few_records_is_in_the_model(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel],
) -> None:
    counts = [held["counts"] for held in trained[1].artefact["frequencies"].values()]
    assert sum(map(len, counts)) > 0
    assert min(n for held in counts for n in held.values()) >= RAREST_KEPT


def test_a_switchboard_becomes_a_stop_key(trained: tuple[duckdb.DuckDBPyConnection, MatchModel]) -> None:
    con, model = trained
    assert len(model.stop_keys["phone"]) == 1
    create_blocking_keys(con, model, "records", "keys")
    assert large_blocks(con, model, f"({block_sizes('keys')})") == []


def test_the_model_knows_what_it_has_seen(trained: tuple[duckdb.DuckDBPyConnection, MatchModel]) -> None:
    assert dict(trained[1].trained_on) == {"crm": 1050, "web": 350}
    assert trained[1].origin == "trained"
    assert MatchModel.from_json(trained[1].to_json()) == trained[1]


def test_a_card_tells_what_the_data_taught_and_what_to_expect(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel],
) -> None:
    card = model_card(trained[1])
    learned = {held["name"]: held["learned"] for held in card["comparisons"]}
    assert learned["name"]
    assert learned["birth_date"]
    assert not learned["email"]
    assert any("did not teach" in told and "email" in told for told in card["warnings"])
    assert not any("name_middle" in told for told in card["warnings"])  # it is never taught
    precision = [held["precision"] for held in card["expected"]]
    assert precision == sorted(precision)
    assert precision[-1] > 0.99
    recall = [held["recall"] for held in card["expected"]]
    assert recall == sorted(recall, reverse=True)
    assert card["sources"] == {"crm": 1050, "web": 350}
    text = json.dumps(card)
    assert not any(value in text for value in ("family0", "street 1", "city1", "ann"))


def test_the_card_of_shipped_weights_says_that_nothing_was_learned() -> None:
    card = model_card(default_model("person"))
    assert any("shipped" in told for told in card["warnings"])
    assert not any(held["learned"] for held in card["comparisons"])


def test_a_card_warns_of_a_link_that_was_raised_and_not_of_one_that_was_asked_for() -> None:
    asked = default_model("person", MatchSettings(thresholds=Thresholds(link=3)))
    raised = asked.with_parts(metrics={"link_raised_from": -2})
    assert ["hung together" in " ".join(model_card(model)["warnings"]) for model in (asked, raised)] == [
        False,
        True,
    ]


def test_a_comparison_of_models_finds_who_changed_sides_by_a_planted_change(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel],
) -> None:
    con, model = trained
    alike = compare_models(con, "records", model, model)
    assert (alike["one_party_by_old_only"], alike["one_party_by_new_only"]) == (0, 0)
    assert alike["moved"] == [0, 0, 0]
    weights = model.artefact["comparisons"]
    m, _ = weights["birth_date"]["same"]
    blind = {**weights, "birth_date": {**weights["birth_date"], "same": [m, min(m * 8_000, 0.99)]}}
    found = compare_models(con, "records", model, model.with_parts(comparisons=blind, prior=1e-14))
    assert found["one_party_by_old_only"] > 50
    assert found["one_party_by_new_only"] == 0
    assert found["expected_matches_new"] < found["expected_matches_old"]
    assert found["weights_changed_most"][0]["level"] == "same"
    assert [(pair["old"] >= 0, (pair["new"] or -1) >= 0) for pair in found["pairs_changed_most"]] == [
        (True, False)
    ] * 10
    assert con.execute(
        "select count(*) from duckdb_tables() where table_name like 'compared%'"
    ).fetchall() == [(0,)]


def test_a_comparison_of_models_on_a_sample_is_scaled_up(
    trained: tuple[duckdb.DuckDBPyConnection, MatchModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    con, model = trained
    whole = compare_models(con, "records", model, model)
    monkeypatch.setattr(compare, "SAMPLED_PAIRS", whole["pairs"] // 2)
    half = compare_models(con, "records", model, model)
    assert half["pairs_scored"] == whole["pairs"] // 2
    assert half["one_party_by_both"] == pytest.approx(whole["one_party_by_both"], rel=0.15)


def test_thresholds_of_the_settings_stay_as_they_are() -> None:
    settings = MatchSettings(thresholds=Thresholds(link=3))
    con = connection_with(world())
    assert default_model("person", settings, con, "records").thresholds.link == 3


def test_shipped_weights_learn_frequencies_only_from_enough_records() -> None:
    con = connection_with(world()[:400])
    few = default_model("person", None, con, "records")
    assert few.artefact["frequencies"] == {}
    assert few.artefact["comparisons"] == default_model("person").artefact["comparisons"]
    many = default_model("person", None, connection_with(world()), "records")
    assert many.origin == "shipped"
    assert many.artefact["frequencies"]
    assert many.artefact["comparisons"] == few.artefact["comparisons"]


def test_names_that_the_configuration_knows_are_the_names_that_matching_has() -> None:
    kinds = ("person", "organization")
    assert {held.name for kind in kinds for held in comparisons_of(kind)} == COMPARISONS
    assert {rule.name for kind in kinds for rule in rules_of(kind)} == BLOCKING_RULES


def test_a_blocking_that_splink_cannot_learn_from_is_left_out() -> None:
    class Training:
        def estimate_parameters_using_expectation_maximisation(self, *_: object, **__: object) -> None:
            raise ValueError("m_probability value 1e-311 is below the minimum")

    class Linker:
        training = Training()

    assert estimate._run_session(Linker(), ("name_family",), 1_000) is None
