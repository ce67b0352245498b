"""Where exports lie: the pointer, the manifests behind it, and which files are still needed.

`manifest.json` is the pointer: the manifest of the current export. `manifests/` keeps those of late and `data/` the
files that they name, each named after its content, so that none is ever replaced. A file that no kept manifest names
is deleted when it is old: a younger one may be of an export that is just being written.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from pydantic import ValidationError

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.publish import Publish
from partyhub_dagster.errors import LakeError
from partyhub_dagster.publish.local import STAGING, LocalStore
from partyhub_dagster.publish.manifest import Manifest
from partyhub_dagster.publish.other import open_other
from partyhub_dagster.publish.s3 import S3Client, client_from_environment, open_bucket
from partyhub_dagster.publish.store import Store

POINTER = "manifest.json"
DATA = "data"
_MANIFESTS = "manifests"
_EARLIER_LAYOUT = "runs"
"""Where exports of format 1 lie."""


@dataclass(frozen=True, slots=True)
class Current:
    """What the pointer says; `version` is None where there is no pointer, `manifest` where it cannot be read."""

    manifest: Manifest | None
    version: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A place of exports."""

    store: Store
    staging_in: Path
    """The folder of this machine in which files are written before they are put."""

    def current(self) -> Current:
        """Read the pointer."""
        found = self.store.read(POINTER)
        return Current(None, None) if found is None else Current(_parse(found.content), found.version)

    def switch(self, manifest: Manifest, found: Current) -> None:
        """Make an export the current one, at once, if the pointer is still what was found.

        Raises:
            StaleError: another export moved it meanwhile; that one stays.
        """
        text = manifest.to_json().encode()
        self.store.write(path_of(manifest), text)
        self.store.replace(POINTER, text, found.version)

    def sizes(self) -> dict[str, int]:
        """Return the size of every file of data that is there, by path."""
        return {held.path: held.bytes for held in self.store.listing(DATA)}

    def clean(self, keep: Publish, current: Manifest, now: datetime) -> int:
        """Delete what no reader needs any more; return how many files of data."""
        deadline = now - timedelta(hours=keep.keep_hours)
        named, unneeded = self._needed(keep.keep_runs, current, deadline)
        held = [*self.store.listing(DATA), *self.store.listing(_EARLIER_LAYOUT)]
        gone = [file.path for file in held if file.path not in named and file.modified < deadline]
        self.store.remove([*unneeded, *gone])  # manifests first: none names a file that is gone
        return len(gone)

    def _needed(self, keep: int, current: Manifest, deadline: datetime) -> tuple[set[str], list[str]]:
        """Return the paths that kept manifests name, and the manifests that are not kept.

        Kept are the newest, and those that were current after the deadline: a reader may be at work by one.
        """
        newest_first = sorted(self.store.listing(_MANIFESTS), key=lambda held: (held.modified, held.path))[
            ::-1
        ]
        named = {file.path for file in current.files}
        unneeded = []
        replaced_at = [None, *(held.modified for held in newest_first)]
        for place, (held, replaced) in enumerate(zip(newest_first, replaced_at, strict=False)):
            recent = replaced is None or replaced > deadline
            if place >= keep and not recent and held.path != path_of(current):
                unneeded.append(held.path)
                continue
            found = self.store.read(held.path)
            manifest = None if found is None else _parse(found.content)
            named |= {file.path for file in manifest.files} if manifest else set()
        return named, unneeded

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Yield an empty folder to write files in; gone afterwards.

        Never the system's temporary folder: golden records are personal data.
        """
        self.staging_in.mkdir(parents=True, exist_ok=True)
        LocalStore(self.staging_in).clear_staging()
        with tempfile.TemporaryDirectory(
            dir=self.staging_in, prefix=STAGING, ignore_cleanup_errors=True
        ) as name:
            yield Path(name)


def path_of(manifest: Manifest) -> str:
    """Return where a manifest is kept. A release that is exported again into other files has two, both with readers."""
    told_apart = hashlib.sha256(manifest.to_json().encode()).hexdigest()[:8]
    return f"{_MANIFESTS}/{manifest.run_key}-{told_apart}.json"


def open_place(config: HubConfig, home: Path, s3_client: S3Client = client_from_environment) -> Place:
    """Open the place that `publish.parquet` names; a relative folder lies in the hub's home."""
    url = config.publish.parquet
    if url.startswith("s3://"):
        return Place(open_bucket(url, s3_client), home / "export")
    if "://" in url and not url.startswith("file://"):
        return Place(open_other(url), home / "export")
    root = home / url.removeprefix("file://")
    return Place(LocalStore(root), root)


def _parse(content: bytes) -> Manifest | None:
    """Read a manifest; None for one of another format."""
    try:
        return Manifest.model_validate_json(content)
    except ValidationError:
        return None


@contextmanager
def write_errors() -> Iterator[None]:
    """Say that an export failed, without the texts of other libraries, which may quote values."""
    try:
        yield
    except (OSError, duckdb.IOException) as error:
        raise LakeError(
            f"The golden Parquet could not be written ({type(error).__name__});"
            " readers see the newest export that was finished.",
            remedy="Check that publish.parquet can be written and has room, then run `partyhub export`.",
        ) from error
