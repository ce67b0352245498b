"""Avro container files."""

import base64
import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.errors import SourceError

_BATCH = 20_000


def read_avro(con: duckdb.DuckDBPyConnection, path: Path, out: str) -> list[str]:
    """Create temp table `out` (position, payload, reason); return its columns.

    Dates and times come in ISO 8601, decimals as their digits, bytes in base64; unions as the value that is there.

    Raises:
        SourceError: the file is no Avro, is cut off, or its records are no records of fields.
    """
    import pyarrow as pa

    con.execute(f"create or replace temp table {out} (position bigint, payload varchar, reason varchar)")
    position = 0
    with _opened(path) as (records, columns):
        while batch := [
            json.dumps(r, ensure_ascii=False, default=plain_value) for r in islice(records, _BATCH)
        ]:
            positions = range(position + 1, position + len(batch) + 1)
            arrow = pa.table(
                [pa.array(positions, pa.int64()), pa.array(batch, pa.string())], ["position", "payload"]
            )
            con.register("avro_batch", arrow)
            con.execute(f"insert into {out} select position, payload, null from avro_batch")
            con.unregister("avro_batch")
            position += len(batch)
        return columns


def avro_columns(path: Path) -> list[str]:
    """Read the names of the fields."""
    with _opened(path) as (_, columns):
        return columns


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterator[Any], list[str]]]:
    import fastavro

    try:
        with path.open("rb") as file:
            records = fastavro.reader(file)
            yield records, _fields(records.writer_schema)
    except (SourceError, duckdb.Error):
        raise
    except Exception as error:  # noqa: BLE001 - a broken file raises whatever its bytes lead the library to
        raise SourceError(
            f"The file could not be read as Avro ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check `format` of the source in hub.yaml, and that the file is complete.",
        ) from None


def _fields(schema: Any) -> list[str]:
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise SourceError(
            "The Avro file holds values, not records with fields; nothing of it was loaded.",
            remedy="Have records delivered.",
        )
    return [field["name"] for field in schema["fields"]]


def plain_value(value: Any) -> Any:
    """Return what JSON holds of a value that it has no type for."""
    match value:
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return str(value)
