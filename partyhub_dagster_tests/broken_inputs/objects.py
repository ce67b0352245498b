"""Broken JSON, Parquet and Avro files."""

import io
import json
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from partyhub_dagster_tests.broken_inputs.case import MARK, BrokenInput, csv

_ROW = f'{{"ID": "zx1", "NAME": "{MARK}"}}'
_ROWS = [{"ID": "zx1", "NAME": MARK}, {"ID": "zx2", "NAME": MARK}]


def _lines(name: str, content: bytes, stored: int = 0, quarantined: int = 0, **more: Any) -> BrokenInput:
    return BrokenInput(
        f"JSON Lines: {name}", content, stored, quarantined, format="jsonl", file="a.jsonl", **more
    )


def _list(name: str, content: bytes, stored: int = 0, quarantined: int = 0, **more: Any) -> BrokenInput:
    return BrokenInput(f"JSON: {name}", content, stored, quarantined, format="json", file="a.json", **more)


def _parquet(name: str, content: bytes, stored: int = 0, quarantined: int = 0, **more: Any) -> BrokenInput:
    return BrokenInput(
        f"Parquet: {name}", content, stored, quarantined, format="parquet", file="a.parquet", **more
    )


def _avro(name: str, content: bytes, stored: int = 0, quarantined: int = 0, **more: Any) -> BrokenInput:
    return BrokenInput(f"Avro: {name}", content, stored, quarantined, format="avro", file="a.avro", **more)


LINES = [
    _lines("a line that is no JSON", csv(_ROW, f"{{{MARK}"), 1, 1, reason="line is not valid JSON"),
    _lines("lines that are no objects", csv(_ROW, "[1]", '"x"', "5", "null"), 1, 4, reason="JSON but not an object"),
    _lines("a list on one line", f"[{_ROW}]".encode(), 0, 1, reason="JSON but not an object"),
    _lines("an object spread over lines", json.dumps(_ROWS[0], indent=1).encode(), 0, 4, reason="line is not valid JSON"),
    _lines("two objects on one line", csv(_ROW + _ROW), 0, 1, reason="line is not valid JSON"),
    _lines("commas at the ends of lines", csv(_ROW + ",", _ROW), 1, 1, reason="line is not valid JSON"),
    _lines("single quotes", csv(_ROW, f"{{'ID': 'zx2', 'NAME': '{MARK}'}}"), 1, 1, reason="line is not valid JSON"),
    _lines("comments", csv("// zx", _ROW), 1, 1, reason="line is not valid JSON"),
    _lines("a byte order mark", b"\xef\xbb\xbf" + csv(_ROW), 1),
    _lines("UTF-16 with a mark", _ROW.encode("utf-16"), 1),
    _lines("UTF-16 without a mark", _ROW.encode("utf-16-le"), error="seems to be UTF-16"),
    _lines("bytes that are no UTF-8", csv(_ROW) + b'{"ID": "zx2", "NAME": "\xff"}\n', 1, 1, reason="invalid encoding"),
    _lines("an empty file", b""),
    _lines("blank lines", b"\n \n\t\n" + csv(_ROW) + b"\n\n", 1),
    _lines("NaN and Infinity", csv(f'{{"ID": "zx1", "NAME": "{MARK}", "a": NaN, "b": -Infinity}}'), 1, note="kept as they came"),
    _lines("a key named twice in an object", csv(f'{{"ID": "zx1", "ID": "zx2", "NAME": "{MARK}"}}', _ROW), 1, 1, reason="names a key twice"),
    _lines("objects nested 10,000 deep", csv(_ROW, '{"ID": "zx2", "a": ' + "[" * 10_000 + "]" * 10_000 + "}"), 1, 1,
           reason="nested more than 100 levels"),
    _lines("brackets inside a text", csv(json.dumps({"ID": "zx1", "NAME": MARK, "a": "[{" * 500})), 1),
    _lines("numbers too large for any type", csv(f'{{"ID": {"9" * 50}, "NAME": "{MARK}", "a": 1e999}}'), 1),
    _lines("the key is null, or not there", csv(f'{{"ID": null, "NAME": "{MARK}"}}', "{}"), 0, 2, reason="key column ID is empty"),
    _lines("the key is a list or an object", csv(f'{{"ID": ["zx1"], "NAME": "{MARK}"}}', f'{{"ID": {{"a": 1}}, "NAME": "{MARK}"}}'), 0, 2,
           reason="key column ID is a list or an object"),
    _lines("a lone surrogate in the key", csv(_ROW, '{"ID": "\\ud800", "NAME": "x"}'), 1, 1, reason="not valid JSON"),
    _lines("a lone surrogate in a value", csv('{"ID": "zx2", "NAME": "\\udfff"}', _ROW), 1, 1, reason="not valid JSON"),
    _lines("an escaped NUL in a value", csv(f'{{"ID": "zx1", "NAME": "{MARK}\\u0000x"}}'), 1),
    _lines("a cut last line", csv(_ROW) + _ROW[:20].encode(), 1, 1, reason="line is not valid JSON"),
    _lines("a line of 17 MB", csv(_ROW, '{"ID": "zx2", "a": "' + "x" * 17_000_000 + '"}'), 1, 1, reason="line size over maximum"),
]  # fmt: skip

