"""The same records, however a file is written, packed and encoded."""

import bz2
import datetime
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import fastavro
import openpyxl
import pyarrow as pa
import pytest

from partyhub_dagster.sources.columns import columns_of_files
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster_tests.feed import Feed, Lake, new_lake

CSV = "ID,NAME\n1,Zoë Łuk\n2,Bob\n"
FIXED = "fixed_width: {columns: {ID: 1-3, NAME: 4-20}}"
AVRO_SCHEMA = {
    "type": "record", "name": "Party",
    "fields": [
        {"name": "ID", "type": "long"}, {"name": "NAME", "type": ["null", "string"]},
        {"name": "BORN", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None},
        {"name": "TAGS", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "RAW", "type": ["null", "bytes"], "default": None},
        {"name": "SUM", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}],
         "default": None},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


def names(feed: Feed) -> dict[str, object]:
    return {key: json.loads(payload)["NAME"] for key, payload in feed.live().items()}


def zipped(content: bytes, *others: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/", "")
        archive.writestr("../../etc/rows.csv", content)
        for other in others:
            archive.writestr(other, content)
    return buffer.getvalue()


def zstd(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return packed


def workbook(*rows: list[object], title: str = "Rows") -> bytes:
    book = openpyxl.Workbook()
    book.create_sheet(title)
    for row in rows:
        book[title].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def avro(*records: dict[str, object], codec: str = "null") -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, AVRO_SCHEMA, records, codec=codec)
    return buffer.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress, "zip": zipped, "zst": zstd, "bz2": bz2.compress, "xz": lzma.compress,
    "zip of gz": lambda content: zipped(content, "__MACOSX/._rows.csv"),
}  # fmt: skip


def test_a_compressed_file_is_told_by_its_content_and_the_same_content_is_one_load(
    lake: Lake, tmp_path: Path
) -> None:
    feed = lake.feed(tmp_path)
    assert feed.send("plain.csv.gz", CSV).stored == 2
    for suffix, pack in PACKED.items():
        path = feed.put(f"{suffix}.csv", pack(CSV.encode()))
        assert feed.load() == LoadCounts(), suffix
        path.unlink()
    assert names(feed) == {"1": "Zoë Łuk", "2": "Bob"}


@pytest.mark.parametrize("packed", ["gz", "zip", "zst", "bz2", "xz"])
def test_compressed_files_of_any_format_are_read(lake: Lake, tmp_path: Path, packed: str) -> None:
    feed = lake.feed(tmp_path, suffix="jsonl")
    lines = '{"ID": 1, "NAME": "Zoë"}\n{"ID": 2}\nbad\n'
    counts = feed.send(f"a.jsonl.{packed}", PACKED[packed](lines.encode()))
    assert (counts.stored, counts.quarantined) == (2, 1)


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [("utf-8", "utf-16"), ("utf-8", "utf-8-sig"), ("utf-16", "utf-16-le"), ("utf-16", "utf-16-be"),
     ("windows-1250", "windows-1250"), ("iso-8859-2", "iso-8859-2"), ("gb18030", "gb18030")],
)  # fmt: skip
def test_text_of_any_encoding_is_read(lake: Lake, tmp_path: Path, encoding: str, codec: str) -> None:
    feed = lake.feed(tmp_path, f"csv: {{encoding: {encoding}}}")
    feed.send("a.csv", CSV.replace("ł", "l").encode(codec))
    assert names(feed) == {"1": "Zoë Łuk", "2": "Bob"}


def test_bytes_that_are_no_text_cost_their_own_row_only(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "csv: {encoding: utf-16}")
    text = "ID,NAME\n1,Ann\n2,B".encode("utf-16") + b"\x00\xd8" + "b\n3,Cy\n".encode("utf-16-le")
    feed.send("a.csv", text)
    assert feed.keys() == {"1", "3"}
    assert [line for line, _ in feed.rejected()] == [3]


