"""What a broken input is: the bytes, how they get into the source's folder, and what must become of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MARK = "Zaphodia"
"""A name that stands in every input: no reason, message or remedy may hold it."""


def csv(*rows: str, end: str = "\n") -> bytes:
    """Return lines of text."""
    return (end.join(rows) + end).encode()


@dataclass(frozen=True)
class BrokenInput:
    """One input and its outcome: rows stored, unchanged and quarantined, or one error for the whole file."""

    name: str
    content: bytes | Callable[[], bytes] = b""
    stored: int = 0
    quarantined: int = 0
    unchanged: int = 0
    reason: str = ""
    """Part of every reason of the quarantined rows."""
    error: str = ""
    """Part of the message; the file is then not loaded at all."""
    options: str = ""
    """Lines of hub.yaml."""
    format: str = "csv"
    file: str = "a.csv"
    place: Callable[[Path], None] | None = None
    """Puts the file where it belongs, when writing `content` there is not enough."""
    meanwhile: Callable[[Path], None] | None = None
    """Happens to the file after it was found and before it is read."""
    note: str = ""
    """What is worth knowing of the outcome."""

    @property
    def outcome(self) -> str:
        """Say what happens, as the documents do."""
        if self.error:
            return f"error: {self.error}"
        parts = [
            f"{rows:,} {what}"
            for rows, what in (
                (self.stored, "stored"), (self.unchanged, "unchanged"), (self.quarantined, "quarantined")
            )
            if rows
        ]  # fmt: skip
        told = ", ".join(parts) or "no rows"
        return told + (f" ({self.reason})" if self.reason else "")

    def put(self, inbox: Path) -> None:
        """Put the file into the folder of the source."""
        path = inbox / self.file
        if self.content or self.place is None:
            path.write_bytes(self.content if isinstance(self.content, bytes) else self.content())
        if self.place is not None:
            self.place(path)
