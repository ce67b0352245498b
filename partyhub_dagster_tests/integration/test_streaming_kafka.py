"""Exact ranges of a real broker: gaps, markers, losses and kills; nothing lost, nothing twice, or a loud stop."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from partyhub_dagster.config import load_config
from partyhub_dagster.errors import BrokerError, LakeError, StreamError
from partyhub_dagster.hub import Hub
from partyhub_dagster.streaming.dead_letters import DeadLetterSender
from partyhub_dagster.streaming.restarting import restart_topic
from partyhub_dagster.streaming.run import drain
from partyhub_dagster.streaming.standing import read_standing
from partyhub_dagster_tests.events import upsert
from partyhub_dagster_tests.factories import lake_place
from partyhub_dagster_tests.integration.stream_world import World, make_world
from partyhub_dagster_tests.services.fixtures import MakeTopic, create_topic
from partyhub_dagster_tests.services.servers import Kafka

pytestmark = pytest.mark.service


@pytest.fixture
def world(kafka: str, make_topic: MakeTopic, tmp_path: Path) -> Callable[..., World]:
    return partial(make_world, kafka, make_topic, tmp_path)


def read_all(servers: str, topic: str) -> list[Any]:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = []
    while (message := consumer.poll(10)) is not None and message.error() is None:
        found.append(message)
    assert message is not None
    assert message.error().code() == KafkaError._PARTITION_EOF
    consumer.close()
    return found


def test_batches_are_read_to_the_offset_and_the_rest_waits(world: Callable[..., World]) -> None:
    here = world()
    here.send(*(upsert(str(n)) for n in range(10)))
    with here.stream() as (_, stream):
        (batch,) = stream.waiting()
        here.send(upsert("later"))
        assert stream.take(batch).counts.stored == 10
        assert stream.take(batch).already
    assert here.stored() == 10
    standing = read_standing(here.hub)
    assert (standing["lag"], standing["messages"], standing["problems"]) == (1, {"stored": 10}, [])
    assert here.take() == {"stored": 11}


def test_a_drain_run_takes_what_waits_wherever_others_have_read_to(
    world: Callable[..., World],
) -> None:
    here = world()
    here.send(upsert("1"), upsert("2"))
    here.take()
    here.send(upsert("3"))
    with here.set(idle_seconds=0).hub.run() as run:
        taken = drain(run).taken
    assert [batch.counts.stored for batch in taken] == [1]
    assert here.stored() == 3


def test_markers_of_transactions_are_no_messages_and_aborted_ones_are_not_read(
    world: Callable[..., World],
) -> None:
    here = world()
    producer = Producer({"bootstrap.servers": here.servers, "transactional.id": here.topic})
    producer.init_transactions(10)
    for number, ends in enumerate(
        (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction)
    ):
        producer.begin_transaction()
        producer.produce(here.topic, key=f"crm:{number}", value=upsert(str(number))[1], partition=0)
        producer.flush(10)  # else an abort takes back what was never sent
        ends(10)
    assert here.take() == {"stored": 2}
    assert here.stored() == 6


def test_a_transaction_that_is_open_holds_back_what_comes_behind_it(world: Callable[..., World]) -> None:
    here = world()
    here.send(upsert("1"))
    producer = Producer({"bootstrap.servers": here.servers, "transactional.id": here.topic})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(here.topic, *upsert("2")[::-1], partition=0)
    producer.flush(10)
    here.send(upsert("3"))
    assert (here.take(), here.stored()) == ({"stored": 1}, 1)
    producer.commit_transaction(10)
    assert here.take() == {"stored": 3}


def test_gaps_of_compaction_are_passed(world: Callable[..., World]) -> None:
    policy = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": "100",
              "max.compaction.lag.ms": "200"}  # fmt: skip
    here = world(**policy)
    here.send(*(upsert("1", n) for n in range(1, 30)))
    time.sleep(0.3)
    here.send(upsert("2"))  # rolls the segment, so that the first can be compacted
    deadline = time.monotonic() + 20
    while len(read_all(here.servers, here.topic)) > 5 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert here.take()["stored"] < 30
    assert here.stored() == 30


def test_what_was_deleted_unread_stops_the_run_until_a_person_accepts_it(world: Callable[..., World]) -> None:
    here = world()
    here.send(upsert("1"), upsert("2"), upsert("3"))
    here.take()
    here.send(upsert("4"), upsert("5"), upsert("6"))
    admin = AdminClient({"bootstrap.servers": here.servers})
    for done in admin.delete_records([TopicPartition(here.topic, 0, 5)]).values():
        done.result(10)
    with pytest.raises(StreamError, match="deleted before the hub read them: partition 0 from 3 to 4"):
        here.take()
    assert here.stored() == 3
    with here.hub.run() as run:
        (moved,) = restart_topic(run, here.topic, "ann", "the CRM sends them again")
    assert (moved.stopped, moved.goes_on) == (3, 5)
    assert here.take() == {"stored": 4}
    with here.hub.run() as run:
        rows = run.session.con.execute(
            "select error from lake.load_audit where status = 'restarted'"
        ).fetchall()
    assert rows == [("partition 0: stopped at 3, goes on at 5. ann: the CRM sends them again",)]


def test_a_topic_made_anew_is_noticed_though_its_offsets_look_right(world: Callable[..., World]) -> None:
    here = world()
    here.send(upsert("1"), upsert("2"), ("crm:9", "{bad"))
    here.take()
    admin = AdminClient({"bootstrap.servers": here.servers})
    admin.delete_topics([here.topic])[here.topic].result(10)
    time.sleep(0.5)
    create_topic(here.servers, here.topic)
    here.send(upsert("3"), upsert("4"), upsert("5"), upsert("6"))
    with pytest.raises(StreamError, match="is not the topic that the hub has read"):
        here.take()
    with here.hub.run() as run:
        restart_topic(run, here.topic, "ann", "new cluster")
    (rejected,) = read_all(here.servers, here.dead_letters)  # sent at last, as its offset comes again
    assert rejected.value() == b"{bad"
    assert here.take() == {"stored": 4}
    with here.hub.run() as run:
        assert run.session.count("lake.source_parties") == 6


def test_dead_letters_arrive_byte_by_byte_and_wait_for_a_topic_that_is_missing(
    world: Callable[..., World],
) -> None:
    here = world()
    here.send(upsert("1"), ("crm:2", b"\xff\x00"), (None, "{"))
    assert here.take() == {"stored": 1, "quarantined": 2}
    with here.stream() as (run, stream):
        assert DeadLetterSender(stream.broker, here.dead_letters).send(run.session) == 2
        assert DeadLetterSender(stream.broker, here.dead_letters).send(run.session) == 0
    first, second = read_all(here.servers, here.dead_letters)
    assert (first.key(), first.value(), second.key(), second.value()) == (b"crm:2", b"\xff\x00", None, b"{")
    told = dict(first.headers())
    assert json.loads(told["partyhub.reasons"]) == ["message is not text in UTF-8"]
    assert (told["partyhub.topic"], told["partyhub.offset"]) == (here.topic.encode(), b"1")


KILLED = """
import os, sys
from pathlib import Path
from partyhub_dagster.config import load_config
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.streaming import dead_letters, taking
from partyhub_dagster.streaming.kafka import broker_of, streaming_of
from partyhub_dagster.streaming.stream import Stream

