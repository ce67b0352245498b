"""Intervals of precision and recall: where they must lie, and how often they hold the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyhub_dagster.answers.audit_interval import Estimate, Stratum, estimate_precision, estimate_recall

TRUE_STRATA = [  # inside, pairs, matches
    (True, 3_000, 2_997), (True, 800, 776), (True, 300, 240), (False, 200, 80), (False, 800, 80),
    (False, 4_000, 40), (False, 500, 15), (False, 2_000, 8), (False, 8_000, 4),
]  # fmt: skip
SHARES = (26, 23, 20, 16, 40, 66, 14, 21, 74)


@st.composite
def samples(draw: st.DrawFn) -> list[Stratum]:
    """Draw strata of any size with any answers, some without a label."""
    found = []
    for inside in (True, *draw(st.lists(st.booleans(), max_size=6))):
        pairs = draw(st.integers(1, 100_000))
        labelled = draw(st.integers(0, min(pairs, 60)))
        found.append(Stratum(inside, float(pairs), labelled, draw(st.integers(0, labelled))))
    return found


@given(samples())
@settings(max_examples=20)
def test_an_interval_holds_its_estimate_and_stays_a_share(strata: list[Stratum]) -> None:
    for estimate in (estimate_precision, estimate_recall):
        found = estimate(strata)
        assert 0 <= found.low <= found.high <= 1
        if found.value is not None:
            assert found.low - 1e-9 <= found.value <= found.high + 1e-9


def test_estimates_weigh_strata_by_their_pairs() -> None:
    strata = [Stratum(True, 900, 10, 10), Stratum(True, 100, 10, 5), Stratum(False, 5_000, 100, 1)]
    assert estimate_precision(strata).value == pytest.approx(0.95)
    assert estimate_recall(strata).value == pytest.approx(950 / 1_000)


def test_a_stratum_without_a_match_still_widens_by_what_it_may_hide() -> None:
    inside = Stratum(True, 1_000, 50, 50)
    small, large = (estimate_recall([inside, Stratum(False, pairs, 50, 0)]) for pairs in (100, 100_000))
    assert small.value == large.value == 1
    assert small.low > 0.99
    assert large.low < 0.25


def test_what_is_labelled_whole_is_known() -> None:
    found = estimate_precision([Stratum(True, 40, 40, 30), Stratum(True, 40, 40, 40)])
    assert found.value == pytest.approx(70 / 80)
    assert found.low == found.high == found.value


def test_without_labels_nothing_is_known() -> None:
    unknown = Estimate(None, 0.0, 1.0)
    assert estimate_precision([Stratum(True, 10, 0, 0)]) == unknown
    assert estimate_recall([Stratum(False, 10, 5, 1)]) == unknown


def covered(draws: int, *, planted: bool = False) -> tuple[float, float]:
    """Return how often the intervals hold precision and recall; `planted` forgets that strata have sizes."""
    rng = np.random.default_rng(5)
    inside = sum(n for i, n, _ in TRUE_STRATA if i)
    right, every = sum(m for i, _, m in TRUE_STRATA if i), sum(m for _, _, m in TRUE_STRATA)
    held = np.zeros(2)
    for _ in range(draws):
        strata = [
            Stratum(i, 1_000.0 if planted else n, k, int(rng.hypergeometric(m, n - m, k)))
            for (i, n, m), k in zip(TRUE_STRATA, SHARES, strict=True)
        ]
        for place, (found, truth) in enumerate(
            [(estimate_precision(strata), right / inside), (estimate_recall(strata), right / every)]
        ):
            held[place] += found.low <= truth <= found.high
    precision, recall = held / draws
    return float(precision), float(recall)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of 40 draws 38 are expected; 34 or fewer would come by chance twice in a hundred times."""
    precision, recall = covered(40)
    assert precision > 34 / 40
    assert recall > 34 / 40


def test_intervals_that_forget_the_sizes_of_strata_are_caught() -> None:
    assert min(covered(10, planted=True)) < 0.6
