"""Deliveries as files: CSV with a header, JSON Lines, Parquet. The same rows always give the same bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from partyhub_dagster.sources.generator.arrays import Ints, Rng, Text
from partyhub_dagster.sources.generator.feeds import Drop
from partyhub_dagster.sources.generator.lines import write_csv, write_json_lines

CRM_CONTROL: Final = ("CUST_ID", "REV_NO", "UPDATED_AT", "OP")
DNB_CONTROL: Final = ("dnbRecordId", "lastUpdateTimestamp", "changeType")
MARKIT_CONTROL: Final = ("ENTITY_ID", "VERSION_NO", "AS_OF", "ACTION")
_DNB_CHANGE: Final = {"I": "ADD", "U": "CHANGE", "D": "DELETE"}


def _seconds(changed_at: Ints, between: str) -> Text:
    """Return moments as text, with the given sign between day and time."""
    written = np.datetime_as_string(changed_at.astype("datetime64[s]"), unit="s")
    return np.strings.replace(written, "T", between).astype(object)


def crm_columns(drop: Drop) -> dict[str, Any]:
    """Return the CRM's rows by its columns: all text."""
    key, version, time, op = CRM_CONTROL
    control = {
        version: drop.version.astype(str).astype(object),
        time: _seconds(drop.changed_at, " "),
        op: drop.op,
    }
    return {key: drop.key, **drop.columns, **control}


def dnb_columns(drop: Drop) -> dict[str, Any]:
    """Return D&B's rows by its columns: all text, the items of a list between bars."""
    key, time, change = DNB_CONTROL
    changes = np.array([_DNB_CHANGE[op] for op in drop.op], dtype=object)
    return {key: drop.key, **drop.columns, time: _seconds(drop.changed_at, "T") + "Z", change: changes}


def markit_columns(drop: Drop) -> dict[str, Any]:
    """Return Markit's rows by its columns: numbers as numbers, times as text."""
    key, version, time, action = MARKIT_CONTROL
    moments = _seconds(drop.changed_at, "T")
    return {key: drop.key, **drop.columns, version: drop.version, time: moments, action: drop.op}


def write_crm(path: Path, drop: Drop, malformed: Sequence[tuple[int, list[str]]] = ()) -> None:
    """Write the CRM's rows as CSV; `malformed` rows go in after the given number of good ones."""
    write_csv(path, crm_columns(drop), malformed)


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


def write_dnb(path: Path, drop: Drop, lists: Sequence[str]) -> None:
    """Write D&B's rows as JSON Lines; absent values are left out, listed columns become lists."""
    write_json_lines(path, dnb_columns(drop), lists)


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
