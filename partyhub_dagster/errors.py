"""Every error the hub raises on purpose: what happened, and the way out.

The class says who must act. Messages hold counts, ids and names of files and fields, never a record's values.
"""

import traceback
from pathlib import Path
from typing import ClassVar

_PACKAGE = Path(__file__).parent


class PartyHubError(Exception):
    """Base of every error we raise on purpose."""

    retryable: ClassVar[bool] = False

    def __init__(self, message: str, remedy: str, **facts: object) -> None:
        super().__init__(message, remedy)  # positional, so the error survives pickling
        self.facts = facts  # ids and counts only, never names or addresses

    def __str__(self) -> str:
        return f"{self.args[0]} Remedy: {self.args[1]}"


class ConfigError(PartyHubError):
    """hub.yaml says something the hub cannot do; its author must act."""


class SourceError(PartyHubError):
    """A delivery cannot be loaded as a whole; its sender or the operator must act."""


class ContractError(SourceError):
    """A delivery breaks what its source has promised; its sender must act, or a person accept it."""


class LakeError(PartyHubError):
    """The store cannot be opened, upgraded or written; the operator must act."""


class BusyError(LakeError):
    """Somebody else holds the hub; wait and run again."""

    retryable = True


class StaleError(LakeError):
    """The state moved under a stage between its read and its write; run the stage again."""

    retryable = True


class BrokerError(PartyHubError):
    """Kafka cannot be reached or does not answer; it is tried again."""

    retryable = True


class StreamError(PartyHubError):
    """What a topic holds is not what was read so far: data was lost or replaced; the operator must act."""


class ModelError(PartyHubError):
    """The matching model does not fit what is asked; train, activate or revert."""


class GateError(PartyHubError):
    """A blocking check stands between the head and a release; a steward must act."""


class DecisionError(PartyHubError):
    """A decision cannot be written as it was given; whoever decides must act."""


class NotFoundError(PartyHubError):
    """An id or record that was asked for is not in the hub."""


class OutputError(PartyHubError):
    """A file that was asked for cannot be written where it was asked for; name another place."""


class InvariantError(PartyHubError):
    """The hub found itself in a state that its laws exclude; report it."""


def describe_error(error: BaseException) -> str:
    """Tell an error without personal data: ours in full, any other by type and place only.

    DuckDB and other libraries quote offending values in their texts; those texts must not leave the process.
    """
    if isinstance(error, PartyHubError):
        return str(error)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _PACKAGE in Path(f.filename).parents]
    place = f" at {Path(frames[-1].filename).relative_to(_PACKAGE)}:{frames[-1].lineno}" if frames else ""
    return f"Unexpected {type(error).__name__}{place}. Remedy: Report it with this place; nothing half-done was kept."
