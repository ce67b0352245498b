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


def weight(con: duckdb.DuckDBPyConnection, model: MatchModel, one: int, other: int) -> float:
    left, right = sorted((record_id(one), record_id(other)))
    con.execute(
        f"create or replace temp table pair as select uuid '{left}' as record_id_l, uuid '{right}' as record_id_r"
    )
    score_pairs(con, model, "records", "pair", "scored")
    found = con.execute("select weight / 1000 from scored").fetchall()
    return float(found[0][0]) if found else -math.inf


def test_labels_decide_about_pairs_that_nobody_labelled(con: duckdb.DuckDBPyConnection) -> None:
    shipped = default_model("organization")
    learned = learn_from_labels(con, shipped, "records", labels_of(range(25)))
    for chain in range(30, SITES):
        one, written_otherwise, elsewhere = 3 * chain, 3 * chain + 1, 3 * chain + 2
        assert weight(con, shipped, one, elsewhere) > 0
        assert weight(con, learned, one, elsewhere) < 0 < weight(con, learned, one, written_otherwise)
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
