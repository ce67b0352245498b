"""Whatever a file holds, its good rows are read as received and its bad ones kept with their reasons."""

import datetime
import gzip
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from partyhub_dagster.errors import SourceError
from partyhub_dagster_tests.feed import Lake, new_lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"\xef\xbb\xbfID,NAME\n1,Ann\n2,Bob\n", {"1": "Ann", "2": "Bob"}),
        (b"ID,NAME\r\n1,Ann\r\n2,Bob\r\n", {"1": "Ann", "2": "Bob"}),
        (b"ID,NAME\r1,Ann\r2,Bob\r", {"1": "Ann", "2": "Bob"}),
        (b"ID,NAME\n1,Ann\r\n2,Bob\n", {"1": "Ann", "2": "Bob"}),
        (b'ID,NAME\n1,"An\nn"\n2,"B ""o"" b"\n', {"1": "An\nn", "2": 'B "o" b'}),
        (b'ID,NAME\n1,"An\r\nn"\n', {"1": "An\r\nn"}),
        (b"ID,NAME\n1,A\x00nn\n", {"1": "A\x00nn"}),
        (b"ID,NAME\n1,\n", {"1": None}),
        (b"ID,NAME\nNULL,NA\n", {"NULL": "NA"}),
        (b"ID,NAME\n", {}),
        ("ID,NAME\n é ß ,Zoë\n".encode(), {"é ß": "Zoë"}),
        (b"NAME,ID,name\nAnn,1,other\n", {"1": "Ann"}),
    ],
    ids="bom crlf cr mixed-endings embedded-lf embedded-crlf nul empty null-words header-only unicode case".split(),
)
def test_csv_is_read_as_it_came(
    lake: Lake, tmp_path: Path, content: bytes, names: dict[str, str | None]
) -> None:
    feed = lake.feed(tmp_path)
    feed.send("a.csv", content)
    assert {key: json.loads(payload)["NAME"] for key, payload in feed.live().items()} == names
    assert feed.rejected() == []


@pytest.mark.parametrize(
    ("content", "good", "lines"),
    [
        (b"ID,NAME\n1,Ann\n2\n3,C,extra\n4,D\n", {"1", "4"}, [3, 4]),
        (b"ID,NAME\n1,A\xffnn\n2,Bob\n", {"2"}, [2]),
        (b'ID,NAME\n1,Ann\n2,"Bo"b"\n3,Cy\n', {"1", "3"}, [3]),
        (b'ID,NAME\n1,Ann\n2,"Bob\n3,Cy\n', {"1"}, [3]),
        (b"ID,NAME\n,Ann\n \t,Bob\n3,Cy\n", {"3"}, [2, 3]),
    ],
    ids=["ragged", "not-utf-8", "stray-quote", "unclosed-quote", "no-key"],
)
def test_bad_csv_rows_are_quarantined_with_line_and_reason(
    lake: Lake, tmp_path: Path, content: bytes, good: set[str], lines: list[int]
) -> None:
    feed = lake.feed(tmp_path)
    counts = feed.send("a.csv", content)
    assert feed.keys() == good
    assert [line for line, _ in feed.rejected()] == lines
    assert all(reasons for _, reasons in feed.rejected())
    assert counts.rows_in == counts.stored + counts.unchanged + counts.quarantined == len(good) + len(lines)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"ID,NAME,NAME\n1,a,b\n", b"ID,,NAME\n1,2,b\n", b"ID,NAM\xff\n1,a\n"]
)
def test_a_file_without_a_usable_header_is_refused_and_audited(
    lake: Lake, tmp_path: Path, content: bytes
) -> None:
    feed = lake.feed(tmp_path)
    with pytest.raises(SourceError):
        feed.send("a.csv", content)
    ((status, error),) = feed.ask("select status, error from load_audit where source = $name")
    assert status == "failed"
    assert "loaded" in error


