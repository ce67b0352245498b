"""What an export asks of the place it lies in, whatever that place is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol


@dataclass(frozen=True, slots=True)
class Held:
    """A file that a store holds."""

    path: str
    bytes: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """What a file said, and what tells whether it has been replaced since."""

    content: bytes
    version: str


class Store(Protocol):
    """A folder of files, local or not; paths are relative to it, with `/`.

    Guarantees: whoever reads a path sees the whole of what was last written there, or nothing.
    """

    def read(self, path: str) -> Read | None:
        """Read a small file; None where there is none."""

    def open(self, path: str) -> IO[bytes]:
        """Open a file to be read from its beginning."""

    def listing(self, folder: str) -> list[Held]:
        """List every file below a folder, by path."""

    def put_files(self, files: Sequence[tuple[Path, str]]) -> None:
        """Bring local files to their paths; the local ones may be moved away."""

    def write(self, path: str, content: bytes) -> None:
        """Write a small file, whatever was there."""

    def replace(self, path: str, content: bytes, version: str | None) -> None:
        """Write a small file only if what is there is still `version`; None: only if nothing is there.

        Raises:
            StaleError: somebody else has written it meanwhile; nothing was written.
        """

    def remove(self, paths: Iterable[str]) -> None:
        """Delete files; those that are gone already do no harm."""
