"""How the topics of a hub stand, for those who look after it."""

from dataclasses import dataclass, field
from typing import Any

import duckdb

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.streaming.confirmed import read_note
from partyhub_dagster.streaming.kafka import broker_of, read_topics, streaming_of
from partyhub_dagster.streaming.losses import find_loss, find_other_topic
from partyhub_dagster.streaming.offsets import stored_offsets, stored_topic_ids


@dataclass(frozen=True, slots=True)
class _Held:
    """What the lake knows of the topics."""

    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    dead_letters: int = 0
    confirmed: int = 0
    lineage_seq: int = 0


def read_standing(hub: Hub) -> dict[str, Any]:
    """Return where every partition stands, what stands against reading on, and how many dead letters wait."""
    held = _Held()
    if hub.place.catalog.exists():
        with hub.place.connect(read_only=True) as con:
            held = _read_lake(con, streaming_of(hub.config).confirmation_topic)
    topics: list[dict[str, Any]] = []
    problems: list[str] = []
    for state in read_topics(broker_of(hub.config), held.offsets, streaming_of(hub.config).topics):
        found = (
            find_other_topic(state.topic, held.ids.get(state.topic), state.topic_id),
            find_loss(state.topic, state.partitions),
        )
        problems += [f"{stop.message} {stop.remedy}" for stop in found if stop is not None][:1]
        partitions = [
            {"partition": p.partition, "stored": p.stored, "low": p.low, "high": p.high, "lag": p.lag}
            for p in state.partitions
        ]
        topics.append({"topic": state.topic, "topic_id": state.topic_id, "partitions": partitions})
    lag = sum(p["lag"] for topic in topics for p in topic["partitions"])
    return {
        "topics": topics, "lag": lag, "messages": held.outcomes, "dead_letters": held.dead_letters,
        "problems": problems, "confirmations": {
            "topic": streaming_of(hub.config).confirmation_topic, "sequence": held.confirmed,
            "lineage_seq": held.lineage_seq,
        },
    }  # fmt: skip


def _read_lake(con: duckdb.DuckDBPyConnection, confirmation_topic: str) -> _Held:
    try:
        note, release = read_note(con, confirmation_topic), shown_release(con)
        query = "select outcome, count(*) from lake.stream_messages group by all order by all"
        return _Held(
            offsets=stored_offsets(con),
            ids=stored_topic_ids(con),
            outcomes=dict(con.execute(query).fetchall()),
            dead_letters=con.execute("select count(*) from lake.dead_letters").fetchall()[0][0],
            confirmed=0 if note is None else note.sequence,
            lineage_seq=0 if release is None else release.lineage_seq,
        )
    except duckdb.CatalogException:  # made before there were streams; the first run brings its tables
        return _Held()
