"""Exports in a folder of this machine."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from partyhub_dagster.errors import StaleError
from partyhub_dagster.publish.store import Held, Read

STAGING = ".staging-"
_LOCK = ".switch.lock"
_MISSING = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A folder; a file becomes visible whole, by being renamed into place."""

    root: Path

    def read(self, path: str) -> Read | None:
        """Read a small file; its version is a hash of what it says."""
        try:
            content = (self.root / path).read_bytes()
        except _MISSING:
            return None
        return Read(content, hashlib.sha256(content).hexdigest())

    def open(self, path: str) -> IO[bytes]:
        """Open a file."""
        return (self.root / path).open("rb")

    def listing(self, folder: str) -> list[Held]:
        """List every file below a folder; one that goes away meanwhile is left out."""
        found = []
        for file in sorted((self.root / folder).rglob("*")):
            with suppress(*_MISSING):
                status = file.stat()
                if file.is_file():
                    when = datetime.fromtimestamp(status.st_mtime, UTC)
                    found.append(Held(file.relative_to(self.root).as_posix(), status.st_size, when))
        return found

    def put_files(self, files: Sequence[tuple[Path, str]]) -> None:
        """Move files into place, on disk before they are seen."""
        for file, path in files:
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
            file.replace(target)

    def write(self, path: str, content: bytes) -> None:
        """Write a small file beside its place and rename it."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=target.parent, prefix=STAGING)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(target)

    def replace(self, path: str, content: bytes, version: str | None) -> None:
        """Compare and write under an OS lock, which ends with its process."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            found = self.read(path)
            if (None if found is None else found.version) != version:
                raise moved_meanwhile()
            self.write(path, content)
        finally:
            os.close(handle)

    def remove(self, paths: Iterable[str]) -> None:
        """Delete files, and the folders that are empty then."""
        for path in paths:
            target = self.root / path
            target.unlink(missing_ok=True)
            for folder in target.relative_to(self.root).parents[:-1]:
                with suppress(OSError):  # not empty
                    (self.root / folder).rmdir()

    def clear_staging(self) -> None:
        """Delete what an export that was killed was writing."""
        for left_over in self.root.rglob(f"{STAGING}*"):
            shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink(missing_ok=True)


def moved_meanwhile() -> StaleError:
    """Say that another export moved the pointer."""
    return StaleError(
        "Another export moved the pointer while this one was written; readers see the other one.",
        remedy="Run `partyhub export` again; if it repeats, see that only one hub writes to publish.parquet.",
    )
