"""Whether a delivery keeps the contract of its source: one pass of SQL over its rows, told in counts.

SQL rather than pandera on frames: the rows are in DuckDB already, a million of them must take seconds, and a
report must not hold values, which pandera's failure cases are made of.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import duckdb

from partyhub_dagster.config import HubConfig, Source
from partyhub_dagster.config.contract import ColumnContract, Contract
from partyhub_dagster.errors import ContractError, SourceError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.sources.deliveries import Delivery
from partyhub_dagster.sources.rows import column_text, json_pointer

_TOLD = 20
"""Broken promises that a report names."""
_MISSING = "no value"
_TYPES = {
    "integer": "regexp_full_match({}, '[-+]?[0-9]+')",
    "number": "try_cast({} as double) is not null",
    "date": "try_cast({} as date) is not null",
    "timestamp": "try_cast({} as timestamptz) is not null",
    "boolean": "lower({}) in ('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', '1', '0')",
}
"""Type -> the SQL condition that a value, in place of the braces, is of it."""


class Breach(NamedTuple):
    """A broken promise, in counts."""

    where: str
    rule: str
    broken: int | None = None
    checked: int | None = None

    def __str__(self) -> str:
        counts = "" if self.broken is None else f" ({self.broken:,} of {self.checked:,})"
        return f"{self.where}: {self.rule}{counts}"


def refuse_broken_contract(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    delivery: Delivery,
    columns: Sequence[str] | None,
    now: datetime,
) -> None:
    """Refuse a delivery whose rows, in temp table `described`, break the contract; a person can let the file through.

    Raises:
        ContractError: promises are broken, and nobody accepted this very content.
    """
    contract = source.contract
    if contract is None or _is_accepted(con, delivery):
        return
    try:
        breaches = find_breaches(con, source, contract, delivery, columns, now)
    except duckdb.Error as error:  # its text can quote values
        raise SourceError(
            f"The contract of the source could not be checked ({type(error).__name__});"
            " nothing of the file was loaded.",
            remedy="Check the patterns of `contract` of the source in hub.yaml: they are regular expressions of RE2.",
        ) from None
    if breaches:
        listed = "; ".join(str(breach) for breach in breaches[:_TOLD])
        more = f"; and {len(breaches) - _TOLD} more" if len(breaches) > _TOLD else ""
        raise ContractError(
            f"The delivery breaks its contract: {listed}{more}; nothing of it was loaded.",
            remedy="Have it delivered again, take it away, correct `contract` of the source in hub.yaml, or let this"
            " file through: `partyhub load --accept FILE --reason TEXT`.",
        )


def find_breaches(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    contract: Contract,
    delivery: Delivery,
    columns: Sequence[str] | None,
    now: datetime,
) -> list[Breach]:
    """List what a delivery breaks; rows that delete a record, or that are none, are not asked for values."""
    return [
        *_header(source, contract, columns),
        *_values(con, contract, columns),
        *_rows(con, contract, delivery),
        *_freshness(con, source, contract, delivery, now),
    ]


def _header(source: Source, contract: Contract, columns: Sequence[str] | None) -> list[Breach]:
    if columns is None:
        return []
    missing = [name for name, column in contract.columns.items() if column.required and name not in columns]
    found = [Breach(name, "the file lacks this column") for name in missing]
    if contract.extra_columns:
        return found
    parts = (source.version, source.event_time, source.deleted, source.kind, source.party_type)
    known = {*contract.columns, *source.key, *source.columns, *(p.column for p in parts if p is not None)}
    return [*found, *(Breach(name, "no such column is expected") for name in columns if name not in known)]


def _values(
    con: duckdb.DuckDBPyConnection, contract: Contract, columns: Sequence[str] | None
) -> list[Breach]:
    """Count, in one pass, missing values and values that break a promise; each row is parsed once."""
    asked = [name for name in contract.columns if columns is None or name in columns]
    promises = [
        (name, f"v{place}", *promise)
        for place, name in enumerate(asked, 1)
        for promise in _promises(contract.columns[name], f"v{place}")
    ]
    if not promises:
        return []
    pointers = ", ".join(quote_text(json_pointer(name)) for name in asked)
    values = ", ".join(f"nullif(trim(held[{i}]), '') as v{i}" for i in range(1, len(asked) + 1))
    counts = []
    for _, value, rule, condition, _ in promises:
        counts += ["count(*)" if rule == _MISSING else f"count({value})", f"count(*) filter ({condition})"]
    row = con.execute(
        f"select {', '.join(counts)} from (select {values} from"
        f" (select json_extract_string(payload, [{pointers}]) as held"
        " from described where record_id is not null and not deleted))"
    ).fetchall()[0]
    return [
        Breach(name, rule, row[2 * i + 1], row[2 * i])
        for i, (name, _, rule, _, share) in enumerate(promises)
        if row[2 * i + 1] > share * row[2 * i]
    ]


def reject_breaches(con: duckdb.DuckDBPyConnection, contract: Contract, rows: str) -> None:
    """Give a reason to each row of temp table `rows` that breaks a promise of which no share may be broken.

    For records that come one by one, so that there is no delivery to refuse. Shares, rows and ages are of deliveries.
    """
    reasons = [
        f"case when {condition} then {quote_text(f'column {name} breaks the contract: {rule}')} end"
        for name, column in contract.columns.items()
        for rule, condition, share in _promises(column, column_text(name))
        if share == 0
    ]
    if not reasons:
        return
    con.execute(
        f"create or replace temp table {rows} as select * replace (case when len(reasons) > 0 or deleted then reasons"
        f" else list_filter([{', '.join(reasons)}], lambda r: r is not null) end as reasons) from {rows}"
    )


def _promises(column: ColumnContract, value: str) -> list[tuple[str, str, float]]:
    """List the promises of a column: what breaks them in words and in SQL over `value`, and the share that may."""
    found = [(_MISSING, f"{value} is null", column.max_null_share)] if column.max_null_share < 1 else []
    broken = []
    if column.type in _TYPES:
        broken.append((f"not of type {column.type}", f"not ({_TYPES[column.type].format(value)})"))
    cast = "double" if column.type in {"integer", "number"} else "date"
    for bound, comparison, word in (
        (column.min, "<", "below the range"),
        (column.max, ">", "above the range"),
    ):
        if bound is not None:
            broken.append((word, f"try_cast({value} as {cast}) {comparison} '{bound}'::{cast}"))
    if column.values:
        listed = ", ".join(map(quote_text, column.values))
        broken.append(("not among the allowed values", f"{value} not in ({listed})"))
    if column.pattern is not None:
        broken.append(("not as the pattern", f"not regexp_full_match({value}, {quote_text(column.pattern)})"))
    return [*found, *((rule, condition, column.max_broken_share) for rule, condition in broken)]


def _rows(con: duckdb.DuckDBPyConnection, contract: Contract, delivery: Delivery) -> list[Breach]:
    rows, usual = con.execute(
        "select (select count(*) from described), (select avg(rows_in) from (select rows_in from load_audit"
        " where source = $source and status = 'loaded' and file_size is not null order by load_order desc limit 10))",
        {"source": delivery.source},
    ).fetchall()[0]
    found = []
    if contract.min_rows is not None and rows < contract.min_rows:
        found.append(Breach("rows", "too few", rows, contract.min_rows))
    if contract.max_rows is not None and rows > contract.max_rows:
        found.append(Breach("rows", "too many", rows, contract.max_rows))
    if contract.max_row_change is not None and usual and abs(rows - usual) > contract.max_row_change * usual:
        found.append(Breach("rows", "too far from what is usual", rows, round(usual)))
    return found


def _freshness(
    con: duckdb.DuckDBPyConnection, source: Source, contract: Contract, delivery: Delivery, now: datetime
) -> list[Breach]:
    if contract.max_age_hours is None:
        return []
    newest = None
    if source.event_time is not None:
        newest = con.execute("select epoch(max(event_time)) from described").fetchall()[0][0]
    if newest is None:
        newest = (delivery.mtime_ns or 0) / 1e9
    if now.timestamp() - newest <= contract.max_age_hours * 3600:
        return []
    return [Breach("freshness", f"older than {contract.max_age_hours:g} hours")]


class Overdue(NamedTuple):
    """A source of which nothing new came for longer than its contract allows; `hours` is null if nothing ever did."""

    source: str
    hours: float | None
    max_age_hours: float


def overdue_sources(con: duckdb.DuckDBPyConnection, config: HubConfig, now: datetime) -> list[Overdue]:
    """List the sources that went quiet, by the newest event time that is held; without event times, by the files."""
    found = []
    for name, source in config.sources.items():
        if source.contract is None or source.contract.max_age_hours is None:
            continue
        ((file, event),) = con.execute(
            "select (select max(file_mtime_ns) / 1e9 from load_audit where source = $source and status = 'loaded'),"
            " (select epoch(max(event_time)) from source_party_history where source = $source)",
            {"source": name},
        ).fetchall()
        newest = file if source.event_time is None or event is None else event
        hours = None if newest is None else round((now.timestamp() - newest) / 3600, 1)
        if hours is None or hours > source.contract.max_age_hours:
            found.append(Overdue(name, hours, source.contract.max_age_hours))
    return found


def _is_accepted(con: duckdb.DuckDBPyConnection, delivery: Delivery) -> bool:
    row = con.execute(
        "select 1 from delivery_acceptances where source = $source and file_hash = $hash",
        {"source": delivery.source, "hash": delivery.file_hash},
    ).fetchone()
    return row is not None
