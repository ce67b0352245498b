"""A source over time: which records it has sent, in which version, and what it sends next.

Versions advance by two, so that the one in between can arrive late and still be new to its reader.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self, cast

import numpy as np

from partyhub_dagster.sources.generator.arrays import Bools, Ints, Rng, Text
from partyhub_dagster.sources.generator.cases import RecordPlan

Writer = Callable[[Rng, Ints, Bools], dict[str, Text]]
"""Writes the records at the given places down; marked ones as they were before their last move."""

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_FIRST_CHANGE: Final = int(np.datetime64("2016-01-01T00:00:00", "s").astype(int))
_FIRST_DELIVERY: Final = int(np.datetime64("2025-01-06T00:00:00", "s").astype(int))
_UPDATES_PER_RETURN: Final = 4
CHANGE_MIX: Final = {"inserts": 0.40, "updates": 0.34, "deletes": 0.08, "late": 0.08, "duplicates": 0.10}


@dataclass(frozen=True, slots=True)
class Drop:
    """The rows of one source in one delivery."""

    key: Text
    columns: dict[str, Text]
    version: Ints
    changed_at: Ints  # seconds since 1970-01-01
    op: Text

    def take(self, at: Ints) -> Self:
        """Return the rows at the given positions."""
        columns = {name: column[at] for name, column in self.columns.items()}
        return type(self)(self.key[at], columns, self.version[at], self.changed_at[at], self.op[at])

    def followed_by(self, *more: Self) -> Self:
        """Return these rows and those after them."""
        drops = (self, *more)
        return type(self)(
            key=np.concatenate([drop.key for drop in drops]),
            columns={name: np.concatenate([drop.columns[name] for drop in drops]) for name in self.columns},
            version=cast(Ints, np.concatenate([drop.version for drop in drops])),
            changed_at=cast(Ints, np.concatenate([drop.changed_at for drop in drops])),
            op=np.concatenate([drop.op for drop in drops]),
        )


@dataclass(frozen=True, slots=True)
class Feed:
    """A source's records as it last sent them; `send_*` change them and return what goes out."""

    key: Text
    plan: RecordPlan
    write: Writer
    columns: dict[str, Text]
    version: Ints
    changed_at: Ints
    op: Text
    sent: Bools
    alive: Bools
    late_version: Ints  # newest late version sent, so that none is sent twice


def open_feed(rng: Rng, key: Text, plan: RecordPlan, write: Writer) -> Feed:
    """Return a feed whose records are all written down and of which nothing was sent."""
    n = len(key)
    nowhere = np.zeros(n, dtype=np.bool_)
    return Feed(
        key=key,
        plan=plan,
        write=write,
        columns=write(rng, np.arange(n), nowhere),
        version=2 * rng.geometric(0.35, size=n).astype(np.int64),
        changed_at=_FIRST_CHANGE + rng.integers(8 * 365 * _DAY, size=n),
        op=np.full(n, "I", dtype=object),
        sent=nowhere.copy(),
        alive=nowhere.copy(),
        late_version=np.zeros(n, dtype=np.int64),
    )


def _current(feed: Feed, at: Ints) -> Drop:
    columns = {name: column[at] for name, column in feed.columns.items()}
    return Drop(feed.key[at], columns, feed.version[at], feed.changed_at[at], feed.op[at])


def send_first(feed: Feed, records: int) -> Drop:
    """Send the first records; the rest are inserts of later deliveries."""
    at = np.arange(records)
    feed.sent[at], feed.alive[at] = True, True
    return _current(feed, at)


def change_counts(changes: int) -> dict[str, int]:
    """Return how many rows of each kind a delivery of that many rows has: one of each from five rows on."""
    counts = {kind: int(share * changes) for kind, share in CHANGE_MIX.items()}
    if changes >= len(counts):
        counts = {kind: max(1, n) for kind, n in counts.items()}
    for kind in ("inserts", "updates"):
        spare = changes - sum(counts.values())
        counts[kind] = (
            max(1, counts[kind] + spare) if changes >= len(counts) else counts[kind] + max(0, spare)
        )
    return counts


