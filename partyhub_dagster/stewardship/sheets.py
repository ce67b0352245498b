"""CSV files that people fill in: written for a spreadsheet, and read back with the line of every row."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from partyhub_dagster.errors import DecisionError
from partyhub_dagster.private_files import write_private

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet would compute; it is written with an apostrophe before it."""
_SHOWN = 20
LABEL_WORDS = {"y": True, "yes": True, "n": False, "no": False, "u": None, "unsure": None}
"""What people write about a pair -> one party, two parties, or unsure."""


def write_sheet(file: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a new CSV file closed to other users, in which no cell is computed.

    Raises:
        OutputError: the file is there already or cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    write_private(file, text.getvalue())


def read_sheet(
    file: Path, needed: Sequence[str], remedy: str, *, nothing: str = "nothing was decided"
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the columns, in small letters, and the rows with the line each ends on; cells are trimmed.

    `remedy` is for a file without the needed columns; `nothing` says what a refusal leaves undone.

    Raises:
        DecisionError: the file cannot be read, or lacks a column.
    """
    try:
        reader = csv.DictReader(
            io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), restkey="", restval=""
        )
        names = [name.strip().lower() for name in reader.fieldnames or []]
        reader.fieldnames = names
        rows = [(reader.line_num, {n: _bare(row[n].strip()) for n in names if n}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DecisionError(
            f"{file.name} could not be read as CSV in UTF-8 ({type(error).__name__}); {nothing}.",
            remedy="Name a CSV file with a header, saved as UTF-8.",
        ) from None
    if lacking := [name for name in needed if name not in names]:
        raise DecisionError(
            f"{file.name} lacks the column {' and '.join(lacking)}; {nothing}.", remedy=remedy
        )
    return names, rows


def refuse_mistakes(
    file: Path, mistakes: Sequence[str], remedy: str, *, nothing: str = "Nothing was decided"
) -> None:
    """Refuse a file with mistakes.

    Raises:
        DecisionError: there are any; it tells the first twenty, and how many there are.
    """
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        more = f"; and {len(mistakes) - _SHOWN} more" if len(mistakes) > _SHOWN else ""
        raise DecisionError(
            f"{file.name} has {count}: {'; '.join(mistakes[:_SHOWN])}{more}. {nothing}.", remedy=remedy
        )


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _bare(cell: str) -> str:
    """Take off what `_guarded` put on."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell
