"""Exports in any other place that fsspec reaches. It knows no conditional write: let one hub alone write there."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from partyhub_dagster.errors import ConfigError
from partyhub_dagster.publish.local import moved_meanwhile
from partyhub_dagster.publish.store import Held, Read


@dataclass(frozen=True, slots=True)
class OtherStore:
    """A folder of an fsspec file system. The pointer is compared just before it is put, not at once with it."""

    fs: Any
    root: str

    def read(self, path: str) -> Read | None:
        """Read a small file; its version is a hash of what it says."""
        try:
            content: bytes = self.fs.cat_file(self._at(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Read(content, hashlib.sha256(content).hexdigest())

    def open(self, path: str) -> IO[bytes]:
        """Open a file."""
        stream: IO[bytes] = self.fs.open(self._at(path), "rb")
        return stream

    def listing(self, folder: str) -> list[Held]:
        """List every file below a folder."""
        found: dict[str, Any] = self.fs.find(self._at(folder), detail=True)
        start = len(self.root.rstrip("/")) + 1
        return [
            Held(name[start:], int(facts["size"]), self.fs.modified(name))
            for name, facts in sorted(found.items())
        ]

    def put_files(self, files: Sequence[tuple[Path, str]]) -> None:
        """Bring files to their paths."""
        for file, path in files:
            target = self._at(path)
            self.fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            self.fs.put_file(str(file), target)
            file.unlink()

    def write(self, path: str, content: bytes) -> None:
        """Write a small file by one put: object stores show the old or the new one."""
        target = self._at(path)
        self.fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        self.fs.pipe_file(target, content)

    def replace(self, path: str, content: bytes, version: str | None) -> None:
        """Write if what is there is still what was read."""
        found = self.read(path)
        if (None if found is None else found.version) != version:
            raise moved_meanwhile()
        self.write(path, content)

    def remove(self, paths: Iterable[str]) -> None:
        """Delete files."""
        for path in paths:
            with suppress(FileNotFoundError):
                self.fs.rm_file(self._at(path))

    def _at(self, path: str) -> str:
        return f"{self.root.rstrip('/')}/{path}"


def open_other(url: str) -> OtherStore:
    """Open the place that an fsspec URL names.

    Raises:
        ConfigError: this installation has no file system of that protocol.
    """
    import fsspec

    try:
        fs, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        protocol = url.partition("://")[0]
        raise ConfigError(
            f"publish.parquet names a place of the kind `{protocol}`, which this installation cannot reach"
            f" ({type(error).__name__}); nothing was exported.",
            remedy="Install the fsspec file system for it (for gs: gcsfs), or name a local folder or s3://.",
        ) from error
    return OtherStore(fs, str(root))
