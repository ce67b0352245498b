"""Any file as a plain one: expanded, and text in UTF-8, so that DuckDB reads it in parallel."""

import codecs
import glob
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.reading.compression import compression_of, content_chunks

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE_BYTES = 4096
_UNREADABLE = "partyhub_unreadable"
"""Bytes that are no text become a byte that is no UTF-8: DuckDB then rejects the line that holds them, no other."""
codecs.register_error(_UNREADABLE, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]


@contextmanager
def plain_file(con: duckdb.DuckDBPyConnection, source: Source, path: Path) -> Iterator[Path]:
    """Yield the file itself where it is plain, else a copy beside what DuckDB spills, gone afterwards.

    Raises:
        SourceError: it cannot be expanded, or its encoding is not the one that hub.yaml says.
    """
    compression = compression_of(source, path)
    encoding = _encoding(source, path)
    if compression is None and encoding is None:
        with _named_plainly(con, path) as plain:
            yield plain
        return
    with temporary_folder(con) as folder:
        copy = folder / "content"
        chunks = content_chunks(source, path)
        with copy.open("wb") as write:
            write.writelines(chunks if encoding is None else _in_utf8(chunks, encoding))
        yield copy


@contextmanager
def _named_plainly(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Path]:
    """Yield a path to the file that DuckDB does not take for a pattern."""
    if not glob.has_magic(str(path)):
        yield path
        return
    with temporary_folder(con) as folder:
        link = folder / "content"
        link.symlink_to(path.resolve())
        yield link


@contextmanager
def temporary_folder(con: duckdb.DuckDBPyConnection) -> Iterator[Path]:
    """Yield a folder beside what DuckDB spills."""
    row = con.execute("select current_setting('temp_directory')").fetchone()
    parent = row[0] if row and row[0] and Path(row[0]).is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)


def _encoding(source: Source, path: Path) -> str | None:
    """Return the codec to decode with; None for text that is UTF-8 already, and for what is no text."""
    match source.format:
        case "csv":
            told: str = source.csv.encoding
        case "fixed_width":
            told = source.fixed_width.encoding
        case "jsonl" | "json":
            told = "utf-8"
        case _:
            return None
    sample = next(content_chunks(source, path), b"")[:_SAMPLE_BYTES]
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return None if encoding == "utf-8" else encoding
    if told == "utf-8":
        _refuse_other_text(sample)
        return None
    return _without_mark(sample) if told == "utf-16" else told


def _without_mark(sample: bytes) -> str:
    """Tell the order of bytes: in most texts the empty half of a character is the higher one."""
    return "utf-16-be" if sample[0::2].count(0) > sample[1::2].count(0) else "utf-16-le"


def _refuse_other_text(sample: bytes) -> None:
    """Refuse text of two bytes a character that hub.yaml takes for UTF-8: every name in it would be wrong."""
    half = len(sample) // 2
    if half >= 8 and max(sample[0::2].count(0), sample[1::2].count(0)) > 0.6 * half:
        raise SourceError(
            "The file seems to be UTF-16, not UTF-8; nothing of it was loaded.",
            remedy="Write `encoding: utf-16` in the section of its format in hub.yaml, or have it delivered in UTF-8.",
        )


def _in_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(_UNREADABLE)
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")
