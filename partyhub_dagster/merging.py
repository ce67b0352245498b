"""Where matching and identity meet: what clustering takes from a model."""

from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster.matching.model import MatchModel


def thresholds_of(model: MatchModel) -> Thresholds:
    """Return a model's thresholds in the unit of match_edges."""
    limits = model.thresholds.millibits()
    del limits["keep"]  # clustering sees no pair below it
    return Thresholds(**limits, max_part=model.max_part)
