"""Reviews as CSV: questions out to a file, answers in again; for those who would rather work in a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import DecisionError
from partyhub_dagster.stewardship.exchange import bare, guarded
from partyhub_dagster.stewardship.review_answers import Answer

FIXED = ("item", "answer", "reason", "now", "kind", "left_records", "right_records")
_SHOWN = 20
_WORDS = {
    "y": Answer.YES, "yes": Answer.YES, "n": Answer.NO, "no": Answer.NO, "u": Answer.UNSURE, "unsure": Answer.UNSURE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answered:
    """A row of a file that was answered."""

    line: int
    item: UUID
    answer: Answer
    reason: str = field(repr=False)


def write_items(config: HubConfig, items: Sequence[dict[str, Any]], out: Path) -> None:
    """Write questions side by side into a new CSV file closed to other users; `answer` takes y, n, u or stays empty.

    Raises:
        DecisionError: the file is there already or cannot be written.
    """
    names = [n for n in config.attributes if any(n in r["values"] for i in items for r in _records(i))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIXED, *(f"{name} ({side})" for name in names for side in ("left", "right"))])
    for item in items:
        fixed = [item["item"], "", "", item["now"], item["kind"], _keys(item["left"]), _keys(item["right"])]
        values = [_values(item[side], name) for name in names for side in ("left", "right")]
        writer.writerow([guarded(cell) for cell in (*fixed, *values)])
    write_private(out, text.getvalue())


def write_private(out: Path, text: str) -> None:
    """Write a new file that other users cannot read.

    Raises:
        DecisionError: the file is there already or cannot be written.
    """
    try:
        out.touch(mode=0o600, exist_ok=False)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DecisionError(
            f"{out} could not be written ({type(error).__name__}).",
            remedy="Name a new file in a folder that you may write to.",
        ) from None


def _records(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [*item["left"], *item["right"]]


def _keys(side: Sequence[dict[str, Any]]) -> str:
    return " | ".join(record["key"] for record in side)


def _values(side: Sequence[dict[str, Any]], name: str) -> str:
    return " | ".join(dict.fromkeys(value for record in side for value in record["values"].get(name, [])))


def read_answers(file: Path) -> list[Answered]:
    """Read the rows that are answered.

    Raises:
        DecisionError: the file cannot be read, or rows are wrong; all are told, by line and without values.
    """
    try:
        reader = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), restkey="")
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DecisionError(
            f"{file.name} could not be read as CSV in UTF-8 ({type(error).__name__}); nothing was decided.",
            remedy="Name a CSV file with a header, saved as UTF-8.",
        ) from None
    if not {"item", "answer"} <= {*(reader.fieldnames or [])}:
        raise DecisionError(
            f"{file.name} lacks the column item or answer; nothing was decided.",
            remedy="Answer in a file that `partyhub review --out FILE` wrote.",
        )
    answered: list[Answered] = []
    mistakes: list[str] = []
    for line, row in rows:
        word = (row.get("answer") or "").strip().lower()
        if not word:
            continue
        found = _answered(line, row, word)
        if isinstance(found, str):
            mistakes.append(found)
        else:
            answered.append(found)
    twice = len(answered) - len({held.item for held in answered})
    mistakes += [f"{twice} items are answered twice"] if twice else []
    if mistakes:
        more = f"; and {len(mistakes) - _SHOWN} more" if len(mistakes) > _SHOWN else ""
        raise DecisionError(
            f"{file.name} has {len(mistakes)} mistakes: {'; '.join(mistakes[:_SHOWN])}{more}. Nothing was decided.",
            remedy="Write y, n, u or nothing as the answer, and leave the item as it is.",
        )
    return answered


def _answered(line: int, row: dict[str, str], word: str) -> Answered | str:
    if word not in _WORDS:
        return f"line {line}: answer is none of y, n, u"
    try:
        item = UUID((row.get("item") or "").strip())
    except ValueError:
        return f"line {line}: item is no id"
    return Answered(line, item, _WORDS[word], bare((row.get("reason") or "").strip()))
