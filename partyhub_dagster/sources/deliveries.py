"""Which files of a source are new or changed since they were last loaded."""

import glob
import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file to be loaded."""

    source: str
    path: Path
    name: str  # relative to the folder of hub.yaml: what audit and quarantine show
    file_hash: str
    size: int
    mtime_ns: int


def find_deliveries(con: duckdb.DuckDBPyConnection, name: str, source: Source, root: Path) -> list[Delivery]:
    """Return the files of `source` that the hub has not loaded in their present state, in name order.

    A file whose size and time, or else content, equal its last load is left alone. In a delta feed a file whose
    content was loaded before under any name is a replay and left alone too; a full snapshot under a new name is
    not: it says what is true now. Loads from before the source was retired do not count.

    Raises:
        SourceError: a path without wildcard does not exist.
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
    for path in matching_files(name, source, root):
        shown = _shown_name(path, root)
        stat = path.stat()
        before = last.get(shown)
        if before is not None and before[1:] == (stat.st_size, stat.st_mtime_ns):
            continue
        file_hash = _hash_of(path)
        if (before is not None and before[0] == file_hash) or (
            source.feed == "delta" and file_hash in hashes
        ):
            continue
        hashes.add(file_hash)
        found.append(Delivery(name, path, shown, file_hash, stat.st_size, stat.st_mtime_ns))
    return found


def matching_files(name: str, source: Source, root: Path) -> list[Path]:
    """List the files that the paths of a source name.

    Raises:
        SourceError: a path without wildcard does not exist.
    """
    files: list[Path] = []
    for pattern in source.path:
        matches = sorted(glob.glob(str(root / pattern), recursive=True))  # noqa: PTH207 - patterns may be absolute
        if not matches and not glob.has_magic(pattern):
            raise SourceError(
                f"Source {name}: the file {pattern} does not exist; nothing was loaded from it.",
                remedy=f"Put the file there, or correct `path` of source {name} in hub.yaml.",
                source=name,
            )
        files += [Path(match) for match in matches if Path(match).is_file()]
    return sorted(dict.fromkeys(files))


def _shown_name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise SourceError(
            f"A file of the source could not be read ({type(error).__name__}); nothing was loaded from it.",
            remedy="Check that the file is there and readable for the user who runs the hub.",
        ) from None
    return digest.hexdigest()
