"""Where matching and identity meet: what clustering takes from a model, and a model from clustering."""

from typing import Any

from partyhub_dagster.identity.margins import merge_margins
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster.matching.cut import Merges
from partyhub_dagster.matching.model import MatchModel


def thresholds_of(model: MatchModel) -> Thresholds:
    """Return a model's thresholds in the unit of match_edges."""
    limits = model.thresholds.millibits()
    del limits["keep"]  # clustering sees no pair below it
    return Thresholds(**limits, max_part=model.max_part)


def merges_of(model: MatchModel, left: Any, right: Any, weight: Any) -> Merges:
    """Cluster by scored pairs, as `Merging` promises."""
    margins, cluster = merge_margins(ScoredPairs(left, right, weight), thresholds_of(model))
    return Merges(margins / 1_000, cluster)
