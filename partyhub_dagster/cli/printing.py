"""What the commands print: JSON for programs, plain lines for people, progress on the error stream."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def say(line: str = "") -> None:
    """Print a line of the answer."""
    sys.stdout.write(line + "\n")


def complain(*lines: str) -> None:
    """Print lines on the error stream."""
    sys.stderr.write("".join(line + "\n" for line in lines))


def say_json(answer: Any) -> None:
    """Print an answer that a program reads."""
    say(json.dumps(answer, indent=2, ensure_ascii=False, default=str))


def say_table(rows: list[tuple[Any, ...]], indent: str = "  ") -> None:
    """Print rows in columns: texts to the left, numbers to the right."""
    shown = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in shown) for i in range(len(shown[0]))] if shown else []
    for row, cells in zip(rows, shown, strict=True):
        parts = [
            cell.rjust(width) if isinstance(value, (int, float)) else cell.ljust(width)
            for value, cell, width in zip(row, cells, widths, strict=True)
        ]
        say((indent + "  ".join(parts)).rstrip())


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.3f}"
        case _:
            return str(value)


def progress(*, quiet: bool = False) -> Callable[[str], None]:
    """Return a function that tells, on the error stream, which step begins and how long the last one took."""
    began = time.monotonic()

    def tell(step: str) -> None:
        if not quiet:
            complain(f"[{time.monotonic() - began:6.1f} s] {step}")

    return tell
