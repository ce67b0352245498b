"""A made-up world as a stream of events: what sources send, in the order, the haste and the disorder they do it in.

For trying streaming out, for measuring it, and for showing that its counts add up. Sources and columns are those of
the generator.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from typing import Final

import numpy as np

from partyhub_dagster.errors import ConfigError
from partyhub_dagster.sources.generator.arrays import Rng, stream
from partyhub_dagster.sources.generator.flow import KINDS, Portion, rows_of, send_flow
from partyhub_dagster.streaming.events import SCHEMA_VERSION
from partyhub_dagster.streaming.poison import poison_messages, written
from partyhub_dagster.streaming.sending import Outgoing

_LARGEST_WORLD: Final = 100_000
_ENDLESS_WORLD: Final = 5_000
_NAMESPACE: Final = uuid.UUID("6c6f1f0e-8f4b-5d39-9a51-2d5b1c0a7f11")
KEYS: Final = {"crm": "CUST_ID", "dnb": "dnbRecordId", "markit": "ENTITY_ID"}
"""Sources that events are made up of, each with its key column."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of all messages; inserts are the rest."""

    updates: float = 0.22
    deletes: float = 0.05
    late: float = 0.05
    duplicates: float = 0.02
    poison: float = 0.01

    def __post_init__(self) -> None:
        shares = asdict(self)
        if min(shares.values()) < 0 or sum(shares.values()) > 1:
            raise ConfigError(
                f"Shares of {sum(shares.values()):g} in all cannot be sent; nothing was.",
                remedy="Give each a share from 0 to 1, together at most 1: what is left are inserts.",
            )


@dataclass(frozen=True, slots=True)
class Burst:
    """Messages in the order in which they are sent, and how many of each kind."""

    messages: list[Outgoing]
    counts: Counter[str]


def simulate_events(seed: int, mix: Mix, messages: int | None, largest: int) -> Iterator[Burst]:
    """Yield messages of made-up worlds, one after the other: `messages` of them, or without end.

    `largest`: bytes that a message may have before it is poison.

    Guarantees: the same arguments give the same messages; a duplicate has the bytes of its original; messages of one
    record are in the order in which its source sends them.
    """
    sent = 0
    for number in count():
        size = _ENDLESS_WORLD if messages is None else min(_LARGEST_WORLD, messages - sent)
        if size <= 0:
            return
        yield from _world(seed, number, mix, size, largest)
        sent += size


def _world(seed: int, number: int, mix: Mix, messages: int, largest: int) -> Iterator[Burst]:
    rng = stream(seed, "simulation", str(number))
    poison = round(mix.poison * messages)
    rows = messages - poison
    bad = poison_messages(rng, poison, largest, f"{seed}.{number}")
    shares = {
        kind: min(1.0, getattr(mix, kind) * messages / max(1, rows)) for kind in KINDS if kind != "inserts"
    }
    world_seed = int(rng.integers(2**31))
    passed = spoilt = 0
    for portion in send_flow(world_seed, rows, shares, f"-S{seed}.{number}") if rows else ():
        passed += portion.counts.total()
        due = round(poison * passed / rows) - spoilt
        spoilt += due
        yield _burst(rng, seed, portion, bad[spoilt - due : spoilt])
    if spoilt < poison:
        yield Burst(bad[spoilt:], Counter(poison=poison - spoilt))


def _burst(rng: Rng, seed: int, portion: Portion, poison: list[Outgoing]) -> Burst:
    """Mix what the sources send at a time, each in its own order, with poison anywhere between."""
    waiting = {source: iter(_messages(seed, source, portion)) for source in portion.drops}
    waiting["poison"] = iter(poison)
    lengths = {source: len(drop.key) for source, drop in portion.drops.items()} | {"poison": len(poison)}
    turns = rng.permutation(np.repeat(list(lengths), list(lengths.values())))
    return Burst([next(waiting[turn]) for turn in turns], portion.counts + Counter(poison=len(poison)))


def _messages(seed: int, source: str, portion: Portion) -> Iterator[Outgoing]:
    drop = portion.drops[source]
    rows = rows_of(source, drop)
    moments = np.datetime_as_string(drop.changed_at.astype("datetime64[s]"), unit="s").tolist()
    for row, version, op, moment in zip(rows, drop.version.tolist(), drop.op.tolist(), moments, strict=True):
        record = str(row[KEYS[source]])
        event = {
            "event_id": str(uuid.uuid5(_NAMESPACE, f"{seed} {source} {record} {version}")),
            "op": "delete" if op == "D" else "upsert",
            "source": source,
            "source_record_id": record,
            "event_time": f"{moment}Z",
            "schema_version": SCHEMA_VERSION,
            "payload": row,
        }
        yield Outgoing(f"{source}:{record}".encode(), written(event))
