"""Where merging stops is learned from where merges lie: nothing is promised to clean data, much to dirty ones."""

from typing import Any

import duckdb
import numpy as np
import pytest

from partyhub_dagster.config.matching import PersonSettings, PersonThresholds
from partyhub_dagster.matching.card import model_card
from partyhub_dagster.matching.cut import Merges, settle_cut
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.train import default_model

CLEAN = np.repeat(np.arange(5, 20), 100)
"""Margins in bits: nothing merges below 5."""
DIRTY = np.repeat(np.arange(-7, 20), 100)
"""As many merge at each bit."""
FALLING = np.concatenate([np.full(round(1_000 * 0.3 ** ((19 - bit) / 5)), bit) for bit in range(-7, 20)])
"""Five bits hold a third of what the five above do: something is promised below 0, not much below -5."""


def settled(
    margins: Any, *, records: int = 5_000, **thresholds: float
) -> tuple[MatchModel, list[tuple[float, float]]]:
    """Settle the cut on these margins; return the model, and the cut and link that merging ran under."""
    con = duckdb.connect()
    con.execute("create table scored as select 1 as record_id_l, 2 as record_id_r, 3000 as weight")
    settings = PersonSettings(thresholds=PersonThresholds(**thresholds))
    model = default_model("person", settings).with_parts(trained_on={"records": records, "sources": {}})
    ran: list[tuple[float, float]] = []

    def merging(under: MatchModel, *pairs: Any) -> Merges:
        assert [column.tolist() for column in pairs] == [[0], [1], [3_000]]
        ran.append((under.thresholds.cut, under.thresholds.link))
        return Merges(margins, np.zeros(0))

    return settle_cut(con, model, "scored", settings, merging), ran


@pytest.mark.parametrize(
    ("margins", "cut"), [(CLEAN, 0), (DIRTY, -7.5), (FALLING, -5)], ids=["clean", "dirty", "falling"]
)
def test_the_cut_is_where_too_few_merges_are_promised_below(margins: Any, cut: float) -> None:
    model, ran = settled(margins)
    assert ran == [(-7.5, -2)]
    assert (model.thresholds.cut, model.thresholds.link) == (cut, max(cut, -2))


def test_the_order_of_merges_changes_nothing() -> None:
    assert settled(FALLING[::-1]) == settled(FALLING)


def test_a_cut_in_hub_yaml_and_too_little_to_see_a_trend_in_leave_it_alone() -> None:
    assert settled(DIRTY, cut=-3)[0].thresholds.cut == -3
    assert settled(DIRTY, records=999)[0].thresholds.cut == -5
    assert settled(DIRTY[:99])[0].thresholds.cut == -5


def test_a_link_in_hub_yaml_bounds_the_cut() -> None:
    model, _ = settled(CLEAN, link=-4)
    assert (model.thresholds.cut, model.thresholds.link) == (-4, -4)


def test_the_card_says_what_the_cut_rests_on() -> None:
    measured = model_card(settled(CLEAN)[0])["measured"]
    assert (measured["merges"], measured["cut_shipped"]) == (1_500, -5)
