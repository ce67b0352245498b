"""What the library that reads workbooks does not tell: how large a sheet is, and which cells it gives as empty.

A formula that was never computed and an error such as #N/A both come out empty. Taken for missing values they would
be lost in silence, so their rows are found in the sheet's own XML.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import ParseError

from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.reading.compression import CHUNK_BYTES, MAX_RATIO

_OVERLAP_BYTES = 1 << 16
_FLOOR_BYTES = 256 << 20
_MAX_EMPTY_CELLS = 50_000_000
_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(rb'<c r="[A-Z]{1,3}([0-9]{1,7})"[^>]*\bt="e"')
_UNCOMPUTED = re.compile(
    rb'<c r="[A-Z]{1,3}([0-9]{1,7})"[^>]*><f[^>]*?(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>'
)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PART = "{http://schemas.openxmlformats.org/package/2006/relationships}"


@dataclass(slots=True)
class SheetFacts:
    """Rows of a sheet, counted from 1, by what is wrong with a cell in them, and the extent of the sheet."""

    errors: set[int] = field(default_factory=set)
    uncomputed: set[int] = field(default_factory=set)
    cells: int = 0
    last_row: int = 0
    last_column: int = 0

    def look_at(self, xml: bytes) -> None:
        """Take in a piece of the sheet's XML."""
        for match in _CELL.finditer(xml):
            self.cells += 1
            self.last_row = max(self.last_row, int(match[2]))
            self.last_column = max(self.last_column, _column_number(match[1]))
        self.errors.update(int(match[1]) for match in _ERROR.finditer(xml))
        self.uncomputed.update(int(match[1]) for match in _UNCOMPUTED.finditer(xml))


def sheet_facts(path: Path, sheet: str, max_expanded_mb: int) -> SheetFacts:
    """Look through a workbook of the .xlsx kind; any other has nothing to tell.

    Raises:
        SourceError: the workbook expands too far, or the sheet spans far more cells than it fills.
    """
    facts = SheetFacts()
    if not zipfile.is_zipfile(path):
        return facts
    try:
        with zipfile.ZipFile(path) as archive:
            limit = min(max_expanded_mb << 20, max(_FLOOR_BYTES, MAX_RATIO * path.stat().st_size))
            wanted = _sheet_member(archive, sheet)
            for member in archive.namelist():
                for piece, size in _pieces(archive, member):
                    limit -= size
                    if limit < 0:
                        raise _bomb()
                    if member == wanted:
                        facts.look_at(piece)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, KeyError, ParseError, RuntimeError) as error:
        raise SourceError(
            f"The workbook is broken ({type(error).__name__}); nothing of it was loaded.",
            remedy="Have it delivered again, complete and without a password.",
        ) from None
    if facts.last_row * facts.last_column - facts.cells > _MAX_EMPTY_CELLS:
        raise SourceError(
            f"The sheet spans {facts.last_row:,} rows and {facts.last_column:,} columns but fills"
            f" {facts.cells:,} cells; nothing of it was loaded.",
            remedy="Delete the cells far from the data and save the workbook again.",
        )
    return facts


def _pieces(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[bytes, int]]:
    """Yield whole cells: each piece ends where one ends; with it how many bytes were read for it."""
    rest = b""
    with archive.open(member) as file:
        while chunk := file.read(CHUNK_BYTES):
            piece = rest + chunk
            cut = piece.rfind(b"</c>") + len(b"</c>")
            if cut < len(b"</c>") or len(piece) - cut > _OVERLAP_BYTES:
                cut = len(piece)
            rest = piece[cut:]
            yield piece[:cut], len(chunk)
    yield rest, 0


def _sheet_member(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the file of a sheet inside a workbook; None where the workbook is of another kind."""
    from xml.etree import ElementTree as Xml

    if "xl/workbook.xml" not in archive.namelist():
        return None
    parts = Xml.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - expat bounds entities
    targets = {part.get("Id"): part.get("Target", "") for part in parts.iter(f"{_PART}Relationship")}
    for entry in Xml.fromstring(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):  # noqa: S314
        if entry.get("name") == sheet:
            target = targets.get(entry.get(_LINK), "")
            return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
    return None


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _bomb() -> SourceError:
    return SourceError(
        "The workbook expands too far for its size or beyond `max_expanded_mb`; nothing of it was loaded.",
        remedy="Deliver it as CSV, or raise `max_expanded_mb` of the source.",
    )
