"""Looking into quarantine, and taking rows out of it for mending."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.errors import NotFoundError, SourceError
from partyhub_dagster.lake.metadata import quote_name, quote_text

ID_COLUMN = "_quarantine_id"
MESSAGE_PLACE = "kafka:"
"""How `file` begins where a message was rejected, not a row of a file."""
_ABOUT = (ID_COLUMN, "_file", "_line", "_reasons", "_raw")
"""Columns of an exported CSV file that are no columns of the record."""
_FORMULA = r"^'*[=+\-@\t\r]"
"""How a cell begins that a spreadsheet would compute; such cells are written with an apostrophe before them."""
_IS_RECORD = "case when json_valid(payload) then json_type(payload) = 'OBJECT' else false end"
_RECORD = f"(case when {_IS_RECORD} then payload end)"


@dataclass(frozen=True, slots=True)
class QuarantineGroup:
    """Rows of one file that were rejected for one reason; a row of several reasons is in several groups."""

    source: str
    file: str
    reason: str
    state: str
    rows: int
    first_line: int


def list_quarantine(
    con: duckdb.DuckDBPyConnection, source: str | None = None, *, settled: bool = False
) -> list[QuarantineGroup]:
    """Count the rows by source, file and reason: open ones, or with `settled` all. No values."""
    rows = con.execute(
        "select source, file, reason, replay_state, count(*), min(line)"
        " from (select *, unnest(reasons) as reason from quarantine)"
        " where source = coalesce($source, source) and ($settled or replay_state = 'open')"
        " group by all order by source, file, count(*) desc, reason",
        {"source": source, "settled": settled},
    ).fetchall()
    return [QuarantineGroup(*row) for row in rows]


def list_rows(con: duckdb.DuckDBPyConnection, source: str | None, limit: int) -> list[dict[str, Any]]:
    """List open rows by id, without values."""
    found = con.execute(
        "select quarantine_id::varchar, source, file, line, reasons from quarantine"
        " where replay_state = 'open' and source = coalesce($source, source)"
        " order by source, file, line limit $limit",
        {"source": source, "limit": limit},
    ).fetchall()
    return [
        dict(zip(("quarantine_id", "source", "file", "line", "reasons"), row, strict=True)) for row in found
    ]


def find_ids(con: duckdb.DuckDBPyConnection, named: list[str]) -> list[str]:
    """Return the ids that begin as named.

    Raises:
        NotFoundError: none does, or several do.
    """
    found = []
    for beginning in named:
        rows = con.execute(
            "select quarantine_id::varchar from quarantine where starts_with(quarantine_id::varchar, lower($id))"
            " limit 2",
            {"id": beginning.strip()},
        ).fetchall()
        if len(rows) != 1 or not beginning.strip():
            raise NotFoundError(
                f"{'Several rows' if rows else 'No row'} in quarantine ha{'ve' if rows else 's'} an id that begins"
                " like that.",
                remedy="`partyhub quarantine list --rows` lists ids.",
            )
        found.append(str(rows[0][0]))
    return found


def show_row(con: duckdb.DuckDBPyConnection, named: str) -> dict[str, Any]:
    """Return one row with its values, for the owner's own eyes.

    Raises:
        NotFoundError: no row, or several, have an id that begins so.
    """
    (found,) = find_ids(con, [named])
    row = con.execute(
        f"select source, file, line, reasons, replay_state, record_id::varchar, payload, {_IS_RECORD}"
        " from quarantine where quarantine_id = $id",
        {"id": found},
    ).fetchone()
    assert row is not None  # noqa: S101 - found above
    keys = ("source", "file", "line", "reasons", "replay_state", "record_id")
    shown: dict[str, Any] = {"quarantine_id": found, **dict(zip(keys, row[:6], strict=True))}
    return {**shown, "record": json.loads(row[6], strict=False)} if row[7] else {**shown, "raw": row[6]}


def export_rows(con: duckdb.DuckDBPyConnection, source: str | None, out: Path, *, typed: bool) -> int:
    """Write the open rows with their reasons into a .csv or .jsonl file; return how many.

    A CSV file has the columns of one source, and its cells cannot be taken for formulas. `typed`: values of the
    source are more than text, which CSV cannot hold.

    Raises:
        SourceError: the file is there already, cannot be written, or is CSV where that will not do.
        NotFoundError: no row is open.
    """
    chosen = "replay_state = 'open'" + (f" and source = {quote_text(source)}" if source else "")
    row = con.execute(f"select count(*), count(distinct source) from quarantine where {chosen}").fetchone()
    count, sources = row or (0, 0)
    if count == 0:
        raise NotFoundError(
            "No such row is open in quarantine; nothing was written.", remedy="Name another source."
        )
    csv = out.suffix.lower() == ".csv"
    if out.exists() or out.suffix.lower() not in (".csv", ".jsonl"):
        raise SourceError(
            f"{out} {'exists' if out.exists() else 'is neither .csv nor .jsonl'}; nothing was written.",
            remedy="Name a new .csv or .jsonl file with --out.",
        )
    if csv and (typed or sources > 1):
        raise SourceError(
            f"{'Its records hold more than text' if typed else 'Rows of several sources are open'}, which one CSV file"
            " cannot hold; nothing was written.",
            remedy="Write a .jsonl file" + ("." if typed else ", or name one source with --source."),
        )
    query = _csv_rows(con, chosen) if csv else _json_rows(chosen)
    options = "format csv, header" if csv else "format json"
    try:
        out.touch(mode=0o600)
        con.execute(f"copy ({query}) to {quote_text(str(out))} ({options}, use_tmp_file false)")
    except (OSError, duckdb.Error) as error:
        raise SourceError(
            f"{out} could not be written ({type(error).__name__}).",
            remedy="Name a file that you may write to.",
        ) from None
    return int(count)


def _json_rows(chosen: str) -> str:
    return (
        f"select quarantine_id, source, file, line, reasons, {_RECORD}::json as record,"
        f" case when not ({_IS_RECORD}) then payload end as raw from quarantine where {chosen}"
        " order by source, file, line"
    )


def _csv_rows(con: duckdb.DuckDBPyConnection, chosen: str) -> str:
    names = [
        row[0]
        for row in con.execute(
            f"with records as (select {_RECORD} as record from quarantine where {chosen} union all"
            f" (select payload as record from source_parties semi join (from quarantine where {chosen}) using (source)"
            " limit 1))"
            " select name from (select unnest(json_keys(record)) as name,"
            " generate_subscripts(json_keys(record), 1) as place from records) group by name order by min(place), name"
        ).fetchall()
    ]
    if set(names) & set(_ABOUT):
        raise SourceError(
            "The source has a column named like those that the export adds; nothing was written.",
            remedy="Write a .jsonl file.",
        )
    cells = [f"json_extract_string({_RECORD}, {_pointer(name)})" for name in names]
    guarded = [f"{_guarded(cell)} as {quote_name(name)}" for cell, name in zip(cells, names, strict=True)]
    about = [
        f"quarantine_id as {ID_COLUMN}", f"{_guarded('file')} as _file", "line as _line",
        "array_to_string(reasons, '; ') as _reasons",
        f"case when not ({_IS_RECORD}) then {_guarded('payload')} end as _raw",
    ]  # fmt: skip
    return f"select {', '.join([*about, *guarded])} from quarantine where {chosen} order by file, line"


def _pointer(name: str) -> str:
    return quote_text("/" + name.replace("~", "~0").replace("/", "~1"))


def _guarded(cell: str) -> str:
    return f"case when regexp_matches({cell}, {quote_text(_FORMULA)}) then '''' || {cell} else {cell} end"


def record_of_csv(columns: list[str]) -> str:
    """Return the SQL that makes a record of a mended CSV row (its `payload`), the guard of formulas taken off."""
    guarded = quote_text("^'" + _FORMULA.removeprefix("^"))
    fields = []
    for name in columns:
        if name not in _ABOUT:
            cell = f"json_extract_string(payload, {_pointer(name)})"
            bare = f"case when regexp_matches({cell}, {guarded}) then {cell}[2:] else {cell} end"
            fields.append(f"{quote_text(name)}, {bare}")
    return f"json_object({', '.join(fields)})::varchar"
