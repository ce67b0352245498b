"""Compressed files as a stream of bytes, told by their content, never expanded without limit."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, cast

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError

Compression = Literal["gzip", "zip", "zstd", "bz2", "xz"]
CHUNK_BYTES = 1 << 20
MAX_RATIO = 250
"""Times its size that a file may expand to; text of records stays below 30, a zip bomb reaches 1,000."""
_RATIO_FLOOR_BYTES = 64 << 20  # a small file of blanks is harmless
_MAGIC: dict[bytes, Compression] = {
    b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz", **{b"BZh%d1AY&SY" % level: "bz2" for level in range(1, 10)},
}  # fmt: skip
_OPENERS: dict[Compression, Callable[[Path], BinaryIO]] = {
    "gzip": cast("Callable[[Path], BinaryIO]", gzip.open), "bz2": cast("Callable[[Path], BinaryIO]", bz2.open),
    "xz": cast("Callable[[Path], BinaryIO]", lzma.open),
}  # fmt: skip
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError)


def content_chunks(source: Source, path: Path) -> Iterator[bytes]:
    """Yield the content of a file, expanded where it is compressed.

    Raises:
        SourceError: it is broken, cut off, locked by a password, packed twice, holds several files or expands too far.
        OSError: the file cannot be read.
    """
    compression = compression_of(source, path)
    limit = min(source.max_expanded_mb << 20, max(_RATIO_FLOOR_BYTES, MAX_RATIO * path.stat().st_size))
    total = 0
    try:
        with _opened(path, compression) as file:
            while chunk := file.read(CHUNK_BYTES):
                if compression is not None and total == 0 and source.format != "excel" and _packing(chunk):
                    raise SourceError(
                        "The file is packed twice; nothing of it was loaded.",
                        remedy="Deliver it packed once, or unpacked.",
                    )
                total += len(chunk)
                if compression is not None and total > limit:
                    raise _bomb(limit)
                yield chunk
    except _BROKEN as error:
        raise _broken(compression, error) from None
    except OSError as error:
        if compression is None or error.errno is not None:
            raise
        raise _broken(compression, error) from None


def compression_of(source: Source, path: Path) -> Compression | None:
    """Tell by its first bytes how a file is compressed; a workbook is its own archive."""
    with path.open("rb") as file:
        first = file.read(16)
    found = _packing(first)
    if found == "zip" and source.format == "excel" and _is_workbook(path):
        return None
    return found


def _packing(first: bytes) -> Compression | None:
    return next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), None)


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return True  # reading it as a workbook tells it
    return "[Content_Types].xml" in names or "content.xml" in names


@contextmanager
def _opened(path: Path, compression: Compression | None) -> Iterator[BinaryIO]:
    if compression == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive)) as member:
            yield cast("BinaryIO", member)
    elif compression == "zstd":
        import pyarrow as pa

        with pa.input_stream(str(path), compression="zstd") as stream:
            yield stream
    elif compression is not None:
        with _OPENERS[compression](path) as expanded:
            yield expanded
    else:
        with path.open("rb") as file:
            yield file


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the one file of an archive. Its name is never used, so it cannot lead anywhere."""
    if "[Content_Types].xml" in archive.namelist():
        raise SourceError(
            "The file is a workbook; nothing of it was loaded.",
            remedy="Write `format: excel` for the source in hub.yaml, or give workbooks a source of their own.",
        )
    files = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and not PurePosixPath(info.filename).name.startswith(".")
    ]
    if len(files) != 1:
        raise SourceError(
            f"The archive holds {len(files)} files, not one; nothing of it was loaded.",
            remedy="Deliver one file per archive, or the files unpacked.",
        )
    if files[0].flag_bits & 1:
        raise SourceError(
            "The archive is locked by a password; nothing of it was loaded.",
            remedy="Deliver it without a password.",
        )
    return files[0]


def _bomb(limit: int) -> SourceError:
    return SourceError(
        f"The compressed file expands to more than {limit >> 20:,} MB, too far for its size or beyond"
        " `max_expanded_mb`; nothing of it was loaded.",
        remedy="If it is what it should be, deliver it uncompressed, or raise `max_expanded_mb` of the source.",
    )


def _broken(compression: Compression | None, error: Exception) -> SourceError:
    return SourceError(
        f"The {compression} file is broken or cut off ({type(error).__name__}); nothing of it was loaded.",
        remedy="Have it delivered again, complete.",
    )
