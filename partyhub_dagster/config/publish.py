"""Where golden records are exported to, and when."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from partyhub_dagster.config.section import Section, as_list, wrong

AFTER_RELEASE = "after_release"
CADENCES = {"hourly": "0 * * * *", "nightly": "30 5 * * *"}
"""Cron expressions by name; nightly comes after the nightly build, proof and upkeep."""
_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Minute, hour, day of the month, month, day of the week."""


def _without_secrets(place: str) -> str:
    if urlsplit(place).username is not None:
        raise wrong("the URL holds a user name or secret", "Leave it out; give it by the environment")
    return place


def _cadence(value: str) -> str:
    if value in (AFTER_RELEASE, *CADENCES) or _is_cron(value):
        return value
    raise wrong(
        f"`{value}` is no cadence",
        "Write after_release, hourly, nightly or a cron expression of five fields such as '*/15 * * * *'",
    )


def _is_cron(value: str) -> bool:
    fields = value.split()
    return len(fields) == len(_CRON_BOUNDS) and all(
        re.fullmatch(r"(\*|\d+(-\d+)?)(/[1-9]\d*)?", part)
        and all(low <= int(number) <= high for number in re.findall(r"\d+", part.partition("/")[0]))
        for field, (low, high) in zip(fields, _CRON_BOUNDS, strict=True)
        for part in field.split(",")
    )


def _as_cadences(value: Any) -> Any:
    return [] if value in ("never", ["never"]) else as_list(value)


class Publish(Section):
    """The golden Parquet export."""

    parquet: Annotated[str, Field(min_length=1), AfterValidator(_without_secrets)] = "published"
    """Folder, relative to PARTYHUB_HOME, s3://BUCKET/PREFIX, or any fsspec URL."""
    refresh: Annotated[
        tuple[Annotated[str, AfterValidator(_cadence)], ...], BeforeValidator(_as_cadences)
    ] = ("hourly", "nightly")
    """When exports follow releases that streams make: hourly, nightly, after_release, cron expressions, or never."""
    rows_per_file: Annotated[int, Field(ge=1)] = 10_000
    """About so many golden records lie in one file: small files are used again more often."""
    keep_runs: Annotated[int, Field(ge=1)] = 5
    """Exports that are kept."""
    keep_hours: Annotated[float, Field(ge=0)] = 24
    """Exports that were current within so many hours are kept too; longer than any reader takes."""

    @property
    def schedules(self) -> dict[str, str]:
        """Cron expressions of the refreshes, by a name for each."""
        timed = [cadence for cadence in self.refresh if cadence != AFTER_RELEASE]
        return {
            f"{name}_export" if name in CADENCES else f"export_{place}": CADENCES.get(name, name)
            for place, name in enumerate(timed, start=1)
        }

    @property
    def after_release(self) -> bool:
        """Whether every release is exported at once."""
        return AFTER_RELEASE in self.refresh
