"""Which files of a source are new or changed since they were last loaded."""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.paths import SourceFile, source_files
from partyhub_dagster.sources.reading.compression import content_chunks


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
    hashes = {row[1] for row in held} - {
        None
    }  # loads that were no file have none, nor has one that cannot be read
    found = []
    for file in source_files(source, root):
        shown = shown_name(file.path, root)
        delivery = _delivery(source, shown, file, last.get(shown))
        if delivery is None:
            continue
        if source.feed == "delta" and delivery.file_hash in hashes:
            continue
        if delivery.file_hash is not None:
            hashes.add(delivery.file_hash)
        found.append(delivery)
    return found


def _delivery(
    source: Source, shown: str, file: SourceFile, before: tuple[str, int, int] | None
) -> Delivery | None:
    """Return the file as it is now; None if it is as it was `before`, or still being written."""
    delivery = Delivery(source.name, file.path, shown, problem=file.problem)
    if file.problem is not None:
        return delivery
    try:
        stat = file.path.stat()
        delivery = replace(delivery, size=stat.st_size, mtime_ns=stat.st_mtime_ns)
        same = before is not None and before[1:] == (delivery.size, delivery.mtime_ns)
        if same or 0 <= time.time() - stat.st_mtime < source.settle_seconds:
            return None
        file_hash = _hash_of(source, file.path)
    except SourceError as error:
        return replace(delivery, problem=error)
    except OSError as error:
        return replace(delivery, problem=_unreadable(error))
    return None if before is not None and before[0] == file_hash else replace(delivery, file_hash=file_hash)


def shown_name(path: Path, root: Path) -> str:
    """Return how audit and quarantine name a file: relative to the folder of hub.yaml where it lies below it."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    return name.encode("utf-8", "backslashreplace").decode()


def _hash_of(source: Source, path: Path) -> str:
    """Hash what the file holds, however it is compressed: the same content is the same delivery."""
    digest = hashlib.sha256()
    for chunk in content_chunks(source, path):
        digest.update(chunk)
    return digest.hexdigest()


def _unreadable(error: OSError) -> SourceError:
    return SourceError(
        f"The file could not be read ({type(error).__name__}); nothing was loaded from it.",
        remedy="Check that the file is there and readable for the user who runs the hub.",
    )
