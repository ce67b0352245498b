"""Decisions as CSV: out to a file, and in again, all rows or none."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import DecisionError
from partyhub_dagster.identity.decisions import DecisionKind
from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.ledger import (
    Entry,
    group_id_of,
    id_of_key,
    read_group_names,
    read_ledger,
    standing_ids,
)
from partyhub_dagster.stewardship.pinning import value_of_cell
from partyhub_dagster.stewardship.references import key_meant, kinds_of
from partyhub_dagster.stewardship.sheets import read_sheet, refuse_mistakes, write_sheet

COLUMNS = ("decision_id", "verdict", "left", "right", "attribute", "value", "group", "author", "reason")
_NEEDED = ("verdict", "left")
_MOST = 50_000
"""Rows of a file: a preview keeps its tables below what DuckDB handles well in one transaction."""
_ROWS = UUID("0d0a2f0e-9a1c-4c0f-8b1e-2d5a6c1f7b42")
"""Namespace of the ids of rows that name none: the same row is the same decision, so a file can be read twice."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds: new entries in its order, the names of their groups, and how many are known already."""

    entries: list[Entry]
    group_names: dict[UUID, str]
    known: int


def export_decisions(session: Session, out: Path) -> int:
    """Write the decisions that stand, oldest first, into a CSV file closed to other users; return how many.

    Raises:
        OutputError: the file is there already or cannot be written.
    """
    lines = read_ledger(session.con)
    standing, names = standing_ids(lines), read_group_names(session.con)
    stood = [line.entry for line in lines if line.entry.decision_id in standing]
    rows = []
    for entry in stood:
        group = "" if entry.group_id is None else names.get(entry.group_id, str(entry.group_id))
        value = "[]" if entry.verdict is DecisionKind.PIN and entry.value is None else entry.value
        cells = (str(entry.decision_id), entry.verdict.value, entry.left, entry.right, entry.attribute, value, group,
                 entry.author, entry.reason)  # fmt: skip
        rows.append([cell or "" for cell in cells])
    write_sheet(out, COLUMNS, rows)
    return len(stood)


def read_decisions(
    session: Session, config: HubConfig, file: Path, author: str, reason: str | None
) -> Imported:
    """Read and check every row of a file; `author` and `reason` are for rows that say none.

    Raises:
        DecisionError: the file cannot be read, or rows are wrong; all are told, by line.
    """
    rows = _rows_of(file)
    held = {line.entry.decision_id for line in read_ledger(session.con)}
    entries: list[Entry] = []
    mistakes: list[str] = []
    names: dict[UUID, str] = {}
    for number, row in rows:
        found = _entry_of(config, row, author, reason)
        if isinstance(found, Entry):
            entries.append(found)
            if row["group"]:
                names[group_id_of(row["group"])] = row["group"]
        else:
            mistakes += [f"line {number}: {mistake}" for mistake in found]
    numbers = [number for number, _ in rows]
    mistakes += [] if mistakes else _of_two_kinds(session, config, entries, numbers)
    refuse_mistakes(
        file,
        mistakes,
        "Correct the lines and import the file again; `partyhub decide export FILE` shows the columns.",
    )
    new = {entry.decision_id: entry for entry in entries if entry.decision_id not in held}
    return Imported(list(new.values()), names, len(entries) - len(new))


def _rows_of(file: Path) -> list[tuple[int, dict[str, str]]]:
    columns = f"Write the columns {', '.join(COLUMNS)}; those after `left` as far as they are needed."
    names, rows = read_sheet(file, _NEEDED, columns)
    if len(rows) > _MOST:
        raise DecisionError(
            f"{file.name} has {len(rows):,} rows, more than {_MOST:,}; nothing was decided.",
            remedy="Import it in pieces, the oldest decisions first.",
        )
    if unknown := [name for name in names if name not in (*COLUMNS, "decided_at", "sequence")]:
        raise DecisionError(
            f"The header of {file.name} has {len(unknown)} columns of other names; nothing was decided.",
            remedy=columns,
        )
    return [(number, {name: row.get(name, "") for name in COLUMNS}) for number, row in rows]


def _entry_of(config: HubConfig, row: dict[str, str], author: str, reason: str | None) -> Entry | list[str]:
    """Return the entry of a row, or everything that is wrong with it, naming columns and never values."""
    word = row["verdict"].upper().replace("-", "_").replace(" ", "_")
    if word not in ("SAME", "NOT_SAME", "PIN"):
        return ["verdict is none of SAME, NOT_SAME, PIN"]
    pair = word != "PIN"
    mistakes = [] if row["reason"] or reason else ["reason is empty"]
    for column in ("left", "right") if pair else ("left",):
        mistakes += _refusal(column, key_meant, config, row[column])[1]
    if pair and row["left"] == row["right"]:
        mistakes.append("left and right are one record")
    value = None
    if not pair:
        source = row["left"].partition(":")[0]
        value, refused = _refusal("value", value_of_cell, config, source, row["attribute"], row["value"])
        mistakes += refused
    given = _id_of(row["decision_id"], tuple(row[name] for name in COLUMNS[1:]))
    if given is None:
        mistakes.append("decision_id is no id; leave it empty")
    if mistakes or given is None:
        return mistakes
    return Entry(
        verdict=DecisionKind(word),
        author=row["author"] or author,
        reason=row["reason"] or reason or "",
        left=row["left"],
        right=row["right"] if pair else None,
        attribute=None if pair else row["attribute"],
        value=value,
        group_id=group_id_of(row["group"]) if row["group"] else None,
        decision_id=given,
    )


def _refusal(column: str, read: Callable[..., str | None], *given: object) -> tuple[str | None, list[str]]:
    """Read a cell; return its value, or why it is refused."""
    try:
        return read(*given), []
    except DecisionError as error:
        return None, [f"{column}: {str(error.args[0]).removesuffix('; nothing was decided.')}"]


def _id_of(written: str, row: tuple[str, ...]) -> UUID | None:
    if not written:
        return uuid.uuid5(_ROWS, repr(row))
    try:
        return UUID(written)
    except ValueError:
        return None


def _of_two_kinds(
    session: Session, config: HubConfig, entries: Sequence[Entry], numbers: Sequence[int]
) -> list[str]:
    kinds = kinds_of(session, config, {id_of_key(key): key for e in entries for key in e.keys}.values())
    return [
        f"line {number}: SAME between a person and an organization"
        for number, entry in zip(numbers, entries, strict=True)
        if entry.verdict is DecisionKind.SAME and len({kinds[key] for key in entry.keys if key in kinds}) > 1
    ]
