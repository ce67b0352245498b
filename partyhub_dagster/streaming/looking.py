"""Looking at a topic: what the lake has read of it, what readers see of that, and what the broker has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.connection import is_held
from partyhub_dagster.lake.releases import needs_release
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import reading
from partyhub_dagster.streaming.offsets import stored_offsets, stored_topic_ids
from partyhub_dagster.streaming.ranges import PartitionState


@dataclass(frozen=True, slots=True)
class TopicLook:
    """What the lake and the broker say of one topic."""

    topic: str
    partitions: tuple[PartitionState, ...]
    """All that either knows; one that only the lake knows has low = high = 0."""
    stored_id: str | None
    broker_id: str | None
    released: bool
    """Readers see everything that is stored."""
    busy: bool
    """Somebody holds the hub for a run."""

    @property
    def lag(self) -> int:
        """Offsets that wait, in all partitions."""
        return sum(state.lag for state in self.partitions)


@dataclass(frozen=True, slots=True)
class _Stored:
    offsets: dict[tuple[str, int], int]
    ids: dict[str, str]
    released: bool


class Lookout:
    """Looks at the topics of a hub again and again, and reads the lake only if it was written meanwhile."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._seen: tuple[object, _Stored] | None = None

    def look_at(self, topic: str) -> TopicLook:
        """Look at the lake first, then at the broker: what is read meanwhile can only make the lag smaller.

        Raises:
            BrokerError: the broker does not answer in time.
            StreamError: the broker has no such topic.
        """
        from partyhub_dagster.streaming.kafka import broker_of, read_topics

        stored = self._look_at_lake()
        (found,) = read_topics(broker_of(self._hub.config), stored.offsets, [topic])
        return TopicLook(
            topic,
            (*found.partitions, *_lost_partitions(topic, found.partitions, stored.offsets)),
            stored.ids.get(topic),
            found.topic_id,
            stored.released,
            is_held(self._hub.place.home / "run.lock"),
        )

    def was_read(self, topic: str) -> bool:
        """Tell whether the lake holds anything of the topic."""
        return any(held == topic for held, _ in self._look_at_lake().offsets)

    def _look_at_lake(self) -> _Stored:
        stamp = self._hub.place.stamp()  # before reading: what is written meanwhile is seen at the next look
        if self._seen is None or self._seen[0] != stamp:
            self._seen = stamp, _read_lake(self._hub)
        return self._seen[1]


def _read_lake(hub: Hub) -> _Stored:
    nothing = _Stored({}, {}, released=True)
    if not hub.place.catalog.exists():
        return nothing
    with hub.place.connect(read_only=True) as con, reading(con):
        try:
            return _Stored(stored_offsets(con), stored_topic_ids(con), _is_released(hub, con))
        except duckdb.CatalogException:  # made before there were streams; the first run brings its tables
            return nothing


def _is_released(hub: Hub, con: duckdb.DuckDBPyConnection) -> bool:
    session = Session(hub.place, con, run_id="look")
    return not needs_release(session, shown_release(con), hub.config.fingerprint("hub"))


def _lost_partitions(
    topic: str, found: Iterable[PartitionState], stored: Mapping[tuple[str, int], int]
) -> list[PartitionState]:
    there = {state.partition for state in found}
    lost = {n: offset for (of, n), offset in stored.items() if of == topic and n not in there}
    return [PartitionState(topic, n, offset, 0, 0) for n, offset in sorted(lost.items())]