@pytest.mark.parametrize(
    ("options", "content"),
    [("", [{"ID": 1, "NAME": "Zoë"}, {"ID": 2, "NAME": "Bob"}]),
     ("json: {records: data.items}", {"data": {"items": [{"ID": 1, "NAME": "Zoë"}, {"ID": 2, "NAME": "Bob"}]}})],
)  # fmt: skip
def test_a_list_of_json_objects_is_read(lake: Lake, tmp_path: Path, options: str, content: object) -> None:
    feed = lake.feed(tmp_path, options, suffix="json")
    feed.send("a.json", json.dumps(content, indent=2))
    assert names(feed) == {"1": "Zoë", "2": "Bob"}


def test_elements_that_are_no_records_are_rejected_with_their_number(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, suffix="json")
    deep = "[" * 150 + "]" * 150
    feed.send("a.json", '[{"ID": 1}, 5, null, {"ID": 2, "ID": 3}, "x", {"ID": 4, "d": ' + deep + "}]")
    assert feed.keys() == {"1"}
    assert [line for line, _ in feed.rejected()] == [2, 3, 4, 5, 6]


def test_fixed_width_lines_are_cut_at_their_places(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, FIXED + "\nformat: fixed_width")
    feed.send("a.txt", "  1Zoë Łuk          \r\n  2Bob\n\n  3" + "x" * 30 + "\n   nobody\n")
    assert names(feed) == {"1": "Zoë Łuk", "2": "Bob"}
    assert [line for line, _ in feed.rejected()] == [4, 5]


def test_a_sheet_is_read_as_text_that_says_what_the_cells_say(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "excel: {sheet: Rows, header_row: 2}", suffix="excel")
    born = datetime.datetime(2020, 1, 2)  # noqa: DTZ001 - a spreadsheet knows no zones
    feed.send("a.xlsx", workbook(
        ["a title"], ["ID", "NAME", "BORN", "SUM", "OK"], [1, "Zoë", born.date(), 1.5, True], ["002", None, born],
        [], [3, "x", None, None, None, "beyond"], [1234567890123456, "big"],
    ))  # fmt: skip
    assert json.loads(feed.live()["1"]) == {
        "ID": "1", "NAME": "Zoë", "BORN": "2020-01-02", "SUM": "1.5", "OK": "true"
    }  # fmt: skip
    assert feed.keys() == {"1", "002", "1234567890123456"}
    assert feed.rejected() == [(6, ["the row has more cells than the header"])]


def test_avro_records_come_through_with_their_logical_types(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, suffix="avro")
    full = {
        "ID": 1, "NAME": "Zoë", "BORN": datetime.date(1990, 1, 2), "TAGS": ["a"], "RAW": b"\xff", "SUM": Decimal("1.50")
    }  # fmt: skip
    for number, codec in enumerate(("null", "deflate", "snappy", "zstandard")):
        feed.send(f"{codec}.avro", avro(full, {"ID": number + 2, "NAME": None}, codec=codec))
    assert json.loads(feed.live()["1"]) == {
        "ID": 1, "NAME": "Zoë", "BORN": "1990-01-02", "TAGS": ["a"], "RAW": "/w==", "SUM": "1.50"
    }  # fmt: skip
    assert feed.keys() == {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize(
    ("suffix", "options", "content"),
    [("csv", "", gzip.compress(CSV.encode())), ("excel", "excel: {sheet: Rows}", workbook(["ID", "NAME"])),
     ("avro", "", avro()), ("fixed_width", FIXED, b"")],
    ids=["csv", "excel", "avro", "fixed_width"],
)  # fmt: skip
def test_config_check_knows_the_columns_of_every_format(
    lake: Lake, tmp_path: Path, suffix: str, options: str, content: bytes
) -> None:
    feed = lake.feed(tmp_path, options, suffix=suffix)
    feed.put("a", content)
    assert columns_of_files(feed.config)[feed.name] >= {"ID", "NAME"}
