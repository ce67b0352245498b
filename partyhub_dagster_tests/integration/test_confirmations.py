"""Confirmations on a real broker: none missing, each once, whatever is killed, lost or restored in between."""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from partyhub_dagster.answers.sync_check import check_sync
from partyhub_dagster.config.streaming import Streaming
from partyhub_dagster.errors import BrokerError, StreamError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.orchestration.assets.confirmed import confirmed_assets
from partyhub_dagster.orchestration.resources import resource_of
from partyhub_dagster.streaming import confirming
from partyhub_dagster.streaming.confirming import confirm_anew, confirm_release, confirmer
from partyhub_dagster.streaming.run import run_batches
from partyhub_dagster_tests.consumer import apply, newest_generation, read_confirmations
from partyhub_dagster_tests.factories import ask, copy_hub
from partyhub_dagster_tests.services.fixtures import MakeTopic, create_topic
from partyhub_dagster_tests.services.servers import Kafka

pytestmark = pytest.mark.service


def with_topic(hub: Hub, servers: str, topic: str) -> Hub:
    streaming = Streaming(bootstrap_servers=servers, confirmation_topic=topic)
    return Hub(hub.config.model_copy(update={"streaming": streaming}), hub.place)


@pytest.fixture
def topic(make_topic: MakeTopic) -> str:
    return make_topic(3, "party.events.updates")


@pytest.fixture(autouse=True)
def _several_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "_AT_ONCE", 4)


