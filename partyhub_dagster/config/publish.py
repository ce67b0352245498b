"""Where golden records are exported to."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from partyhub_dagster.config.section import Section, wrong


def _without_secrets(place: str) -> str:
    if urlsplit(place).username is not None:
        raise wrong("the URL holds a user name or secret", "Leave it out; give it by the environment")
    return place


class Publish(Section):
    """The golden Parquet export."""

    parquet: Annotated[str, Field(min_length=1), AfterValidator(_without_secrets)] = "published"
    """Folder, relative to PARTYHUB_HOME, or any fsspec URL."""
    keep_runs: Annotated[int, Field(ge=1)] = 5
    """Exports that are kept."""