@pytest.mark.parametrize("column", ['say "hi"', "a.b", "a/b", "t~1", "it's", "$.x", "ünï", "a b", "0", "*"])
def test_any_column_name_can_be_the_key(lake: Lake, tmp_path: Path, column: str) -> None:
    feed = lake.feed(tmp_path, f"key: {json.dumps(column)}")
    quoted = '"' + column.replace('"', '""') + '"'
    feed.send("a.csv", f"{quoted},NAME\nk1,Ann\n")
    assert feed.keys() == {"k1"}


def test_parts_of_a_composite_key_cannot_run_into_each_other(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "key: [A, B]")
    feed.send("a.csv", "A,B,NAME\nx|y,z,1\nx,y|z,2\nx\\,y,3\nx,\\|y,4\n,z,5\n")
    assert len(feed.keys()) == 4
    assert [reasons for _, reasons in feed.rejected()] == [["key column A, B is empty"]]


@pytest.mark.parametrize(
    ("options", "file", "content"),
    [
        (
            "csv: {header: false}\nkey: column0\ncolumns: {column1: person_name}",
            "a.csv",
            b"\xef\xbb\xbf1,Zo\xc3\xab\n",
        ),
        ("csv: {encoding: latin-1}", "a.csv", "ID,NAME\n1,Zoë\n".encode("latin-1")),
        ("csv: {encoding: utf-16}", "a.csv", "ID,NAME\n1,Zoë\n".encode("utf-16")),
        ("csv: {delimiter: '|', quote: ''}", "a.csv", 'ID|NAME\n1|Zo"ë\n'.encode()),
        ('csv: {delimiter: tab, quote: "\'"}', "a.csv", "ID\tNAME\n1\t'Zo''ë'\n".encode()),
        ("", "a.csv.gz", gzip.compress("ID,NAME\n1,Zoë\n".encode())),
        ("", "a.csv.gz", gzip.compress("ID,NAME\n1,Zoë\r\n2,Al\n".encode())),
    ],
    ids=["no-header", "latin-1", "utf-16", "no-quote", "other-quote", "gz", "gz-mixed-endings"],
)
def test_csv_options_are_followed(
    lake: Lake, tmp_path: Path, options: str, file: str, content: bytes
) -> None:
    feed = lake.feed(tmp_path, options)
    feed.send(file, content)
    assert "ë" in feed.live()["1"]


def test_json_lines_keep_what_came_and_reject_what_is_no_object(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, suffix="jsonl")
    lines = [
        b'\xef\xbb\xbf{"ID": 1, "NAME": ["x", "y"], "o": {"a": 1}}\r', b'{"ID": "2", "NAME": "say \\"hi\\", \\u00e9"}',
        b"[1]", b'"text"', b"{bad", b"", b'{"ID": null}', b'{"NAME": "n"}', b'{"ID": 3, "NAME": "\xff"}', b'{"ID":4}\r',
        b'{"ID": 12345678901234567890}', b'{"ID":"\\ud800"}', b'{"ID": 5}\x01{"ID": 6}', b"  \t ", b'{"ID": 7}',
    ]  # fmt: skip
    counts = feed.send("a.jsonl", b"\n".join(lines))
    assert feed.keys() == {"1", "2", "4", "12345678901234567890", "7"}
    assert json.loads(feed.live()["1"])["NAME"] == ["x", "y"]
    assert [line for line, _ in feed.rejected()] == [3, 4, 5, 7, 8, 9, 12, 13]
    assert counts.rows_in == 13