def send_changes(rng: Rng, feed: Feed, number: int, counts: dict[str, int]) -> tuple[Drop, dict[str, int]]:
    """Send delivery `number` and return it, with how many rows of each kind it really has.

    A quarter of the updates go to deleted records, if there are any: they return. Order within the file is random.
    """
    inserted = np.flatnonzero(~feed.sent)[: counts["inserts"]]
    returned = _pick(rng, np.flatnonzero(feed.sent & ~feed.alive), counts["updates"] // _UPDATES_PER_RETURN)
    touched = _pick(rng, np.flatnonzero(feed.alive), counts["updates"] - len(returned) + counts["deletes"])
    deleted, updated = np.split(touched, [min(counts["deletes"], len(touched) // 2)])
    late = _late(rng, feed, counts["late"])
    _advance(rng, feed, number, np.concatenate([updated, returned]))
    _rewrite(rng, feed, np.concatenate([updated, returned]))
    _advance(rng, feed, number, deleted)
    _settle(feed, inserted, updated, deleted, returned, number, rng)
    fresh = np.concatenate([inserted, updated, returned, deleted])
    twice = _twice(rng, feed, fresh, counts["duplicates"])
    names = ("inserts", "updates", "returns", "deletes", "late", "duplicates")
    sizes = [len(part) for part in (inserted, updated, returned, deleted, late.key, twice)]
    drop = _current(feed, fresh).followed_by(late, _current(feed, twice))
    return drop.take(rng.permutation(len(drop.key))), dict(zip(names, sizes, strict=True))


def _pick(rng: Rng, among: Ints, n: int) -> Ints:
    return rng.choice(among, size=min(n, len(among)), replace=False)


def _advance(rng: Rng, feed: Feed, number: int, at: Ints) -> None:
    feed.version[at] += 2
    feed.changed_at[at] = _delivery_time(rng, number, len(at))


def _delivery_time(rng: Rng, number: int, n: int) -> Ints:
    return _FIRST_DELIVERY + 7 * _DAY * (number - 1) + rng.integers(5 * _DAY, size=n)


def _settle(
    feed: Feed, inserted: Ints, updated: Ints, deleted: Ints, returned: Ints, number: int, rng: Rng
) -> None:
    feed.changed_at[inserted] = _delivery_time(rng, number, len(inserted))
    feed.op[updated], feed.op[returned], feed.op[deleted] = "U", "I", "D"
    feed.sent[inserted] = True
    feed.alive[inserted], feed.alive[returned], feed.alive[deleted] = True, True, False


def _rewrite(rng: Rng, feed: Feed, at: Ints) -> None:
    """Write the records down anew: another day, another clerk."""
    for name, column in feed.write(rng, at, np.zeros(len(at), dtype=np.bool_)).items():
        feed.columns[name][at] = column


def _late(rng: Rng, feed: Feed, n: int) -> Drop:
    """Return rows older than what was sent before, with the address of then; nothing of the feed changes."""
    possible = np.flatnonzero(feed.sent & (feed.version - 1 > feed.late_version))
    at = _pick(rng, possible, n)
    feed.late_version[at] = feed.version[at] - 1
    columns = feed.write(rng, at, np.ones(len(at), dtype=np.bool_))
    earlier = feed.changed_at[at] - rng.integers(_HOUR, 12 * _HOUR, size=len(at))
    return Drop(feed.key[at], columns, feed.version[at] - 1, earlier, np.full(len(at), "U", dtype=object))


def _twice(rng: Rng, feed: Feed, fresh: Ints, n: int) -> Ints:
    """Return records to send again exactly as they are: half from this delivery, half from earlier ones."""
    here = _pick(rng, fresh, n // 2)
    before = np.flatnonzero(feed.sent & ~np.isin(np.arange(len(feed.key)), fresh))
    return np.concatenate([here, _pick(rng, before, n - len(here))])
