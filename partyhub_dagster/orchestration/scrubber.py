"""The one way out for errors of steps: what Dagster stores of them holds no record's values."""

from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from partyhub_dagster.errors import PartyHubError, describe_error
from partyhub_dagster.hub import Run
from partyhub_dagster.orchestration.resources import HubResource

T = TypeVar("T")


def failure_of(error: Exception) -> dg.Failure:
    """Return what Dagster may know of an error; it is retried only if waiting can help."""
    retryable = isinstance(error, PartyHubError) and error.retryable
    return dg.Failure(description=describe_error(error), allow_retries=retryable)


def scrubbed(work: Callable[[], T]) -> T:
    """Do work that only reads, and so needs no pipeline run.

    The failure is raised outside the handler: no event carries the original error as its cause or context.

    Raises:
        Failure: whatever went wrong, without personal data.
    """
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the border: nothing unscrubbed passes
        failure = failure_of(error)
    raise failure


def attempt(hub: HubResource, step: str, work: Callable[[Run], T]) -> T:
    """Do one step's work in the pipeline run that the Dagster run stands for.

    The failure is raised outside the handler: no event carries the original error as its cause or context.

    Raises:
        Failure: whatever went wrong, without personal data.
    """
    hub.tell(step)
    try:
        return work(hub.run())
    except Exception as error:  # noqa: BLE001 - the border: nothing unscrubbed passes
        failure = failure_of(error)
    hub.let_go()
    raise failure
