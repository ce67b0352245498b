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
    """Deliveries of fewer rows, and sources with fewer records, are not compared by shares."""
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
    max_fill_drop: Share = 0.3
    """By how much the share of rows with a value in a column may fall against earlier deliveries."""
    max_one_value_rise: Share = 0.2
    """By how much the share of rows with one and the same name, phone, e-mail or identifier may rise."""
    max_shifted_share: Share = 0.2
    """Columns of a delivery whose values look unlike those of earlier deliveries: dates for words, say."""
    max_row_loss: Share = 0.3
    """Rows by which a full snapshot may be shorter than the one before."""
