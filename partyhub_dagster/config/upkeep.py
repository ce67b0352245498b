"""What upkeep keeps."""

from typing import Annotated

from pydantic import Field

from partyhub_dagster.config.section import Section


class Upkeep(Section):
    """How long releases and files are kept; histories are kept for ever."""

    keep_releases: Annotated[int, Field(ge=1)] = 10
    """Newest releases that stay readable as a whole."""
    keep_days: Annotated[float, Field(ge=0)] = 7
    """Releases younger than this many days stay readable too."""
    delete_after_hours: Annotated[float, Field(ge=0)] = 24
    """Files that nothing names any more are deleted after so many hours; longer than any query or write takes."""
    keep_results_days: Annotated[float, Field(ge=0)] = 90
    """Results of checks and times of stages older than this go, but the newest of each check and accepted ones."""
    keep_messages_days: Annotated[float, Field(ge=0)] = 90
    """What became of each Kafka message is known for so long; of those in quarantine for ever."""
