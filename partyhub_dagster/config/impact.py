"""How much a build may change against the newest release before a person must look at it."""

from typing import Annotated

from pydantic import Field

from partyhub_dagster.config.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Impact(Section):
    """What the impact guard lets pass, measured against the newest release. Shares are 0 to 1."""

    min_affected: Count = 50
    """Fewer rows, records, parties or values than this are never out of proportion."""
    min_rows: Count = 100
    """Sources of which fewer records were written, or held before, are not compared by shares."""
    max_merged_share: Share = 0.1
    """Parties of the release that are now part of another party."""
    max_split_share: Share = 0.1
    """Parties of the release that are now more than one party."""
    max_retired_share: Share = 0.1
    """Parties of the release that have no live record any more."""
    max_reused_key_share: Share = 0.05
    """Records of a source of which the same key now names somebody else."""
    max_changed_value_share: Share = 0.25
    """Golden values of an attribute that are replaced or lost."""
    max_placeholder_rise: Share = 0.3
    """By how much the share of a source's records with values that stand for nothing may rise."""
