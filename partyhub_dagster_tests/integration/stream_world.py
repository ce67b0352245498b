"""A hub that takes events of a topic of its own on a real broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from partyhub_dagster.config import load_config
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.streaming.kafka import broker_of
from partyhub_dagster.streaming.offsets import stored_offsets
from partyhub_dagster.streaming.stream import Stream
from partyhub_dagster_tests.events import Message
from partyhub_dagster_tests.factories import lake_place
from partyhub_dagster_tests.services.fixtures import MakeTopic


@dataclass(frozen=True)
class World:
    """A hub that takes events of one topic."""

    hub: Hub
    servers: str
    topic: str
    dead_letters: str

    def send(self, *messages: Message, **settings: Any) -> None:
        producer = Producer({"bootstrap.servers": self.servers, "enable.idempotence": True, **settings})
        for key, value in messages:
            producer.produce(self.topic, key=key, value=value, partition=0)
        assert producer.flush(10) == 0

    @contextmanager
    def stream(self) -> Iterator[tuple[Run, Stream]]:
        with self.hub.run() as run:
            stream = Stream(run, broker_of(self.hub.config))
            try:
                yield run, stream
            finally:
                stream.close()

    def set(self, **settings: Any) -> "World":
        """Return the same with other settings of `streaming`."""
        config = self.hub.config
        assert config.streaming is not None
        streaming = config.streaming.model_copy(update=settings)
        return replace(self, hub=replace(self.hub, config=config.model_copy(update={"streaming": streaming})))

    def take(self) -> dict[str, int]:
        """Take what waits; return how many messages became what, over all runs."""
        with self.stream() as (run, stream):
            for batch in stream.waiting():
                stream.take(batch)
            rows = run.session.con.execute(
                "select outcome, count(*) from lake.stream_messages group by all"
            ).fetchall()
        return dict(rows)

    def stored(self) -> int:
        with self.hub.run() as run:
            return stored_offsets(run.session.con)[self.topic, 0]


def make_world(kafka: str, make_topic: MakeTopic, folder: Path, **settings: str) -> World:
    """Make topics of one partition and a hub in the folder; settings are of the topic with events."""
    topic, dead = make_topic(1, **settings), make_topic(1, "party.events.dlq")
    (folder / "hub.yaml").write_text(
        "sources:\n  crm: {key: ID, version: {column: REV, type: integer}, kind: person,"
        " columns: {NAME: person_name}}\n"
        f"streaming: {{bootstrap_servers: '{kafka}', topics: {topic}, dead_letter_topic: {dead},"
        f" confirmation_topic: {topic}.updates}}\n",
        encoding="utf-8",
    )
    return World(Hub(load_config(folder / "hub.yaml"), lake_place(folder / "home")), kafka, topic, dead)
