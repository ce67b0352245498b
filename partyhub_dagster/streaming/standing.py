"""How the topics of a hub stand, for those who look after it."""

from typing import Any

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.streaming.confirmed import read_note
from partyhub_dagster.streaming.kafka import broker_of, read_topics, streaming_of
from partyhub_dagster.streaming.losses import find_loss, find_other_topic
from partyhub_dagster.streaming.offsets import stored_offsets, stored_topic_ids


def read_standing(hub: Hub) -> dict[str, Any]:
    """Return where every partition stands, what stands against reading on, and how many dead letters wait."""
    stored: dict[tuple[str, int], int] = {}
    ids: dict[str, str] = {}
    outcomes: dict[str, int] = {}
    dead_letters = 0
    confirmations = {"topic": streaming_of(hub.config).confirmation_topic, "sequence": 0, "lineage_seq": 0}
    if hub.place.catalog.exists():
        with hub.place.connect(read_only=True) as con:
            stored, ids = stored_offsets(con), stored_topic_ids(con)
            row = con.execute("select count(*) from lake.dead_letters").fetchone()
            dead_letters = int(row[0]) if row else 0
            note, release = read_note(con, str(confirmations["topic"])), shown_release(con)
            confirmations["sequence"] = 0 if note is None else note.sequence
            confirmations["lineage_seq"] = 0 if release is None else release.lineage_seq
            outcomes = dict(
                con.execute(
                    "select outcome, count(*) from lake.stream_messages group by all order by all"
                ).fetchall()
            )
    topics: list[dict[str, Any]] = []
    problems: list[str] = []
    for state in read_topics(broker_of(hub.config), stored, streaming_of(hub.config).topics):
        found = (
            find_other_topic(state.topic, ids.get(state.topic), state.topic_id),
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
        "topics": topics, "lag": lag, "messages": outcomes, "dead_letters": dead_letters, "problems": problems,
        "confirmations": confirmations,
    }  # fmt: skip
