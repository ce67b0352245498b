"""Which files the paths of a source name, and which of them must not be read."""

import glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from partyhub_dagster.config import HubConfig, Source
from partyhub_dagster.errors import SourceError

UNFINISHED = (
    ".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".inprogress", ".swp", ".lock", "~",
)  # fmt: skip
"""How names of files end that somebody is still writing; a glob leaves them alone."""
_ASIDE = (".", "_", "~$")
"""How names begin that are no deliveries: hidden files, markers such as _SUCCESS, locks of spreadsheets."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a path of the source names, or why what the path names cannot be read."""

    path: Path
    problem: SourceError | None = None


def source_files(source: Source, root: Path) -> list[SourceFile]:
    """List what the paths of a source name, in name order; folders and files still being written are left out."""
    found: dict[Path, SourceFile] = {}
    for pattern in source.path:
        for file in _files_of(source, root, pattern):
            found.setdefault(file.path, file)
    return [found[path] for path in sorted(found)]


def matching_files(source: Source, root: Path) -> list[Path]:
    """List the files that can be read.

    Raises:
        SourceError: a path without wildcard does not exist, or a file must not be read.
    """
    files = source_files(source, root)
    for file in files:
        if file.problem is not None:
            raise file.problem
    return [file.path for file in files]


def sources_without_files(config: HubConfig) -> dict[str, str]:
    """Return the patterns of every source whose files are not there, by source; one fed by events alone has none."""
    return {
        name: ", ".join(source.path)
        for name, source in config.sources.items()
        if source.path and not source_files(source, config.root)
    }


def _files_of(source: Source, root: Path, pattern: str) -> Iterator[SourceFile]:
    whole = root / pattern
    if not glob.has_magic(pattern) and not pattern.endswith("/"):
        if not os.path.lexists(whole):
            yield SourceFile(whole, _missing())
        elif (file := _checked(source, whole, whole.parent)) is not None:
            yield file
        return
    base = _fixed_part(whole)
    if base.is_dir() and not os.access(base, os.R_OK | os.X_OK):
        yield SourceFile(base, _locked_folder())
        return
    pattern_of_files = f"{whole}/*" if pattern.endswith("/") else str(whole)
    for match in sorted(glob.glob(pattern_of_files, recursive=True)):  # noqa: PTH207 - patterns may be absolute
        path = Path(match)
        if not is_left_alone(path.name) and (file := _checked(source, path, base)) is not None:
            yield file


def is_left_alone(name: str) -> bool:
    """Tell whether a file of this name is still being written, or is no delivery at all."""
    return name.startswith(_ASIDE) or name.lower().endswith(UNFINISHED)


def _fixed_part(pattern: Path) -> Path:
    """Return the folder that a pattern names without wildcards."""
    parts = pattern.parts
    fixed = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return Path(*parts[:fixed])


def _checked(source: Source, path: Path, base: Path) -> SourceFile | None:
    """Return the file, with what forbids to read it; None for a folder."""
    if _is_no_text(path):
        return SourceFile(path, _unnamable())
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError):
        return SourceFile(path, _dangling() if path.is_symlink() else _missing())
    if stat.S_ISDIR(mode):
        return None
    if not source.follow_links and not target.is_relative_to(base.resolve()):
        return SourceFile(path, _leads_out())
    if not stat.S_ISREG(mode):
        return SourceFile(path, _no_file())
    return SourceFile(path)


def _is_no_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return True
    return False


def _unnamable() -> SourceError:
    return SourceError(
        "The name of the file is no text, so that nothing could be said of it; it was not read.",
        remedy="Give the file a name in UTF-8.",
    )


def _missing() -> SourceError:
    return SourceError(
        "The file does not exist; nothing was loaded from it.",
        remedy="Put the file there, or correct `path` of the source in hub.yaml.",
    )


def _dangling() -> SourceError:
    return SourceError(
        "The file is a link that leads nowhere; nothing was loaded from it.",
        remedy="Put the file itself there, or remove the link.",
    )


def _leads_out() -> SourceError:
    return SourceError(
        "The file is a link that leads out of the source's folder; it was not read.",
        remedy="Put the file itself there, or write `follow_links: true` for the source in hub.yaml.",
    )


def _no_file() -> SourceError:
    return SourceError(
        "What the path names is no ordinary file but a pipe, socket or device; it was not read.",
        remedy="Put a file there, or narrow `path` of the source in hub.yaml.",
    )


def _locked_folder() -> SourceError:
    return SourceError(
        "The folder cannot be listed; nothing was loaded from it.",
        remedy="Let the user who runs the hub read the folder.",
    )
