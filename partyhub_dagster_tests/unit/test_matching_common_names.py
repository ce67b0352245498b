"""Common names bring pairs only where matches hang on them: namesakes are many in large clean data."""

from typing import Any

import duckdb
import numpy as np
import pytest

from partyhub_dagster.config.matching import Matching
from partyhub_dagster.matching import freeze
from partyhub_dagster.matching.blocking import namesakes_among
from partyhub_dagster.matching.freeze import choose_rules, rules_to_try, stop_common_names
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.train import SCORES, default_model, train_model
from partyhub_dagster.matching.trial import Trial
from partyhub_dagster.merging import merges_of
from partyhub_dagster_tests.unit.matching_records import connection_with, person

SETTINGS = Matching().of("person")
PAIRS = 20_000
FOUND_OTHERWISE = 2_000
"""Pairs that phones bring, too: each is one party."""


def a_trial(model: MatchModel, *, matches_by_names: int, scale: float = 100) -> Trial:
    """Return a trial in which all pairs have a common name, and some of them the same phone."""
    core, others = rules_to_try(model, SETTINGS)
    rules = [*core, *others]
    found_by = np.full(PAIRS, 0b10 << 2 * rules.index("two_name_tokens"), dtype=np.int64)
    found_by[:FOUND_OTHERWISE] |= 0b01 << 2 * rules.index("phone")
    bits = np.full(PAIRS, -20.0)
    bits[: FOUND_OTHERWISE + matches_by_names] = 20.0
    order = np.random.default_rng(1).permutation(PAIRS)
    return Trial(50_000, scale, model.artefact["prior"], rules, found_by[order], bits[order])


def sizes() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(
        "create table sizes as select * from (values ('two_name_tokens', 1::ubigint, 21), ('two_name_tokens', 2, 20),"
        " ('phonetic_and_birth_year', 3, 300), ('phone', 4, 250)) as held(rule, key_hash, n)"
    )
    return con


def test_common_names_on_which_no_match_hangs_become_stop_keys_and_no_other_keys_do() -> None:
    model = default_model("person")
    trial = a_trial(model, matches_by_names=0)
    stopped, left = stop_common_names(sizes(), model, trial, SETTINGS, "sizes")
    assert stopped.stop_keys == {"two_name_tokens": [1], "phonetic_and_birth_year": [3]}
    assert left.finds(["two_name_tokens"]).sum() == 0
    assert left.finds(["phone"]).sum() == FOUND_OTHERWISE
    assert choose_rules(stopped, left, SETTINGS).stop_keys == stopped.stop_keys


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"matches_by_names": 10}, "one match in 200 hangs on them"),
        ({"matches_by_names": 0, "scale": 1}, "so few pairs cost nothing"),
    ],
)
def test_common_names_stay_where(changed: dict[str, Any], why: str) -> None:
    model = default_model("person")
    trial = a_trial(model, **changed)
    assert stop_common_names(sizes(), model, trial, SETTINGS, "sizes") == (model, trial), why


def test_only_names_bring_namesakes_together() -> None:
    core, _ = rules_to_try(default_model("person"), SETTINGS)
    assert namesakes_among("person", core) == ["two_name_tokens", "phonetic_and_birth_year"]
    assert namesakes_among("organization", ["name", "two_name_tokens"]) == ["two_name_tokens"]
    assert namesakes_among("person", ["phone"]) == []


def namesakes() -> list[dict[str, Any]]:
    """Return 600 people twice, of ten names; two records of one have the birth date and the phone in common."""
    rng = np.random.default_rng(3)
    made = []
    for n in range(600):
        born = f"{1930 + n % 70}-{rng.integers(1, 13):02d}-{rng.integers(2, 28):02d}"
        values = {"birth_date": born, "phones": [f"+1202{rng.integers(10**7):07d}"]}
        made += [person(2 * n + side, "jon", f"family{n % 10}", **values) for side in (0, 1)]
    return made


def test_a_model_of_namesakes_compares_fewer_of_them_and_finds_the_same_parties(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    con = connection_with(namesakes())
    wide = train_model(con, "records", "person", merging=merges_of)
    linked = f"select record_id_l, record_id_r from {SCORES} where weight >= 0 order by all"
    before = con.execute(linked).fetchall()
    monkeypatch.setattr(freeze, "CHEAP_PAIRS", 0)
    narrow = train_model(con, "records", "person", merging=merges_of)
    assert not wide.stop_keys.get("two_name_tokens")
    assert len(narrow.stop_keys["two_name_tokens"]) == 10
    assert narrow.metrics["pairs"] < wide.metrics["pairs"] / 5
    assert con.execute(linked).fetchall() == before
    assert len(before) == 600
