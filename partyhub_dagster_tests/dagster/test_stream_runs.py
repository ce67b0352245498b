"""The sensor and its jobs against a real broker: what comes in Kafka is released, and what is gone stops the topic."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.assets.topics import topic_key
from partyhub_dagster.orchestration.build import build_defs
from partyhub_dagster.orchestration.stream_sensor import sensor_name
from partyhub_dagster.streaming.kafka import broker_of
from partyhub_dagster.streaming.restarting import restart_topic
from partyhub_dagster.streaming.stream import Stream as Reader
from partyhub_dagster_tests.dagster.hubs import QUIET, hub_of
from partyhub_dagster_tests.factories import party_of
from partyhub_dagster_tests.services.fixtures import create_topic
from partyhub_dagster_tests.services.servers import Kafka

pytestmark = pytest.mark.service

EVENTS = """
version: 1
name: events
sources:
  crm:
    path: crm/*.csv
    key: ID
    version: {{column: REV, type: integer}}
    kind: person
    columns: {{NAME: person_name, MAIL: email}}
streaming:
  topics: {topic}
  dead_letter_topic: {topic}.dlq
  confirmation_topic: {topic}.updates
  max_batch_messages: 4
  sensor: {{runs: {runs}}}
"""


@dataclass
class Stream:
    """A hub that reads one topic, with a daemon that is driven by hand."""

    hub: Hub
    topic: str
    servers: str
    instance: dg.DagsterInstance
    cursor: str | None = None

    def tick(self) -> dg.SensorResult | dg.SkipReason:
        definitions = build_defs(self.hub)
        sensor = definitions.get_repository_def().get_sensor_def(sensor_name(self.topic))
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=definitions
        ) as context:
            found = sensor(context)
        assert isinstance(found, dg.SensorResult | dg.SkipReason)
        if isinstance(found, dg.SensorResult):
            self.cursor = found.cursor
        return found

    def reason(self) -> str:
        found = self.tick()
        reason = found.skip_reason if isinstance(found, dg.SensorResult) else found
        assert reason is not None
        return str(reason.skip_message)

    def run(self) -> dg.ExecuteInProcessResult:
        """Tick, and run what was asked for to its end."""
        found = self.tick()
        assert isinstance(found, dg.SensorResult), found
        (request,) = found.run_requests or []
        job = build_defs(self.hub).resolve_job_def(str(request.job_name))
        return job.execute_in_process(
            {**request.run_config, **QUIET}, instance=self.instance, tags=request.tags, raise_on_error=False
        )

    def store(self) -> None:
        """Take what waits into the lake, and no further: enough to have read it."""
        with self.hub.run() as run:
            reader = Reader(run, broker_of(self.hub.config))
            for batch in reader.waiting():
                reader.take(batch)
            reader.close()

    def produce(self, *events: dict[str, Any] | bytes) -> None:
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self.servers})
        for event in events:
            value = event if isinstance(event, bytes) else json.dumps(event).encode()
            key = "?" if isinstance(event, bytes) else f"crm:{event['source_record_id']}"
            producer.produce(self.topic, value, key)
        assert producer.flush(30) == 0


def person(number: int, name: str, mail: str, version: int = 1) -> dict[str, Any]:
    return {
        "event_id": f"{number}-{version}", "op": "upsert", "source": "crm", "source_record_id": str(number),
        "event_time": "2026-03-01T12:00:00Z", "version": version, "schema_version": 1,
        "payload": {"ID": str(number), "REV": version, "NAME": name, "MAIL": mail},
    }  # fmt: skip


OTTO = ("Ottoline Quenby-Farrow", "otto@quenbyfarrow.example")
MakeStream = Callable[..., Stream]


@pytest.fixture(name="make_stream")
def _make_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeStream]:
    with dg.DagsterInstance.ephemeral() as instance:

        def make(servers: str, topic: str, runs: str = "batch") -> Stream:
            monkeypatch.setenv("PARTYHUB_KAFKA_BOOTSTRAP_SERVERS", servers)
            (tmp_path / "hub.yaml").write_text(EVENTS.format(topic=topic, runs=runs), encoding="utf-8")
            return Stream(hub_of(tmp_path / "hub.yaml", tmp_path / "home"), topic, servers, instance)

        yield make


def test_messages_come_out_as_one_released_party_and_poison_holds_nothing_up(
    kafka: str, make_topic: Callable[..., str], make_stream: MakeStream
) -> None:
    topic = make_topic(2)
    create_topic(kafka, f"{topic}.dlq")
    create_topic(kafka, f"{topic}.updates")
    stream = make_stream(kafka, topic)
    assert "No new messages" in stream.reason()
    stream.produce(
        person(1, *OTTO), person(2, *OTTO), b"{not json", person(3, "Bartholomew Zzyzx", "zz@b.example")
    )
    result = stream.run()
    assert result.success
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert {"source_parties", "golden_parties", "release", "party_updates"} <= made
    specs = build_defs(stream.hub).resolve_all_asset_specs()
    assert made <= {spec.key.to_user_string() for spec in specs}
    assert party_of(stream.hub, "crm:1") == party_of(stream.hub, "crm:2") != party_of(stream.hub, "crm:3")
    assert "No new messages" in stream.reason()
    assert "Ottoline" not in str([event.message for event in result.all_events])
    newest = stream.instance.fetch_observations(topic_key(topic), limit=1).records[0].asset_observation
    assert newest is not None
    assert newest.metadata["lag"].value == 0


def test_a_drain_run_takes_batch_after_batch_of_what_waits(
    kafka: str, make_topic: Callable[..., str], make_stream: MakeStream
) -> None:
    topic = make_topic(2)
    create_topic(kafka, f"{topic}.dlq")
    create_topic(kafka, f"{topic}.updates")
    stream = make_stream(kafka, topic, "drain")
    stream.produce(*(person(n, f"Bartholomew Zzyzx {n}", f"zz{n}@b.example") for n in range(9)))
    result = stream.run()
    assert result.success
    (output,) = [event for event in result.all_node_events if event.is_successful_output]
    assert output.step_output_data.metadata["stored"].value == 9
    assert output.step_output_data.metadata["batches"].value == 3
    assert "No new messages" in stream.reason()


def test_retention_that_overtakes_stops_the_topic_until_a_person_lets_it_go_on(
    kafka: str, make_topic: Callable[..., str], make_stream: MakeStream
) -> None:
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import AdminClient

    topic = make_topic(1)
    create_topic(kafka, f"{topic}.dlq")
    stream = make_stream(kafka, topic)
    stream.produce(person(1, *OTTO))
    stream.store()
    stream.produce(person(2, *OTTO), person(3, *OTTO))
    admin = AdminClient({"bootstrap.servers": kafka})
    for deleted in admin.delete_records([TopicPartition(topic, 0, 2)]).values():
        deleted.result(10)
    for cursor in (stream.cursor, None):
        stream.cursor = cursor
        with pytest.raises(dg.Failure, match="deleted before the hub read them: partition 0 from 1 to 1"):
            stream.tick()
    with stream.hub.run() as run:
        restart_topic(run, topic, "operator", "message 1 is lost")
    found = stream.tick()
    assert isinstance(found, dg.SensorResult)
    (request,) = found.run_requests or []
    assert request.run_config["ops"]["take_batch"]["config"]["ranges"] == [[0, 2, 3]]


def test_a_topic_made_anew_stops_although_it_has_more_messages_until_a_person_lets_it_go_on(
    kafka: str, make_topic: Callable[..., str], make_stream: MakeStream
) -> None:
    from confluent_kafka.admin import AdminClient

    topic = make_topic(2)
    create_topic(kafka, f"{topic}.dlq")
    stream = make_stream(kafka, topic)
    stream.produce(person(1, *OTTO))
    stream.store()
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([topic])[topic].result(10)
    with pytest.raises(
        dg.Failure, match="has no topic"
    ):  # it was read, so it cannot be one that is still to come
        stream.tick()
    create_topic(kafka, topic, 1)
    stream.produce(person(2, *OTTO), person(3, *OTTO))
    with pytest.raises(dg.Failure, match="is not the topic that the hub has read"):
        stream.tick()
    with stream.hub.run() as run:  # one partition is no more, and the other begins again
        moved = restart_topic(run, topic, "operator", "the topic was made anew")
    assert {m.partition for m in moved} == {0, 1}
    found = stream.tick()
    assert isinstance(found, dg.SensorResult)
    (request,) = found.run_requests or []
    assert request.run_config["ops"]["take_batch"]["config"]["ranges"] == [[0, 0, 2]]


def test_a_broker_that_is_killed_is_waited_for(own_kafka: Kafka, make_stream: MakeStream) -> None:
    servers = own_kafka.addresses()["PARTYHUB_KAFKA_BOOTSTRAP_SERVERS"]
    create_topic(servers, "events")
    stream = make_stream(servers, "events")
    stream.produce(person(1, *OTTO))
    assert isinstance(stream.tick(), dg.SensorResult)
    before = stream.cursor
    own_kafka.kill()
    assert "No Kafka broker answers" in stream.reason()
    assert stream.cursor == before
    own_kafka.start()
    own_kafka.wait()
    found = stream.tick()
    assert isinstance(found, dg.SensorResult)
    assert stream.cursor == before  # the plan is frozen: the same offsets under the same key
    assert len(found.run_requests or []) == 1