LISTS = [
    _list("a list that is cut off", json.dumps(_ROWS).encode()[:-15], error="could not be read as json"),
    _list("an object where hub.yaml says nothing of it", json.dumps({"data": _ROWS}).encode(), error="is a JSON object, not a list"),
    _list("JSON Lines instead", csv(_ROW, _ROW), error="is a JSON object, not a list"),
    _list("the list is not under its key", json.dumps({"items": _ROWS}).encode(), options="json: {records: data}", error="no list of records under data"),
    _list("something else is under its key", json.dumps({"data": {"a": 1}}).encode(), options="json: {records: data}", error="no list of records under data"),
    _list("elements that are no objects", f'[{_ROW}, 5, "x", null, []]'.encode(), 1, 4, reason="JSON but not an object"),
    _list("two lists one after the other", f"[{_ROW}][{_ROW}]".encode(), error="could not be read as json"),
    _list("an empty file", b"", error="the file is empty"),
    _list("an empty list", b"[]"),
    _list("a list nested 10,000 deep", b"[" * 10_000 + b"]" * 10_000, 0, 1, reason="JSON but not an object"),
    _list("a byte order mark", b"\xef\xbb\xbf" + json.dumps(_ROWS).encode(), 2),
    _list("CSV instead", csv("ID,NAME", f"zx1,{MARK}"), error="could not be read as json"),
]  # fmt: skip


def _table(columns: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


_PARQUET = _table({"ID": ["zx1", "zx2"], "NAME": [MARK, MARK]})
PARQUET = [
    _parquet("cut off", _PARQUET[:-20], error="could not be read as parquet"),
    _parquet("rubbish in the middle", _PARQUET[:60] + b"\xff" * 40 + _PARQUET[100:], error="could not be read as parquet"),
    _parquet("an empty file", b"", error="could not be read as parquet"),
    _parquet("CSV instead", csv("ID,NAME", f"zx1,{MARK}"), error="could not be read as parquet"),
    _parquet("no rows", _table({"ID": pa.array([], pa.string()), "NAME": pa.array([], pa.string())})),
    _parquet("no key column", _table({"NAME": [MARK]}), error="lacks the column(s) ID"),
    _parquet("null keys", _table({"ID": [None, "zx1"], "NAME": [MARK, MARK]}), 1, 1, reason="key column ID is empty"),
    _parquet("nested types", _table({"ID": [1], "NAME": [[MARK]], "a": [{"b": [{"c": 1}]}]}), 1),
    _parquet("NaN, infinity and bytes", _table({"ID": [1], "NAME": [MARK], "a": [float("nan")], "b": [float("-inf")], "c": [b"\xff\x00"]}), 1),
    BrokenInput("Parquet named .csv", _PARQUET, error="header of the file cannot be read"),
]  # fmt: skip

_SCHEMA = {
    "type": "record",
    "name": "P",
    "fields": [{"name": "ID", "type": "string"}, {"name": "NAME", "type": "string"}],
}
_NESTED = {
    "type": "record", "name": "P",
    "fields": [
        {"name": "ID", "type": ["null", "string", "long"]},
        {"name": "NAME", "type": ["null", "string", {"type": "array", "items": ["null", "string", {
            "type": "record", "name": "N", "fields": [{"name": "full", "type": ["null", "string"]}]}]}]},
    ],
}  # fmt: skip


def _container(schema: Any, *records: Any) -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, records)
    return buffer.getvalue()


_AVRO = _container(_SCHEMA, *_ROWS)
AVRO = [
    _avro("a nested union", _container(_NESTED, {"ID": 5, "NAME": [None, "x", {"full": MARK}]}, {"ID": "zx2", "NAME": None},
                                       {"ID": None, "NAME": MARK}), 2, 1, reason="key column ID is empty"),
    _avro("cut off", _AVRO[:-20], error="could not be read as Avro"),
    _avro("an empty file", b"", error="could not be read as Avro"),
    _avro("CSV instead", csv("ID,NAME", f"zx1,{MARK}"), error="could not be read as Avro"),
    _avro("values instead of records", _container("string", MARK), error="holds values, not records"),
    _avro("a compression that nobody knows", _AVRO.replace(b"\x08null", b"\x08nule"), error="could not be read as Avro"),
    _avro("no records", _container(_SCHEMA)),
]  # fmt: skip

CASES = [*LINES, *LISTS, *PARQUET, *AVRO]