def test_parquet_types_come_through_as_text_that_can_be_read_again(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "event_time: {column: AT}", suffix="parquet")
    table = pa.table({
        "ID": pa.array([1, 2, None], pa.int64()),
        "NAME": pa.array(["Ann", None, "x"]).dictionary_encode(),
        "AT": pa.array([datetime.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)] * 3, pa.timestamp("us", "UTC")),
        "D": [datetime.date(2020, 1, 2)] * 3,
        "N": [Decimal("12345678901234567890.5")] * 3,
        "F": [float("nan"), float("inf"), 1.5],
        "L": [["a", "b"], None, []],
        "S": [{"x": 1}] * 3,
    })  # fmt: skip
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    feed.send("a.parquet", buffer.getvalue())
    assert feed.keys() == {"1", "2"}
    held = json.loads(feed.live()["1"], parse_float=Decimal)
    assert held["D"] == "2020-01-02"
    assert held["N"] == Decimal("12345678901234567890.5")
    assert held["L"] == ["a", "b"]
    ((at,),) = feed.ask("select distinct event_time from source_parties where source = $name")
    assert at == datetime.datetime(2024, 1, 2, 3, 4, 5, 6)  # noqa: DTZ001 - stored as UTC
    assert [line for line, _ in feed.rejected()] == [3]


@pytest.mark.parametrize("content", [b"", b"PAR1 not really", b"ID,NAME\n1,Ann\n"])
def test_a_broken_parquet_file_is_refused_without_quoting_it(
    lake: Lake, tmp_path: Path, content: bytes
) -> None:
    feed = lake.feed(tmp_path, suffix="parquet")
    with pytest.raises(SourceError, match="could not be read as parquet") as caught:
        feed.send("a.parquet", content)
    assert "Ann" not in str(caught.value)


@pytest.mark.parametrize(
    ("of_type", "good", "bad"),
    [
        ("integer", ["3", "-7", " 5 ", "12.0", "9223372036854775807"], ["x", "", "3.7", "1e3", "99999999999999999999"]),
        ("timestamp", ["2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01 00:00:00+05:30"],
         ["x", "", "infinity", "20240-01-01", "-0044-01-01", "2020-13-01"]),
        ("text", ["a", "10"], ["", " "]),
    ],
)  # fmt: skip
def test_a_version_that_cannot_be_ordered_is_rejected(
    lake: Lake, tmp_path: Path, of_type: str, good: list[str], bad: list[str]
) -> None:
    feed = lake.feed(tmp_path, f"version: {{column: V, type: {of_type}}}")
    rows = [f'g{i},"{v}",n' for i, v in enumerate(good)] + [f'b{i},"{v}",n' for i, v in enumerate(bad)]
    feed.send("a.csv", "\n".join(["ID,V,NAME", *rows]))
    assert feed.keys() == {f"g{i}" for i in range(len(good))}
    assert len(feed.rejected()) == len(bad)


def test_integer_versions_order_as_numbers(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "version: {column: V, type: integer}")
    feed.send("a.csv", "ID,V,NAME\n" + "".join(f"1,{v},n{v}\n" for v in (9, 10, -100, 2)))
    assert "n10" in feed.live()["1"]


def test_a_row_whose_kind_is_unknown_is_rejected_unless_it_deletes(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(
        tmp_path,
        "kind: {column: K, values: {P: person}}\ndeleted: {column: OP, values: [D]}",
    )
    feed.send("a.csv", "ID,K,OP,NAME\n1,P,,a\n2,X,,b\n3,,,c\n4,,D,d\n")
    assert feed.keys() == {"1"}
    assert [line for line, _ in feed.rejected()] == [3, 4]


@pytest.mark.parametrize("header", ["NAME", "ID", "ID,NAME", "V,ID", "other"])
def test_a_file_that_lacks_key_version_or_every_mapped_column_is_refused(
    lake: Lake, tmp_path: Path, header: str
) -> None:
    feed = lake.feed(tmp_path, "version: {column: V, type: integer}")
    with pytest.raises(SourceError, match="nothing of it was loaded"):
        feed.send("a.csv", header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")


def test_a_named_file_that_is_missing_is_an_error_and_a_pattern_without_match_is_not(
    lake: Lake, tmp_path: Path
) -> None:
    assert lake.feed(tmp_path, "path: inbox/*.csv").load().rows_in == 0
    with pytest.raises(SourceError, match="does not exist"):
        lake.feed(tmp_path, "path: inbox/one.csv").load()
