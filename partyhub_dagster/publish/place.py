"""The folder that exports go to: a local one, or any that fsspec reaches.

`runs/<run key>/` holds one export each and `manifest.json` points to the current one. The manifest beside the files
has a name that readers of a folder of Parquet skip. A run becomes visible whole:
on a local disk its folder is renamed into place, elsewhere its manifest is put last, and without it there is no run.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
from pydantic import ValidationError

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import ConfigError, LakeError
from partyhub_dagster.publish.manifest import Manifest

POINTER = "manifest.json"
_BESIDE = "_manifest.json"
RUNS = "runs"
_STAGING = ".staging-"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on a file system."""

    fs: Any
    root: str
    local: bool

    def path(self, *parts: str) -> str:
        """Return a path below the folder."""
        return "/".join([self.root.rstrip("/"), *parts])

    def manifest(self, run_key: str | None = None) -> Manifest | None:
        """Read the manifest of a run, or of the current one; None where there is none that can be read."""
        at = self.path(POINTER) if run_key is None else self.path(RUNS, run_key, _BESIDE)
        try:
            return Manifest.model_validate_json(self.fs.cat_file(at))
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None

    def run_keys(self) -> list[str]:
        """List everything under `runs`, whole or not, oldest release first."""
        if not self.fs.exists(self.path(RUNS)):
            return []
        return sorted(PurePosixPath(str(name)).name for name in self.fs.ls(self.path(RUNS), detail=False))

    def sizes_agree(self, manifest: Manifest) -> bool:
        """Whether every file of a run is there with its size."""
        try:
            return all(self.fs.size(self.path(file.path)) == file.bytes for file in manifest.files)
        except FileNotFoundError:
            return False

    def publish_run(self, staged: Path, manifest: Manifest) -> None:
        """Bring the files of a run, staged under the same relative paths, into place; the manifest last."""
        self.remove_run(manifest.run_key)
        run = staged / RUNS / manifest.run_key
        run.mkdir(parents=True, exist_ok=True)
        (run / _BESIDE).write_text(manifest.to_json())
        if self.local:
            Path(self.path(RUNS)).mkdir(parents=True, exist_ok=True)
            run.rename(self.path(RUNS, manifest.run_key))
            return
        for file in manifest.files:
            target = self.path(file.path)
            self.fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            self.fs.put_file(str(staged / file.path), target)
        self._write(self.path(RUNS, manifest.run_key, _BESIDE), manifest.to_json())

    def point_to(self, manifest: Manifest) -> None:
        """Make a run the current one, at once."""
        self._write(self.path(POINTER), manifest.to_json())

    def remove_run(self, run_key: str) -> None:
        """Delete a run, its manifest first, so that half of it is no run."""
        folder = self.path(RUNS, run_key)
        if self.fs.exists(f"{folder}/{_BESIDE}"):
            self.fs.rm_file(f"{folder}/{_BESIDE}")
        if self.fs.exists(folder):
            self.fs.rm(folder, recursive=True)

    def _write(self, path: str, text: str) -> None:
        if not self.local:
            self.fs.pipe_file(path, text.encode())  # one put: object stores show the old or the new object
            return
        folder = Path(path).parent
        handle, beside = tempfile.mkstemp(dir=folder, prefix=_STAGING)
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)


def open_place(config: HubConfig, home: Path) -> Place:
    """Open the folder that `publish.parquet` names; a relative one lies in the hub's home."""
    import fsspec

    url = config.publish.parquet
    target = url if "://" in url else str(home / url)
    try:
        fs, root = fsspec.core.url_to_fs(target)
    except (ImportError, ValueError) as error:
        protocol = target.partition("://")[0]
        raise ConfigError(
            f"publish.parquet names a place of the kind `{protocol}`, which this installation cannot reach"
            f" ({type(error).__name__}); nothing was exported.",
            remedy="Install the fsspec file system for it (for s3: s3fs), or name a local folder.",
        ) from error
    return Place(fs, str(root), local="file" in _protocols(fs))


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


@contextmanager
def staging(place: Place, home: Path) -> Iterator[Path]:
    """Yield an empty folder to write a run in: beside its destination, or in the hub's home; gone afterwards.

    Never the system's temporary folder: golden records are personal data.
    """
    parent = Path(place.root) if place.local else home
    parent.mkdir(parents=True, exist_ok=True)
    for left_over in parent.glob(f"{_STAGING}*"):  # of an export that was killed
        shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=_STAGING))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def write_errors() -> Iterator[None]:
    """Say that an export failed, without the texts of other libraries, which may quote values."""
    try:
        yield
    except (OSError, duckdb.IOException) as error:
        raise LakeError(
            f"The golden Parquet could not be written ({type(error).__name__});"
            " readers still see the export before it.",
            remedy="Check that publish.parquet can be written and has room, then run `partyhub export`.",
        ) from error
