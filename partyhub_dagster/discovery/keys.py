"""What identifies a record in a feed, what orders its versions, and what says that it was deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import duckdb

from partyhub_dagster.discovery.files import Feed
from partyhub_dagster.discovery.fits import share_of
from partyhub_dagster.discovery.meanings import Judged
from partyhub_dagster.discovery.profile import ColumnProfile
from partyhub_dagster.discovery.vocabulary import DELETED_VALUES, KEPT_VALUES
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.metadata import quote_text

_FORMATS = (
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y", "%Y%m%d%H%M%S",
    "%Y%m%d", "%d-%b-%Y", "%d %b %Y",
)  # fmt: skip
_NOT_STABLE = frozenset(
    {"email", "phone", "date_of_birth", "website", "name", "organization_name", "event_time", "version"}
)
_TRIED = 8
_NEARLY_UNIQUE = 1.25
_ALLOWED_EMPTY = 0.01


@dataclass(frozen=True, slots=True)
class KeyGuess:
    """Columns that identify a record."""

    columns: tuple[str, ...]
    certainty: float
    why: str


@dataclass(frozen=True, slots=True)
class OrderGuess:
    """What says which version of a record is the newer."""

    setting: str
    """`version` or `event_time`."""
    written: dict[str, str]
    why: str


def guess_key(con: duckdb.DuckDBPyConnection, feed: Feed, columns: Sequence[Judged]) -> KeyGuess:
    """Find one column that is unique, else several together.

    Raises:
        SourceError: nothing identifies a record.
    """
    alone = [column for column in columns if _is_unique(con, feed, [column.profile])]
    best = max(alone, key=_stability, default=None)
    if best is not None and (_stability(best) >= 0 or _with_versions(con, feed, columns) is None):
        score = _stability(best)
        certainty = 0.95 if score >= 2.5 else 0.75 if score >= 1 else 0.4
        return KeyGuess((best.name,), certainty, "unique in every file")
    for column in columns:
        if column.meaning == "key" and _is_unique(con, feed, [column.profile], empty=_ALLOWED_EMPTY):
            missing = feed.rows - column.profile.filled
            return KeyGuess(
                (column.name,), 0.7, f"unique, but empty in {missing:,} rows, which go to quarantine"
            )
    versioned = _with_versions(con, feed, columns)
    if versioned is not None:
        return versioned
    several = _composite(con, feed, columns)
    if several is not None:
        return several
    raise SourceError(
        f"{feed.paths[0].name}: no column, and no two or three together, tell every row from every other, so none can"
        " be the key of a record; nothing was written.",
        remedy="Have the file delivered with the record's id. If it has none, add a number to every row once and keep"
        f" it for ever: duckdb -c \"copy (select row_number() over () as row_id, * from '{feed.paths[0].name}') to"
        " 'numbered.csv'\", then run init on that file. If a column is the key and its repetitions are mistakes or"
        " versions, say so with --key COLUMN.",
    )


def _is_unique(
    con: duckdb.DuckDBPyConnection, feed: Feed, profiles: Sequence[ColumnProfile], empty: float = 0.0
) -> bool:
    """Tell whether the columns together are unique in each file; in several files a key may come again, as a change."""
    if any(profile.rows - profile.filled > empty * profile.rows for profile in profiles):
        return False
    if (
        all(profile.distinct * len(feed.paths) < profile.filled for profile in profiles)
        and len(profiles) == 1
    ):
        return False
    names = ", ".join(f"c{profile.number}" for profile in profiles)
    whole = " and ".join(f"c{profile.number} is not null" for profile in profiles)
    found = con.execute(
        f"select 1 from {feed.table} where {whole} group by file, {names} having count(*) > 1 limit 1"
    ).fetchone()
    return found is None


def _stability(column: Judged) -> float:
    """Score how much a unique column looks like the id of a record; names, mails and numbers with fractions do not."""
    words = column.meaning
    profile = column.profile
    score = 3.0 if words == "key" else 1.5 if words == "label" else 1.0 if words is None else 0.0
    score -= 2.0 if words in _NOT_STABLE else 0.0
    score -= 1.0 if share_of(profile.sample, lambda value: " " in value or "@" in value) > 0.2 else 0.0
    score -= 0.5 if share_of(profile.sample, lambda value: "." in value) > 0.2 else 0.0
    return score - profile.number / 1_000


def _with_versions(con: duckdb.DuckDBPyConnection, feed: Feed, columns: Sequence[Judged]) -> KeyGuess | None:
    """An id that repeats is a key all the same if a version or time tells its rows apart."""
    orders = [c for c in columns if c.meaning in ("version", "event_time") and c.profile.fill == 1]
    ids = [c for c in columns if c.profile.fill == 1 and (c.meaning == "key" or _is_nearly_unique(c))]
    for column in sorted(ids, key=lambda c: c.meaning != "key"):
        for order in orders:
            if _is_unique(con, feed, [column.profile, order.profile]):
                return KeyGuess((column.name,), 0.8, f"repeats, and {order.name} tells its versions apart")
    return None


def _is_nearly_unique(column: Judged) -> bool:
    """ENTITY_ID may be a label, which repeats in every group, or an id, which repeats for a few new versions."""
    return column.meaning == "label" and column.profile.repetition < _NEARLY_UNIQUE


def _composite(con: duckdb.DuckDBPyConnection, feed: Feed, columns: Sequence[Judged]) -> KeyGuess | None:
    filled = [c for c in columns if c.profile.fill == 1 and c.profile.distinct > 1 and c.meaning != "label"]
    likely = sorted(filled, key=lambda c: (c.meaning != "key", c.meaning in _NOT_STABLE, -c.profile.distinct))
    for size in (2, 3):
        for chosen in combinations(likely[:_TRIED], size):
            if _is_unique(con, feed, [column.profile for column in chosen]):
                names = tuple(column.name for column in sorted(chosen, key=lambda c: c.profile.number))
                stable = any(column.meaning == "key" for column in chosen)
                return KeyGuess(names, 0.6 if stable else 0.3, "no column is unique, these are together")
    return None


def guess_orders(
    con: duckdb.DuckDBPyConnection, feed: Feed, columns: Sequence[Judged], key: Sequence[str]
) -> tuple[OrderGuess, ...]:
    """Find what says which row of a key is the newer: a version that every row has, a time, or both."""
    found: dict[str, OrderGuess] = {}
    for setting in ("version", "event_time"):
        for column in columns:
            if column.meaning != setting or column.name in key or setting in found:
                continue
            if column.profile.fill < 1 and "version" not in found:
                continue  # a row without any order would go to quarantine
            written = _order(con, feed, column, setting)
            if written is not None:
                found[setting] = OrderGuess(setting, written, "heading, and the hub can read every value")
    return tuple(found.values())


def _order(con: duckdb.DuckDBPyConnection, feed: Feed, column: Judged, setting: str) -> dict[str, str] | None:
    cell = f"c{column.profile.number}"

    def all_are(test: str) -> bool:
        found = con.execute(f"select bool_and({test}) from {feed.table} where {cell} is not null").fetchone()
        return bool(found and found[0])

    if setting == "version":
        is_whole = all_are(f"regexp_full_match({cell}, '[0-9]{{1,18}}')")
        return {"column": column.name, "type": "integer"} if is_whole else None
    if all_are(f"try_cast({cell} as timestamptz) is not null"):
        only_days = all_are(f"length({cell}) <= 10")
        return {"column": column.name, "type": "date" if only_days else "timestamp"}
    for format_ in _FORMATS:
        if all_are(f"try_strptime({cell}, {quote_text(format_)}) is not null"):
            kind = "timestamp" if "%H" in format_ or "%I" in format_ else "date"
            return {"column": column.name, "type": kind, "format": format_}
    return None


def guess_deleted(columns: Sequence[Judged]) -> dict[str, Any] | None:
    """Find a column of few words that says which rows are deletions."""
    for column in columns:
        values = {value.casefold(): value for value in column.profile.common}
        if column.meaning != "deleted" or not values or not set(values) <= DELETED_VALUES | KEPT_VALUES:
            continue
        meaning = [value for folded, value in values.items() if folded in DELETED_VALUES]
        if meaning:
            return {"column": column.name, "values": meaning}
    return None
