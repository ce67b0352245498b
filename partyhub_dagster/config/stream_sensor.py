"""How the sensor of a topic starts runs."""

from typing import Annotated, Literal

from pydantic import Field

from partyhub_dagster.config.section import Section


class StreamSensor(Section):
    """How the sensor of a topic starts runs."""

    runs: Literal["batch", "drain"] = "batch"
    """`batch`: a run per batch. `drain`: a run that keeps taking batches until none comes; the way to low latency."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    """How often a batch is tried before the sensor stops and asks for a person."""
    retry_seconds: Annotated[float, Field(gt=0)] = 10
    """How long after a failed attempt the next one follows; each further one waits twice as long."""
    longest_retry_seconds: Annotated[float, Field(gt=0)] = 300
    """Longest time between two attempts."""
    keep_runs: Annotated[int, Field(ge=50)] = 1_000
    """Successful runs of a topic that stay in Dagster's storage; older ones are forgotten. Failed ones stay."""
