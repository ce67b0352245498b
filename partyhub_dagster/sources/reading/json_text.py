"""JSON Lines and JSON files: each record an object."""

import re
from pathlib import Path

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.sources.reading.lines import drop_lines, read_lines
from partyhub_dagster.sources.reading.plain import temporary_folder

_MAX_DEPTH = 100
_MAX_OBJECT_BYTES = 64 << 20


def read_json_lines(con: duckdb.DuckDBPyConnection, path: Path, out: str) -> None:
    """Create temp table `out` (position, payload, reason); a broken line is kept as it came."""
    read_lines(con, path, "json_lines")
    con.execute(
        f"create or replace temp table {out} as"
        f" select position, trim(line, ' \t\r') as payload, {record_reason('line', 'line')} as reason from json_lines"
        " union all by name"
        " select line as position, raw as payload, 'line cannot be read as text: ' || what as reason from rejects"
    )
    drop_lines(con, "json_lines")
    reject_deep(con, out)


def read_json(con: duckdb.DuckDBPyConnection, source: Source, path: Path, out: str) -> None:
    """Create temp table `out` (position, payload, reason) from one list of objects.

    Raises:
        SourceError: the list is not where hub.yaml says.
        duckdb.Error: the file is not JSON.
    """
    key = source.json_.records
    if key is None:
        _refuse_other_than_list(path)
        _read_list(con, path, out)
        return
    with temporary_folder(con) as folder:
        listed = folder / "records.json"
        listed.write_text(_list_under(con, path, key), encoding="utf-8")
        _read_list(con, listed, out)


def _read_list(con: duckdb.DuckDBPyConnection, path: Path, out: str) -> None:
    con.execute(
        f"create or replace temp table {out} as"
        f" select row_number() over () as position, coalesce(element::varchar, 'null') as payload,"
        f" {record_reason('element::varchar', 'element')} as reason"
        f" from read_json({quote_text(str(path))}, format = 'array', records = 'false', compression = 'uncompressed',"
        f" columns = {{element: 'JSON'}}, maximum_object_size = {_MAX_OBJECT_BYTES})"
    )
    reject_deep(con, out)


def _refuse_other_than_list(path: Path) -> None:
    with path.open("rb") as file:
        first = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not first:
        raise SourceError(
            "The file is empty; nothing was loaded from it.",
            remedy="Have the file delivered again, or remove it from the source's path.",
        )
    if first == b"{":
        raise SourceError(
            "The file is a JSON object, not a list of records; nothing of it was loaded.",
            remedy="Name the key of the list (`json: {records: KEY}`), or write `format: jsonl` if every line is a"
            " record.",
        )


def _list_under(con: duckdb.DuckDBPyConnection, path: Path, key: str) -> str:
    """Return the text of the list under a key such as data.items."""
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in key.split("."))
    row = con.execute(
        "select json_type(found), found::varchar from (select json_extract(ltrim(content, '\ufeff')::json,"
        f" {quote_text(pointer)}) as found from read_text({quote_text(str(path))}))"
    ).fetchone()
    if row is None or row[0] != "ARRAY":
        raise SourceError(
            f"The file has no list of records under {key}; nothing of it was loaded.",
            remedy="Correct `json: {records: KEY}` of the source in hub.yaml, or have the file delivered with it.",
        )
    return str(row[1])


def record_reason(text: str, what: str) -> str:
    """Return the SQL that says why a text is no record; null where it is one."""
    return (
        f"case when {text} is null then '{what} is JSON but not an object'"
        f" when not json_valid({text}) then '{what} is not valid JSON'"
        f" when json_type({text}) <> 'OBJECT' then '{what} is JSON but not an object'"
        f" when len(json_keys({text})) <> len(list_distinct(json_keys({text})))"
        f" then '{what} names a key twice' end"
    )


def reject_deep(con: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Give a reason to objects nested so deep that programs that walk through them would break."""
    suspects = con.execute(
        f"select position, payload from {rows} where reason is null and strlen(payload) > {2 * _MAX_DEPTH}"
        " and 2 * strlen(payload) - strlen(replace(payload, '[', '')) - strlen(replace(payload, '{', ''))"
        f" > {_MAX_DEPTH}"
    ).fetchall()
    for position, payload in suspects:
        if _depth(payload) > _MAX_DEPTH:
            con.execute(
                f"update {rows} set reason = 'record is nested more than {_MAX_DEPTH} levels deep'"
                f" where position = {position}"
            )


def _depth(text: str) -> int:
    deepest = level = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        if found[0] in "[{":
            level += 1
            deepest = max(deepest, level)
        elif found[0] in "]}":
            level -= 1
    return deepest
