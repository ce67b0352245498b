"""Learning from labelled pairs: what labels say moves the weights, and little of it moves them little."""

import math
import random
from collections.abc import Iterator

import duckdb
import pytest

from partyhub_dagster.errors import ModelError
from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.learn import LEAST_LABELS, Label, learn_from_labels
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.score import score_pairs
from partyhub_dagster.matching.train import default_model
from partyhub_dagster_tests.unit.matching_records import connection_with, organization, record_id

SITES = 40
PLACES = ("3|alder road|ashford|10001", "8|birch lane|ashford|10001")


def sites() -> Iterator[dict[str, object]]:
    """Per chain: a site, the same site written otherwise, and another site with the same name and phone."""
    for number in range(SITES):
        name = f"chain{number} daycare"
        phone = f"+1202555{number:04d}"
        street, other_street = PLACES
        yield organization(3 * number, name, address=street, phones=[phone])
        yield organization(3 * number + 1, f"{name} center", address=street, phones=[phone])
        yield organization(3 * number + 2, name, address=other_street, phones=[phone])


def labels_of(chains: range) -> list[Label]:
    """Say that the house decides: not the name, and not the phone."""
    same = [(record_id(3 * n), record_id(3 * n + 1), True) for n in chains]
    return same + [(record_id(3 * n), record_id(3 * n + 2), False) for n in chains]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = connection_with(list(sites()))
    yield made
    made.close()


def weights(model: MatchModel) -> dict[tuple[str, str], float]:
    return {
        (name, level): math.log2(m / u)
        for name, held in model.artefact["comparisons"].items()
        for level, (m, u) in held.items()
    }


def bits(con: duckdb.DuckDBPyConnection, model: MatchModel, labels: list[Label]) -> list[float]:
    """Return the weight of each pair; one below `keep` has none."""
    pairs = [tuple(sorted((one, other))) for one, other, _ in labels]
    con.execute("create or replace temp table pairs (record_id_l uuid, record_id_r uuid)")
    con.executemany("insert into pairs values ($1, $2)", pairs)
    score_pairs(con, model, "records", "pairs", "scored")
    rows = con.execute("select record_id_l, record_id_r, weight / 1000 from scored").fetchall()
    found = {(left, right): float(weight) for left, right, weight in rows}
    return [found.get(pair, -math.inf) for pair in pairs]


def test_labels_decide_about_pairs_that_nobody_labelled(con: duckdb.DuckDBPyConnection) -> None:
    shipped = default_model("organization")
    learned = learn_from_labels(con, shipped, "records", labels_of(range(25)))
    others = labels_of(range(30, SITES))
    assert min(bits(con, shipped, others)) > 0
    judged = zip(bits(con, learned, others), others, strict=True)
    assert {(weight > 0) == is_one_site for weight, (_, _, is_one_site) in judged} == {True}
    told = learned.metrics["labels"]
    assert (told["pairs"], told["one_party"]) == (50, 25)
    assert told["log_loss_held_out"] < told["log_loss_before"]


def test_the_model_is_a_function_of_the_labels_in_any_order(con: duckdb.DuckDBPyConnection) -> None:
    shipped, labels = default_model("organization"), labels_of(range(25))
    shuffled = [(other, one, same) for one, other, same in labels]
    random.Random(3).shuffle(shuffled)  # noqa: S311  test data, not secrets
    assert (
        learn_from_labels(con, shipped, "records", labels).to_json()
        == learn_from_labels(con, shipped, "records", shuffled).to_json()
    )


def test_what_is_fixed_and_what_no_label_speaks_of_keeps_its_place(con: duckdb.DuckDBPyConnection) -> None:
    shipped = default_model("organization")
    before, after = (
        weights(shipped),
        weights(learn_from_labels(con, shipped, "records", labels_of(range(25)))),
    )
    assert before.keys() == after.keys()
    for comparison in comparisons_of("organization"):
        for level in comparison.weighted:
            place = comparison.name, level.name
            if level.fixed or comparison.name in ("identifier", "website"):
                assert after[place] == pytest.approx(before[place], abs=1e-4), place
    assert after["address", "same"] != pytest.approx(before["address", "same"], abs=0.1)


def test_a_pair_labelled_twice_counts_as_it_was_labelled_last(con: duckdb.DuckDBPyConnection) -> None:
    shipped, labels = default_model("organization"), labels_of(range(25))
    mistaken = [(one, other, not same) for one, other, same in labels[:5]]
    assert (
        learn_from_labels(con, shipped, "records", mistaken + labels).version
        == learn_from_labels(con, shipped, "records", labels).version
    )


@pytest.mark.parametrize(
    "labels",
    [
        labels_of(range(LEAST_LABELS // 2 - 1)),
        [label for label in labels_of(range(30)) if label[2]],
        [(record_id(9_000 + n), record_id(9_500 + n), bool(n % 2)) for n in range(60)],
    ],
    ids=["few", "all of one answer", "of unknown records"],
)
def test_too_few_labels_are_refused(con: duckdb.DuckDBPyConnection, labels: list[Label]) -> None:
    with pytest.raises(ModelError, match="too few to learn from; no model was made"):
        learn_from_labels(con, default_model("organization"), "records", labels)


def test_labels_that_a_model_foretells_already_make_no_other_model(con: duckdb.DuckDBPyConnection) -> None:
    labels = labels_of(range(SITES))
    learned = learn_from_labels(con, default_model("organization"), "records", labels)
    surer = {
        name: {
            level: [m, u * (u / m) ** 3] if m > u else [m * (m / u) ** 3, u] for level, (m, u) in held.items()
        }
        for name, held in learned.artefact["comparisons"].items()
    }
    odds = learned.artefact["prior"] / (1 - learned.artefact["prior"])
    sure = learned.with_parts(comparisons=surer, prior=odds**4 / (1 + odds**4))
    with pytest.raises(ModelError, match="hardly foretell one another better"):
        learn_from_labels(con, sure, "records", labels)
    with pytest.raises(
        ModelError, match="hardly foretell one another better"
    ):  # a prior is no order of pairs
        learn_from_labels(con, sure.with_parts(prior=sure.artefact["prior"] / 2**20), "records", labels)


def test_labels_that_contradict_no_party_make_no_other_model(con: duckdb.DuckDBPyConnection) -> None:
    shipped, labels = default_model("organization"), labels_of(range(25))
    con.execute("create or replace temp table parties (record_id uuid, party integer)")
    sites = [(record_id(3 * n + place), n) for n in range(25) for place in range(2)]
    con.executemany("insert into parties values ($1, $2)", sites)
    with pytest.raises(ModelError, match="None of the 50 labels contradicts"):
        learn_from_labels(con, shipped, "records", labels, "parties")
    con.execute("delete from parties where party = 0")
    learned = learn_from_labels(con, shipped, "records", labels, "parties")
    assert learned.version == learn_from_labels(con, shipped, "records", labels).version
