"""Broken archives and workbooks."""

import bz2
import datetime
import gzip
import io
import lzma
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pyarrow as pa

from partyhub_dagster_tests.broken_inputs.case import MARK, BrokenInput, csv

_PLAIN = csv("ID,NAME", f"zx1,{MARK}")
_LONG = csv("ID,NAME", *(f"zx{i},{MARK} {i * 7919 % 10007}" for i in range(3000)))


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _with_flag(archive: bytes, flags: int, method: int | None = None) -> bytes:
    """Return the archive with flags (1: a password) and method set in both of its headers."""
    changed = bytearray(archive)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(magic)
        struct.pack_into("<H", changed, start + at, flags)
        if method is not None:
            struct.pack_into("<H", changed, start + at + 2, method)
    return bytes(changed)


def _zeros(megabytes: int) -> bytes:
    return b"ID,NAME\n" + b"0" * (megabytes << 20)


ARCHIVES = [
    BrokenInput("gzip that is cut off", gzip.compress(_LONG)[:-500], error="gzip file is broken or cut off"),
    BrokenInput("gzip with rubbish behind it", gzip.compress(_PLAIN) + b"rubbish", error="gzip file is broken or cut off"),
    BrokenInput("gzip whose checksum is wrong", gzip.compress(_PLAIN)[:-8] + b"\x00" * 8, error="gzip file is broken or cut off"),
    BrokenInput("gzip of an empty file", gzip.compress(b""), error="the file is empty"),
    BrokenInput("gzip inside gzip", gzip.compress(gzip.compress(_PLAIN)), error="packed twice"),
    BrokenInput("gzip that expands 1,000 times", lambda: gzip.compress(_zeros(65), 9), error="expands to more than 64 MB"),
    BrokenInput("gzip without its suffix", gzip.compress(_PLAIN), 1),
    BrokenInput("plain text with the suffix .gz", _PLAIN, 1, file="a.csv.gz"),
    BrokenInput("zstd that is cut off", pa.compress(_LONG, "zstd", asbytes=True)[:-100], error="zstd file is broken or cut off"),
    BrokenInput("bz2 that is cut off", bz2.compress(_LONG)[:-100], error="bz2 file is broken or cut off"),
    BrokenInput("xz that is cut off", lzma.compress(_LONG)[:-100], error="xz file is broken or cut off"),
    BrokenInput("xz beyond `max_expanded_mb`", lambda: lzma.compress(_zeros(3)), options="max_expanded_mb: 2", error="expands to more than 2 MB"),
    BrokenInput("zip beyond `max_expanded_mb`", lambda: _zip(a=_zeros(3)), options="max_expanded_mb: 2", error="expands to more than 2 MB",
                file="a.zip"),
    BrokenInput("zip that is cut off", _zip(a=_LONG)[:-60], error="zip file is broken or cut off", file="a.zip"),
    BrokenInput("zip whose checksum is wrong", _zip(a=_PLAIN).replace(struct.pack("<I", zipfile.crc32(_PLAIN)), b"abcd"),
                error="zip file is broken or cut off", file="a.zip"),
    BrokenInput("zip with a password", _with_flag(_zip(a=_PLAIN), 1), error="locked by a password", file="a.zip"),
    BrokenInput("zip of a method that nobody knows", _with_flag(_zip(a=_PLAIN), 0, 97), error="zip file is broken or cut off", file="a.zip"),
    BrokenInput("zip with two files", _zip(a=_PLAIN, b=_PLAIN), error="holds 2 files", file="a.zip"),
    BrokenInput("zip without a file", _zip(), error="holds 0 files", file="a.zip"),
    BrokenInput("zip with a name that leads elsewhere", _zip(**{"../../../tmp/zx.csv": _PLAIN}), 1, file="a.zip",
                note="the name is never used"),
    BrokenInput("zip inside zip", _zip(a=_zip(a=_PLAIN)), error="packed twice", file="a.zip"),
    BrokenInput("gzip inside zip", _zip(a=gzip.compress(_PLAIN)), error="packed twice", file="a.zip"),
]  # fmt: skip


def _book(*rows: list[Any], change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _excel(
    name: str, content: bytes | Callable[[], bytes], stored: int = 0, quarantined: int = 0, **more: Any
) -> BrokenInput:
    return BrokenInput(
        f"workbook: {name}", content, stored, quarantined, format="excel", file="a.xlsx", **more
    )


_HEADER = ["ID", "NAME", "X"]
_GOOD_ROW = ["zx1", MARK, None]
_GOOD_BOOK = _book(_HEADER, _GOOD_ROW)


def _bomb() -> bytes:
    buffer = io.BytesIO(_GOOD_BOOK)
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/a.bin", "w") as member,
    ):
        for _ in range(3):
            member.write(b"\x00" * (1 << 20))
    return buffer.getvalue()


WORKBOOKS = [
    _excel("a formula that was never computed", _book(_HEADER, _GOOD_ROW, ["zx2", "=A2", None]), 1, 1, reason="a formula has no value"),
    _excel("an error in a cell", _book(_HEADER, _GOOD_ROW, ["zx2", "#N/A", None]), 1, 1, reason="a cell holds an error"),
    _excel("cells merged over rows", _book(_HEADER, _GOOD_ROW, ["zx2", None, None], change=lambda s: s.merge_cells("B2:B3")), 1, 1,
           reason="merged with one of a row above"),
    _excel("merged cells in the header", _book(["ID", "NAME", None, "X"], ["zx1", MARK, None, 1], change=lambda s: s.merge_cells("B1:C1")),
           error="column 3 of 4 has no name"),
    _excel("dates, times and yes or no", _book(_HEADER, ["zx1", MARK, datetime.date(1990, 2, 3)], ["zx2", MARK, datetime.time(4, 5)], ["zx3", MARK, True]), 3),
    _excel("keys as numbers", _book(_HEADER, [1, MARK, None], [2.0, MARK, None], [123456789012345, MARK, None]), 3),
    _excel("more cells than the header has", _book(_HEADER, _GOOD_ROW, ["zx2", MARK, 1, 2]), 1, 1, reason="more cells than the header"),
    _excel("blank rows", _book(_HEADER, [], _GOOD_ROW, [], ["zx2", MARK]), 2),
    _excel("a title above the header", _book([f"List of {MARK}"], _HEADER, _GOOD_ROW), error="lacks the column(s) ID"),
    _excel("an empty sheet", _book(), error="the file is empty"),
    _excel("a header and no row", _book(_HEADER)),
    _excel("a sheet that is not there", _GOOD_BOOK, options="excel: {sheet: Parties}", error="has no sheet Parties"),
    _excel("cut off", _GOOD_BOOK[:-200], error="workbook could not be read"),
    _excel("an empty file", b"", error="workbook could not be read"),
    _excel("with a password", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, error="workbook could not be read"),
    _excel("CSV instead", _PLAIN, error="workbook could not be read"),
    _excel("a cell in the last corner", _book(_HEADER, _GOOD_ROW, change=lambda s: s.__setitem__("XFD1048576", "x")),
           error="spans 1,048,576 rows and 16,384 columns"),
    _excel("a part beyond `max_expanded_mb`", _bomb, options="max_expanded_mb: 2", error="expands too far"),
    BrokenInput("a workbook named .csv", _GOOD_BOOK, error="is a workbook"),
]  # fmt: skip

CASES = [*ARCHIVES, *WORKBOOKS]
