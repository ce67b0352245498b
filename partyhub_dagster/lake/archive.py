"""Files packed into a new folder or a new .tar.zst, and taken out again; the new one is there whole, or not at all."""

import shutil
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from partyhub_dagster.errors import LakeError

CHUNK_BYTES = 1 << 20
SUFFIX = ".tar.zst"


def pack(files: Mapping[str, Path], out: Path) -> None:
    """Write files under their names into `out`, closed to other users.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    _remove(partial)
    try:
        if out.name.endswith(SUFFIX):
            _pack_archive(files, partial)
        else:
            _pack_folder(files, partial)
        partial.rename(out)
    finally:
        _remove(partial)


def unpack(source: Path, folder: Path) -> None:
    """Take the files of a folder or archive out into `folder`.

    Raises:
        LakeError: the archive is broken, or names a file outside of it.
    """
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.is_file():
                target = folder / file.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copyfile(file, target)
        return
    try:
        _unpack_archive(source, folder)
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise LakeError(
            f"The backup {source.name} is no .tar.zst archive, or is cut off ({type(error).__name__});"
            " nothing has changed.",
            remedy="Name a folder or file that `partyhub backup` wrote.",
        ) from None


def _pack_folder(files: Mapping[str, Path], folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for name, file in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(file, target)


def _pack_archive(files: Mapping[str, Path], target: Path) -> None:
    import pyarrow as pa

    target.touch(mode=0o600)
    with (
        pa.OSFile(str(target), "wb") as raw,
        pa.CompressedOutputStream(raw, "zstd") as stream,
        tarfile.open(mode="w|", fileobj=cast("IO[bytes]", stream)) as archive,
    ):
        for name, file in files.items():
            archive.add(file, arcname=name, recursive=False, filter=_plain)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _unpack_archive(source: Path, folder: Path) -> None:
    import pyarrow as pa

    with (
        pa.input_stream(str(source), compression="zstd") as stream,
        tarfile.open(mode="r|", fileobj=cast("IO[bytes]", stream)) as archive,
    ):
        for info in archive:
            path = PurePosixPath(info.name)
            if not info.isfile() or path.is_absolute() or ".." in path.parts:
                raise ValueError
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            content: Any = archive.extractfile(info)
            with target.open("wb") as file:
                shutil.copyfileobj(content, file, CHUNK_BYTES)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