@pytest.fixture(scope="module")
def shared(history_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """A hub in which tests change nothing but the notes on topics of their own."""
    return copy_hub(history_hub, tmp_path_factory.mktemp("confirmations") / "hub")


@pytest.fixture
def hub(shared: Hub, kafka: str, topic: str) -> Hub:
    return with_topic(shared, kafka, topic)


@pytest.fixture
def own_hub(shared: Hub, kafka: str, topic: str, tmp_path: Path) -> Hub:
    return with_topic(copy_hub(shared, tmp_path / "hub"), kafka, topic)


def lineage(hub: Hub) -> list[tuple[Any, ...]]:
    return ask(hub, "select sequence, event, party_id::varchar from party_lineage order by sequence")


def parties(hub: Hub) -> dict[str, frozenset[str]]:
    rows = ask(hub, "select party_id::varchar, list(record_id::varchar) from party_clusters group by all")
    return {party: frozenset(members) for party, members in rows}


def write(hub: Hub, statement: str) -> None:
    with hub.place.connect() as con:
        con.execute(statement)


def test_every_event_is_confirmed_once_and_a_copy_equals_the_hub(hub: Hub, kafka: str, topic: str) -> None:
    done = confirm_release(hub)
    messages = read_confirmations(kafka, topic)
    told = newest_generation(messages)
    assert len(messages) == len(told) == done.sent == done.sequence
    assert [(m["sequence"], m["event"], m["party_id"]) for m in told] == lineage(hub)
    assert apply(told) == parties(hub)
    assert confirm_release(hub).sent == 0


def test_a_copy_that_applied_the_confirmations_passes_the_check(
    hub: Hub, kafka: str, topic: str, tmp_path: Path
) -> None:
    confirm_release(hub)
    told = newest_generation(read_confirmations(kafka, topic))
    for upto in (len(told), len(told) - 3):
        rows = [(p, r) for p, members in apply(told[:upto]).items() for r in members]
        copy = tmp_path / f"copy{upto}.csv"
        copy.write_text("party_id,record_id\n" + "".join(f"{p},{r}\n" for p, r in rows))
        assert check_sync(hub, copy, upto).differing == 0
    assert check_sync(hub, tmp_path / f"copy{len(told) - 3}.csv").differing > 0


def test_without_its_note_the_lake_goes_on_where_the_topic_ends(hub: Hub, kafka: str, topic: str) -> None:
    confirm_release(hub)
    write(hub, f"delete from lake.confirmations where topic = '{topic}'")
    assert confirm_release(hub).sent == 0
    write(hub, f"update lake.confirmations set sequence = 1 where topic = '{topic}'")
    assert confirm_release(hub).sent == 0
    assert len(read_confirmations(kafka, topic)) == len(lineage(hub))


def test_a_topic_whose_messages_have_expired_is_gone_on_with(hub: Hub, kafka: str, topic: str) -> None:
    done = confirm_release(hub)
    admin = AdminClient({"bootstrap.servers": kafka})
    gone = admin.delete_records([TopicPartition(topic, n, -1) for n in range(3)])
    assert all(future.result(10) for future in gone.values())
    write(hub, f"update lake.confirmations set sequence = sequence - 2 where topic = '{topic}'")
    assert confirm_release(hub).sent == 2
    told = read_confirmations(kafka, topic)
    assert [m["sequence"] for m in newest_generation(told)] == [done.sequence - 1, done.sequence]
    assert {m["generation"] for m in told} == {done.generation}


@pytest.mark.slow
def test_a_topic_made_anew_stops_loudly_until_a_person_begins_a_generation(
    hub: Hub, kafka: str, topic: str
) -> None:
    first = confirm_release(hub)
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([topic])[topic].result(10)
    time.sleep(1)
    create_topic(kafka, topic, 2)
    write(hub, f"update lake.confirmations set sequence = sequence - 1 where topic = '{topic}'")
    with pytest.raises(StreamError, match="made anew"):
        confirm_release(hub)
    assert read_confirmations(kafka, topic) == []
    anew = confirm_anew(hub, "ada", "topic deleted by mistake")
    assert (anew.sent, anew.generation > first.generation) == (len(lineage(hub)), True)
    assert apply(newest_generation(read_confirmations(kafka, topic))) == parties(hub)
    authors = ask(hub, f"select author from confirmations where topic = '{topic}' order by generation")
    assert authors == [(None,), ("ada",)]


@pytest.mark.slow
def test_another_history_than_the_topic_tells_of_stops_loudly(own_hub: Hub, kafka: str, topic: str) -> None:
    """As after a restore of an older backup: the same numbers, other events."""
    done = confirm_release(own_hub)
    write(own_hub, "update lake.party_lineage set run_id = 'another run' where sequence > 5")
    write(own_hub, "update lake.confirmations set sequence = 5")
    with pytest.raises(StreamError, match="older backup"):
        confirm_release(own_hub)
    assert len(read_confirmations(kafka, topic)) == done.sequence
    confirm_anew(own_hub, "ada", "restored from a backup")
    told = newest_generation(read_confirmations(kafka, topic))
    assert [m["sequence"] for m in told] == list(range(1, done.sequence + 1))
    assert told[-1]["run_id"] == "another run"


@pytest.mark.slow
def test_a_second_sender_takes_over_and_nothing_is_doubled(own_hub: Hub, kafka: str, topic: str) -> None:
    with (
        own_hub.place.connect() as con,
        confirmer(own_hub.config) as first,
        confirmer(own_hub.config) as second,
    ):
        session = Session(own_hub.place, con, "test")
        total = first.confirm(session).sequence
        con.execute("update lake.releases set lineage_seq = lineage_seq - 2 where number = 3")
        assert second.confirm(session).sent == 0
        con.execute("update lake.releases set lineage_seq = lineage_seq + 2 where number = 3")
        con.execute("delete from lake.confirmations")
        first._told = first._told and type(first._told)(
            topic, first._told.topic_id, first._told.generation, 3
        )
        with pytest.raises(BrokerError, match="taken over"):
            first.confirm(session)
        assert first.confirm(session).sent == 0
    assert len(read_confirmations(kafka, topic)) == total


def test_other_messages_on_the_topic_are_refused(hub: Hub, kafka: str, topic: str) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, b"hello")
    producer.flush()
    with pytest.raises(StreamError, match="no confirmation"):
        confirm_release(hub)


def test_a_missing_topic_says_what_to_do(hub: Hub, kafka: str) -> None:
    with pytest.raises(BrokerError, match="has no topic nowhere"):
        confirm_release(with_topic(hub, kafka, "nowhere"))


def test_without_a_broker_nothing_is_lost(hub: Hub, kafka: str, topic: str) -> None:
    with pytest.raises(BrokerError):
        confirm_release(with_topic(hub, "127.0.0.1:1", topic))
    assert confirm_release(hub).sent == len(lineage(hub))
    assert len(read_confirmations(kafka, topic)) == len(lineage(hub))


