"""Reviews as CSV: questions out to a file, answers in again; for those who would rather work in a spreadsheet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from partyhub_dagster.config import HubConfig
from partyhub_dagster.stewardship.review_answers import Answer
from partyhub_dagster.stewardship.sheets import read_sheet, refuse_mistakes, write_sheet

FIXED = ("item", "answer", "reason", "now", "kind", "left_records", "right_records")
SIDES = ("left", "right")
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
        OutputError: the file is there already or cannot be written.
    """
    names = [n for n in config.attributes if any(n in r["values"] for i in items for r in _records(i))]
    rows = []
    for item in items:
        fixed = [item["item"], "", "", item["now"], item["kind"], _keys(item["left"]), _keys(item["right"])]
        rows.append([*fixed, *(_values(item[side], name) for name in names for side in SIDES)])
    write_sheet(out, [*FIXED, *(f"{name} ({side})" for name in names for side in SIDES)], rows)


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
    _, rows = read_sheet(
        file, ("item", "answer"), "Answer in a file that `partyhub review --out FILE` wrote."
    )
    answered: list[Answered] = []
    mistakes: list[str] = []
    for line, row in rows:
        word = row["answer"].lower()
        if not word:
            continue
        found = _answered(line, row, word)
        if isinstance(found, str):
            mistakes.append(found)
        else:
            answered.append(found)
    twice = len(answered) - len({held.item for held in answered})
    mistakes += [f"{twice} items are answered twice"] if twice else []
    refuse_mistakes(file, mistakes, "Write y, n, u or nothing as the answer, and leave the item as it is.")
    return answered


def _answered(line: int, row: dict[str, str], word: str) -> Answered | str:
    if word not in _WORDS:
        return f"line {line}: answer is none of y, n, u"
    try:
        item = UUID(row["item"])
    except ValueError:
        return f"line {line}: item is no id"
    return Answered(line, item, _WORDS[word], row.get("reason", ""))
