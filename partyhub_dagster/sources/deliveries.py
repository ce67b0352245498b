"""Which files of a source are new or changed since they were last loaded."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.paths import SourceFile, source_files

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file to be loaded; one with a problem fails when it is loaded, and its audit says why."""

    source: str
    path: Path
    name: str  # relative to the folder of hub.yaml: what audit and quarantine show
    file_hash: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    problem: SourceError | None = None

    def refuse_if_changed(self) -> None:
        """Refuse a file that is no longer what it was when it was found: rows read from it may be of two states.

        Raises:
            SourceError: size or time of the file changed, or it is gone.
        """
        try:
            stat = self.path.stat()
        except OSError:
            stat = None
        if stat is None or (stat.st_size, stat.st_mtime_ns) != (self.size, self.mtime_ns):
            raise SourceError(
                f"The file {'vanished' if stat is None else 'changed'} while it was read; nothing of it was loaded.",
                remedy="Build again when it is complete. Have files written under another name and renamed, or set"
                " `settle_seconds` of the source in hub.yaml.",
            )


def find_deliveries(con: duckdb.DuckDBPyConnection, name: str, source: Source, root: Path) -> list[Delivery]:
    """Return the files of `source` that the hub has not loaded in their present state, in name order.

    A file whose size and time, or else content, equal its last load is left alone. In a delta feed a file whose
    content was loaded before under any name is a replay and left alone too; a full snapshot under a new name is
    not: it says what is true now. Loads from before the source was retired do not count. A file that cannot be
    read is returned with its problem.
    """
    held = con.execute(
        "select file, file_hash, file_size, file_mtime_ns from load_audit"
        " where source = $source and status = 'loaded' and load_order > (select coalesce(max(load_order), 0)"
        " from load_audit where source = $source and status = 'retired') order by load_order",
        {"source": name},
    ).fetchall()
    last = {row[0]: row[1:] for row in held}
    hashes = {row[1] for row in held}
    found = []
    for file in source_files(source, root):
        shown = shown_name(file.path, root)
        delivery = _delivery(name, shown, file, last.get(shown), source.settle_seconds)
        if delivery is None:
            continue
        if source.feed == "delta" and delivery.file_hash in hashes:
            continue
        if delivery.file_hash is not None:
            hashes.add(delivery.file_hash)
        found.append(delivery)
    return found


def _delivery(
    name: str, shown: str, file: SourceFile, before: tuple[str, int, int] | None, settle_seconds: float
) -> Delivery | None:
    """Return the file as it is now; None if it is as it was `before`, or still being written."""
    if file.problem is not None:
        return Delivery(name, file.path, shown, problem=file.problem)
    try:
        stat = file.path.stat()
        if before is not None and before[1:] == (stat.st_size, stat.st_mtime_ns):
            return None
        if 0 <= time.time() - stat.st_mtime < settle_seconds:
            return None
        file_hash = _hash_of(file.path)
    except OSError as error:
        return Delivery(name, file.path, shown, problem=_unreadable(error))
    if before is not None and before[0] == file_hash:
        return None
    return Delivery(name, file.path, shown, file_hash, stat.st_size, stat.st_mtime_ns)


def shown_name(path: Path, root: Path) -> str:
    """Return how audit and quarantine name a file: relative to the folder of hub.yaml where it lies below it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _unreadable(error: OSError) -> SourceError:
    return SourceError(
        f"The file could not be read ({type(error).__name__}); nothing was loaded from it.",
        remedy="Check that the file is there and readable for the user who runs the hub.",
    )
