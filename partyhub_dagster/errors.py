"""Every error the hub raises on purpose: what happened, and the way out.

The class says who must act. Messages hold counts, ids and names of files and fields, never a record's values.
"""

from typing import ClassVar


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


class LakeError(PartyHubError):
    """The store cannot be opened, upgraded or written; the operator must act."""


class BusyError(LakeError):
    """Somebody else holds the hub; wait and run again."""

    retryable = True


class StaleError(LakeError):
    """The state moved under a stage between its read and its write; run the stage again."""

    retryable = True


class ModelError(PartyHubError):
    """The matching model does not fit what is asked; train, activate or revert."""


class GateError(PartyHubError):
    """A blocking check stands between the head and a release; a steward must act."""


class NotFoundError(PartyHubError):
    """An id or record that was asked for is not in the hub."""


class InvariantError(PartyHubError):
    """The hub found itself in a state that its laws exclude; report it."""
