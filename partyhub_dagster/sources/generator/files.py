"""Deliveries as files: CSV with a header, JSON Lines, Parquet. The same rows always give the same bytes."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from partyhub_dagster.sources.generator.arrays import Ints, Rng, Text
from partyhub_dagster.sources.generator.feeds import Drop

CRM_CONTROL: Final = ("CUST_ID", "REV_NO", "UPDATED_AT", "OP")
DNB_CONTROL: Final = ("dnbRecordId", "lastUpdateTimestamp", "changeType")
MARKIT_CONTROL: Final = ("ENTITY_ID", "VERSION_NO", "AS_OF", "ACTION")
_DNB_CHANGE: Final = {"I": "ADD", "U": "CHANGE", "D": "DELETE"}


def _seconds(changed_at: Ints) -> Text:
    return np.datetime_as_string(changed_at.astype("datetime64[s]"), unit="s").astype(object)


def write_crm(path: Path, drop: Drop, malformed: Sequence[tuple[int, list[str]]] = ()) -> None:
    """Write the CRM's rows as CSV; `malformed` rows go in after the given number of good ones."""
    key, version, time, op = CRM_CONTROL
    header = [key, *drop.columns, version, time, op]
    times = [value.replace("T", " ") for value in _seconds(drop.changed_at)]
    rows = zip(drop.key, *drop.columns.values(), drop.version.tolist(), times, drop.op, strict=True)
    _write_csv(path, header, _with_inserted(rows, malformed))


def _with_inserted(
    rows: Iterable[tuple[object, ...]], inserted: Sequence[tuple[int, list[str]]]
) -> Iterable[Sequence[object]]:
    waiting = sorted(inserted, reverse=True)
    for number, row in enumerate(rows):
        while waiting and waiting[-1][0] <= number:
            yield waiting.pop()[1]
        yield row
    yield from (row for _, row in reversed(waiting))


def malformed_rows(rng: Rng, drop: Drop, n: int, spare_keys: Text) -> list[tuple[int, list[str]]]:
    """Return rows that no reader may accept: without key, cut short, or with a field too many."""
    places, models = np.sort(rng.integers(len(drop.key), size=n)), rng.integers(len(drop.key), size=n)
    result = []
    for number, (place, model, key) in enumerate(
        zip(places.tolist(), models.tolist(), spare_keys, strict=True)
    ):
        row = [key, *(column[model] for column in drop.columns.values()), "2", "2024-01-15 08:30:00", "I"]
        match number % 3:
            case 0:
                row[0] = ""
            case 1:
                row = row[: 4 + number % 5]
            case _:
                row.insert(3, "stray")
        result.append((place, row))
    return result


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_dnb(path: Path, drop: Drop, lists: Sequence[str]) -> None:
    """Write D&B's rows as JSON Lines; absent values are left out, listed columns become lists."""
    key, time, change = DNB_CONTROL
    names = [key, *drop.columns, time, change]
    listed = [name in lists for name in names]
    times = [value + "Z" for value in _seconds(drop.changed_at)]
    changes = [_DNB_CHANGE[op] for op in drop.op]
    path.parent.mkdir(parents=True, exist_ok=True)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in zip(drop.key, *drop.columns.values(), times, changes, strict=True):
            cells = zip(names, listed, row, strict=True)
            file.write(encode({name: v.split("|") if many else v for name, many, v in cells if v}) + "\n")


def write_markit(path: Path, drop: Drop) -> None:
    """Write Markit's rows as Parquet with typed version and time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    key, version, time, action = MARKIT_CONTROL
    texts = {key: drop.key, **drop.columns}
    columns = {name: pa.array(column, type=pa.string(), mask=column == "") for name, column in texts.items()}
    columns[version] = pa.array(drop.version)
    columns[time] = pa.array(drop.changed_at.astype("datetime64[s]")).cast(pa.timestamp("us"))
    columns[action] = pa.array(drop.op, type=pa.string())
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")


def write_truth(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write the answer key: which entity each record really describes, and what makes it hard."""
    _write_csv(path, ("source", "source_record_id", "entity_id", "hard_case"), rows)
