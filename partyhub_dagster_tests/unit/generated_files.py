"""Reads generated deliveries for the tests, knowing nothing of the generator but its columns."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

CONTROL = {
    "crm": ("CUST_ID", "REV_NO", "UPDATED_AT", "OP", "D"),
    "dnb": ("dnbRecordId", "lastUpdateTimestamp", "lastUpdateTimestamp", "changeType", "DELETE"),
    "markit": ("ENTITY_ID", "VERSION_NO", "AS_OF", "ACTION", "D"),
}


@dataclass(frozen=True)
class Row:
    """One good row as delivered."""

    delivery: int
    key: str
    version: int | str
    time: str
    deleted: bool
    values: dict[str, str]


def read_delivery(folder: Path, number: int) -> dict[str, list[Row]]:
    """Return the good rows of one delivery by source."""
    raw = {
        "crm": _crm(folder / "crm" / f"{number:03}.csv"),
        "dnb": _dnb(folder / "dnb" / f"{number:03}.jsonl"),
        "markit": pq.read_table(folder / "markit" / f"{number:03}.parquet").to_pylist(),
    }
    return {source: [_row(source, number, values) for values in found] for source, found in raw.items()}


def _crm(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    good = [line for line in lines if len(line) == len(header) and line[0]]
    return [{k: v for k, v in zip(header, line, strict=True) if v} for line in good]


def _dnb(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _row(source: str, number: int, values: dict[str, object]) -> Row:
    key, version, time, operation, delete = CONTROL[source]
    held = {name: str(value) for name, value in values.items() if value is not None}
    at = values[version]
    order = at if isinstance(at, int) else int(str(at)) if str(at).isdigit() else str(at)
    return Row(number, held[key], order, held[time], held[operation] == delete, held)


def read_truth(out: Path) -> list[dict[str, str]]:
    """Return the rows of the answer key."""
    with (out / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
