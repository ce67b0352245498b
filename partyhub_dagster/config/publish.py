"""Where golden records are exported to."""

from typing import Annotated

from pydantic import Field

from partyhub_dagster.config.section import Section


class Publish(Section):
    """The golden Parquet export."""

    parquet: Annotated[str, Field(min_length=1)] = "published"
    """Folder, relative to PARTYHUB_HOME, or any fsspec URL."""
    keep_runs: Annotated[int, Field(ge=1)] = 5
    """Exports that are kept."""
