"""Where merging should stop on these data, without labels: where the trend of surer merges promises hardly one more.

Clean data have merged all there is to merge long before the shipped `cut`; what they merge there are namesakes. Of data
full of errors a good part merges only there. How many merges lie at which weight tells the two apart.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import duckdb

from partyhub_dagster.config import MatchSettings
from partyhub_dagster.matching.freeze import LEAST_RECORDS, coded_pairs, codes_of
from partyhub_dagster.matching.model import MatchModel

Array = Any
"""A numpy array."""


class Merges(NamedTuple):
    """What comes of clustering."""

    margins: Array
    """Of every merge the mean weight, in bits, less what the size of its clusters asks beyond `cut`."""
    cluster: Array
    """Of every code its cluster, as the smallest code in it."""


Merging = Callable[[MatchModel, Array, Array, Array], Merges]
"""Clusters by scored pairs (two codes, weight in millibits) under a model's thresholds."""

TREND_BITS = 5
"""The merges of so many bits, and how many times more the bits above held, promise those of as many bits below."""

NOTHING_LEFT = 0.001
"""Share of all merges: the shipped `cut` is raised as long as fewer are promised below ..."""

MUCH_LEFT = 0.01
"""... and lowered as long as more are: low weights must be worth what goes wrong there."""

HIGHEST_CUT = 0.0
"""At 0 bits both answers are equally likely."""

ABOVE_MISS = 0.5
"""Nearer to `miss` a mean rests on hardly any scored pair."""

LEAST_MERGES = 100
STEP = 0.5


def settle_cut(
    con: duckdb.DuckDBPyConnection, model: MatchModel, scored: str, settings: MatchSettings, merging: Merging
) -> MatchModel:
    """Move `cut` to where the data want it, unless hub.yaml sets it or there is too little to see a trend in.

    Reads `scored` (record_id_l, record_id_r, weight), the pairs at or above `keep`.
    """
    limits = model.thresholds
    if (
        "cut" in settings.thresholds.model_fields_set
        or model.artefact["trained_on"]["records"] < LEAST_RECORDS
    ):
        return model
    lowest = min(limits.miss + ABOVE_MISS, limits.cut)
    highest = limits.link if "link" in settings.thresholds.model_fields_set else HIGHEST_CUT
    margins = merging(_with_cut(model, lowest), *coded_pairs(con, scored)).margins
    if len(margins) < LEAST_MERGES:
        return model
    cut = _lowest_promising(margins, limits.cut, lowest, min(highest, HIGHEST_CUT))
    told = {"merges": len(margins), "cut_shipped": limits.cut}
    return _with_cut(model, cut).with_parts(metrics={**model.metrics, **told})


def create_parties(
    con: duckdb.DuckDBPyConnection, model: MatchModel, scored: str, merging: Merging, out: str
) -> None:
    """Create temp table `out` (record_id, party): who is with whom under the model.

    Reads `scored` as `settle_cut` does; records without a pair there are left out.
    """
    import pyarrow as pa

    cluster = merging(model, *coded_pairs(con, scored)).cluster
    con.register("ph_clusters", pa.table({"code": range(len(cluster)), "party": cluster}))
    con.execute(
        f"create or replace temp table {out} as"
        f" select record_id, party from ({codes_of(scored)}) join ph_clusters using (code)"
    )
    con.unregister("ph_clusters")


def _with_cut(model: MatchModel, cut: float) -> MatchModel:
    held = model.artefact["thresholds"]
    return model.with_parts(thresholds={**held, "cut": cut, "link": max(held["link"], cut)})


def _lowest_promising(margins: Array, shipped: float, lowest: float, highest: float) -> float:
    cut = highest
    while cut > lowest:
        if _promised(margins, cut) < (NOTHING_LEFT if cut > shipped else MUCH_LEFT):
            return cut
        cut -= STEP
    return lowest


def _promised(margins: Array, cut: float) -> float:
    """Say how many merges the bits below should hold, as a share of all, if they fall off as those above do."""
    held, above = (
        int(((margins >= low) & (margins < low + TREND_BITS)).sum()) for low in (cut, cut + TREND_BITS)
    )
    return held * min(1.0, held / max(above, 1)) / len(margins)