def test_dagster_confirms_what_a_release_shows(hub: Hub, kafka: str, topic: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            confirmed_assets(hub.config), instance=instance, resources={"hub": resource_of(hub)}
        )
    (told,) = result.asset_materializations_for_node("party_updates")
    assert told.metadata["sent"].value == len(read_confirmations(kafka, topic)) == len(lineage(hub))


@pytest.mark.slow
def test_a_run_goes_to_its_end_and_fails_where_confirmations_cannot_go_on(
    own_hub: Hub, topic: str, make_topic: MakeTopic
) -> None:
    streaming = own_hub.config.streaming
    assert streaming is not None
    raw = streaming.model_copy(update={"topics": (make_topic(1),)})
    hub = Hub(own_hub.config.model_copy(update={"streaming": raw}), own_hub.place)
    confirm_release(hub)
    write(hub, "update lake.party_lineage set run_id = 'another run' where sequence > 5")
    write(hub, f"update lake.confirmations set sequence = 5 where topic = '{topic}'")
    with hub.run() as run, pytest.raises(StreamError, match="older backup"):
        run_batches(run)
    without = streaming.model_copy(update={"topics": raw.topics, "confirmation_topic": "nowhere"})
    with Hub(hub.config.model_copy(update={"streaming": without}), hub.place).run() as run:
        report = run_batches(run)
    assert report.release is not None
    assert ["has no topic nowhere" in warning for warning in report.warnings] == [False, True][
        -len(report.warnings) :
    ]


@pytest.mark.slow
def test_a_broker_killed_while_it_takes_confirmations_ends_with_each_once(
    shared: Hub, own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = own_kafka.addresses()["PARTYHUB_KAFKA_BOOTSTRAP_SERVERS"]
    create_topic(servers, "updates.killed", 3)
    hub = with_topic(shared, servers, "updates.killed")
    monkeypatch.setattr(confirming, "_AT_ONCE", 1)
    real, sent = confirming.list_confirmations, []

    def kill_before_the_sixth(*given: Any) -> list[tuple[int, str, str]]:
        sent.append(given)
        if len(sent) == 6:
            own_kafka.kill()
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(confirming, "list_confirmations", kill_before_the_sixth)
        with pytest.raises(BrokerError):
            confirm_release(hub)
    own_kafka.start()
    own_kafka.wait()
    confirm_release(hub)
    told = read_confirmations(servers, "updates.killed")
    assert sorted(m["sequence"] for m in told) == list(range(1, len(lineage(hub)) + 1))
    assert len({m["generation"] for m in told}) == 1
    assert apply(newest_generation(told)) == parties(hub)


SENDER = """
import sys
from dataclasses import replace
from partyhub_dagster.config.streaming import Streaming
from partyhub_dagster.streaming import confirming
from partyhub_dagster_tests.factories import open_hub
from partyhub_dagster_tests.integration.test_confirmations import with_topic
from pathlib import Path
confirming._AT_ONCE = 1
hub = with_topic(open_hub(Path(sys.argv[1])), sys.argv[2], sys.argv[3])
print("ready", flush=True)
confirming.confirm_release(hub)
print("done", flush=True)
"""


@pytest.mark.slow
def test_a_sender_killed_at_any_moment_leaves_no_gap_and_no_double(hub: Hub, kafka: str, topic: str) -> None:
    seed = secrets.randbits(32)
    moments = np.random.default_rng(seed)
    for _ in range(int(os.environ.get("PARTYHUB_KILLS", "2"))):
        process = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(hub.config.root), kafka, topic],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        sequences = [m["sequence"] for m in read_confirmations(kafka, topic)]
        assert sorted(sequences) == list(range(1, len(sequences) + 1)), f"seed {seed}"
    confirm_release(hub)
    told = read_confirmations(kafka, topic)
    assert sorted(m["sequence"] for m in told) == list(range(1, len(lineage(hub)) + 1)), f"seed {seed}"
    assert len({m["generation"] for m in told}) == 1
    assert apply(newest_generation(told)) == parties(hub)
