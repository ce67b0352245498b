"""Thresholds of the quality checks."""

from typing import Annotated

from pydantic import Field

from partyhub_dagster.config.impact import Impact
from partyhub_dagster.config.section import Section

Share = Annotated[float, Field(ge=0, le=1)]


class Quality(Section):
    """What the checks tolerate. Shares are 0 to 1."""

    max_quarantined_share: Share = 0.1
    """Rows of a source that may be in quarantine."""
    min_completeness: dict[str, Share] = Field(default_factory=dict)
    """Golden records that must have a value, by attribute."""
    min_valid_share: dict[str, Share] = Field(default_factory=dict)
    """Checkable values that must pass their check, by attribute."""
    max_component_share: Share = 0.1
    """Records of a kind that one component may hold."""
    min_large_component: Annotated[int, Field(ge=1)] = 100
    """Components of fewer records are never called too large."""
    max_party_members: Annotated[int, Field(ge=1)] = 100
    """Records that one party may hold."""
    max_match_rate_change: Share = 0.2
    """Change of records per party against the previous release."""
    impact: Impact = Impact()
    """How much a build may change against the newest release."""
