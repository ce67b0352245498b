"""The generated sources row by row instead of file by file: a new world that is inserted, changed and deleted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from partyhub_dagster.sources.generator.arrays import Rng, stream
from partyhub_dagster.sources.generator.dnb import LISTS
from partyhub_dagster.sources.generator.feeds import Drop, Feed, send_changes
from partyhub_dagster.sources.generator.files import crm_columns, dnb_columns, markit_columns
from partyhub_dagster.sources.generator.generation import open_feeds, split_by_source

KINDS: Final = ("inserts", "updates", "deletes", "late", "duplicates")
"""What a row can be to its reader; a record that returns after its deletion is one of the updates."""

_MOST_PORTIONS: Final = 40  # a week each, so that no time lies beyond the first year
_ROWS_PER_PORTION: Final = 25  # fewer, and rounding alone would decide what happens
_LEAST_RECORDS: Final = 100


@dataclass(frozen=True, slots=True)
class Portion:
    """What the sources send one after the other, each in its order, and how many rows of each kind that is."""

    drops: dict[str, Drop]
    counts: Counter[str]


def send_flow(seed: int, rows: int, shares: Mapping[str, float], mark: str) -> Iterator[Portion]:
    """Send `rows` rows of a new world; shares are of all rows but inserts, which are the rest.

    Guarantees: exactly `rows` rows; the same arguments give the same rows; a late row follows a newer version of its
    record, a duplicate its original or comes before it as an equal. Every key ends in `mark`.
    """
    by_source = {name: n for name, n in split_by_source(rows).items() if n}
    feeds = {
        name: replace(feed, key=feed.key + mark)
        for name, feed in open_feeds(
            seed, {name: max(n, _LEAST_RECORDS) for name, n in split_by_source(rows).items()}
        )
        if name in by_source
    }
    portions = max(1, min(_MOST_PORTIONS, rows // _ROWS_PER_PORTION))
    rng = {name: stream(seed, "flow", name) for name in by_source}
    done: dict[str, Counter[str]] = {name: Counter() for name in by_source}
    for number in range(1, portions + 1):
        sent = {
            name: _send(rng[name], feeds[name], number, done[name], _due(n, shares, number / portions))
            for name, n in by_source.items()
        }
        counts: Counter[str] = sum((held for _, held in sent.values()), Counter())
        yield Portion({name: drop for name, (drop, _) in sent.items()}, counts)


def _due(rows: int, shares: Mapping[str, float], passed: float) -> dict[str, int]:
    """Return how many rows of each kind are due when that part of the flow has passed."""
    due = {kind: round(round(shares[kind] * rows) * passed) for kind in KINDS if kind != "inserts"}
    return {"inserts": max(0, round(rows * passed) - sum(due.values())), **due}


def _send(
    rng: Rng, feed: Feed, number: int, done: Counter[str], due: dict[str, int]
) -> tuple[Drop, Counter[str]]:
    """Send what is due and was not sent; what cannot be sent yet, as there is nothing to change, waits.

    A portion is filled up with inserts, so that its number of rows is always the one that is due.
    """
    asked = {kind: max(0, due[kind] - done[kind]) for kind in KINDS}
    missing = sum(due.values()) - done.total()
    asked = _cut(asked, missing)
    drop, held = _changes(rng, feed, number, asked)
    if short := missing - held.total():
        more, inserted = _changes(rng, feed, number, {**dict.fromkeys(KINDS, 0), "inserts": short})
        drop, held = drop.followed_by(more), held + inserted
    done.update(held)
    return drop, held


def _cut(asked: dict[str, int], most: int) -> dict[str, int]:
    """Ask for no more than `most` rows: inserts made up for what could not be sent earlier."""
    left, cut = most, {}
    for kind in reversed(KINDS):
        cut[kind] = min(asked[kind], left)
        left -= cut[kind]
    return cut


def _changes(rng: Rng, feed: Feed, number: int, asked: dict[str, int]) -> tuple[Drop, Counter[str]]:
    drop, held = send_changes(rng, feed, number, asked)
    counts = Counter(held)
    counts["updates"] += counts.pop("returns")
    return drop, counts


def rows_of(source: str, drop: Drop) -> list[dict[str, Any]]:
    """Return the rows as a source's own columns and values; absent values are left out."""
    columns = _COLUMNS[source](drop)
    lists = LISTS if source == "dnb" else ()
    named = list(columns)
    return [
        {
            name: value.split("|") if name in lists else value
            for name, value in zip(named, values, strict=True)
            if value != ""
        }
        for values in zip(*(column.tolist() for column in columns.values()), strict=True)
    ]


_COLUMNS: Final = {"crm": crm_columns, "dnb": dnb_columns, "markit": markit_columns}