def dies(*_):
    os.kill(os.getpid(), 9)

config, home, where = load_config(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
module, name = {"before the commit": (taking, "_note_messages"), "before dead letters": (dead_letters, "_waiting"),
                "between dead letters and commit": (dead_letters, "_forget")}[where]
setattr(module, name, dies)
with Hub(config, LakePlace(home, 1)).run() as run:
    stream = Stream(run, broker_of(config))
    for batch in stream.waiting():
        stream.take(batch)
    topic = streaming_of(config).dead_letter_topic
    dead_letters.DeadLetterSender(stream.broker, topic).send(run.session)
"""


@pytest.mark.parametrize(
    ("where", "arrive"),
    [("before the commit", 1), ("before dead letters", 1), ("between dead letters and commit", 2)],
)
def test_a_kill_loses_nothing_and_doubles_no_record(
    world: Callable[..., World], where: str, arrive: int
) -> None:
    here = world()
    here.send(upsert("1"), ("crm:2", "{bad"), upsert("3"))
    words = [
        sys.executable,
        "-c",
        KILLED,
        str(here.hub.config.root / "hub.yaml"),
        str(here.hub.place.home),
        where,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=os.environ)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert here.take() == {"stored": 2, "quarantined": 1}
    with here.stream() as (run, stream):
        DeadLetterSender(stream.broker, here.dead_letters).send(run.session)
        assert run.session.count("lake.source_party_history") == 2
    assert len(read_all(here.servers, here.dead_letters)) == arrive


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: what a full disk is to who writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_keeps_all_or_nothing_of_a_batch_and_says_so(
    world: Callable[..., World],
) -> None:
    here = world()
    here.send(upsert("0"))
    here.take()
    said = []
    for number, size in enumerate((1_000, 30_000, 100_000, 300_000), start=1):
        here.send(upsert(str(number)), (f"crm:{number}", "{bad"))
        with files_end_at(size):
            try:
                here.take()
            except LakeError as error:
                said.append(str(error))
        assert here.stored() in (2 * number - 1, 2 * number + 1)
        assert here.take() == {"stored": 1 + number, "quarantined": number}
    assert said
    assert all("disk" in text for text in said)


def test_a_broker_that_answers_nothing_is_given_up_in_time_and_read_when_it_is_back(
    own_kafka: Kafka, tmp_path: Path
) -> None:
    create_topic(own_kafka.bootstrap_servers, "events")
    (tmp_path / "hub.yaml").write_text(
        "sources:\n  crm: {key: ID, version: {column: REV, type: integer}, kind: person,"
        " columns: {NAME: person_name}}\n"
        f"streaming: {{bootstrap_servers: '{own_kafka.bootstrap_servers}', topics: events, broker_timeout_seconds: 1}}"
    )
    hub = Hub(load_config(tmp_path / "hub.yaml"), lake_place(tmp_path / "home"))
    here = World(hub, own_kafka.bootstrap_servers, "events", "none")
    here.send(upsert("1"))
    with here.stream() as (_, stream):
        (batch,) = stream.waiting()
        own_kafka.pause()
        with pytest.raises(BrokerError, match="did not answer in 1 s"):
            stream.take(batch)
        own_kafka.go_on()
    assert here.take() == {"stored": 1}


def test_a_lake_restored_from_an_older_backup_reads_again_and_doubles_nothing(
    world: Callable[..., World],
) -> None:
    import shutil

    here = world()
    here.send(upsert("1"), upsert("2"))
    here.take()
    home = here.hub.place.home
    shutil.copytree(home, backup := home.parent / "backup")
    here.send(upsert("3"), ("crm:4", "{bad"))
    here.take()
    shutil.rmtree(home)
    shutil.copytree(backup, home)
    assert here.take() == {"stored": 3, "quarantined": 1}
    assert here.stored() == 4
