"""`partyhub events` against a real broker: what is said to be sent is there, once, also after breaking off."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from partyhub_dagster.sources.generator.hub_yaml import HUB_YAML, STREAMING_YAML
from partyhub_dagster.streaming.event_files import checkpoint_file
from partyhub_dagster.streaming.simulating import Mix, simulate_events
from partyhub_dagster_tests.program import Program
from partyhub_dagster_tests.services.fixtures import MakeTopic, create_topic
from partyhub_dagster_tests.services.servers import Kafka
from partyhub_dagster_tests.services.standing import ROOT

pytestmark = pytest.mark.service
Read = Callable[[str, str], list[Message]]


def read(kafka: str, topic: str) -> list[Message]:
    """Return every message of a topic, in the order of its partitions."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "-", "enable.auto.commit": False})
    try:
        count = len(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        found: list[Message] = []
        for partition in range(count):
            place = TopicPartition(topic, partition, 0)
            _, end = consumer.get_watermark_offsets(place, timeout=10)
            consumer.assign([place])
            until = time.monotonic() + 30
            while (not found or found[-1].partition() != partition or found[-1].offset() < end - 1) and end:
                assert time.monotonic() < until
                found += consumer.consume(1_000, timeout=1)
        return found
    finally:
        consumer.close()


@pytest.fixture
def program(
    tmp_path: Path, kafka: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    """`partyhub` on a hub.yaml of the generated sources that takes events, without a hub yet."""
    (tmp_path / "hub.yaml").write_text(HUB_YAML + STREAMING_YAML, encoding="utf-8")
    monkeypatch.setenv("PARTYHUB_CONFIG", str(tmp_path / "hub.yaml"))
    monkeypatch.setenv("PARTYHUB_KAFKA_BOOTSTRAP_SERVERS", kafka)
    return Program(monkeypatch, capsys)


def events(count: int, seed: int = 1) -> list[bytes]:
    bursts = simulate_events(seed, Mix(poison=0, duplicates=0), count, 1_000_000)
    return [message.value or b"" for burst in bursts for message in burst.messages]


def write_lines(file: Path, lines: list[bytes]) -> Path:
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


def test_what_is_simulated_is_in_the_topic_with_the_versions_of_a_record_in_order(
    program: Program, kafka: str, make_topic: MakeTopic
) -> None:
    topic = make_topic(6)
    told = program.answer(
        "events", "simulate", "--messages", "300", "--rate", "0", "--seed", "4", "--topic", topic, "--quiet"
    )
    found = read(kafka, topic)
    assert told["acknowledged"] == len(found) == 300
    assert {int(p): n for p, n in told["partitions"].items()} == Counter(m.partition() for m in found)
    assert sum(told["kinds"].values()) == 300
    sent = [m for burst in simulate_events(4, Mix(), 300, 1_000_000) for m in burst.messages]
    by_key, expected = defaultdict(list), defaultdict(list)
    for message in found:
        by_key[message.key()].append(message.value())
    for outgoing in sent:
        expected[outgoing.key].append(outgoing.value)
    assert by_key == expected


def test_a_rate_is_kept(program: Program, make_topic: MakeTopic) -> None:
    topic = make_topic()
    told = program.answer(
        "events", "simulate", "--messages", "100", "--rate", "50", "--topic", topic, "--quiet"
    )
    assert 1.9 < told["seconds"] < 3


def test_a_file_is_sent_once_and_what_was_added_to_it_later(
    program: Program, kafka: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    topic, lines = make_topic(3), events(60)
    file = write_lines(tmp_path / "events.jsonl", lines[:40])
    send = ("events", "send", str(file), "--topic", topic)
    assert program.answer(*send)["acknowledged"] == 40
    assert program.answer(*send)["acknowledged"] == 0
    with file.open("ab") as more:
        more.write(b"\n" + b"".join(line + b"\n" for line in lines[40:]))
    assert "40 events" in program.say(*send)
    assert sorted(m.value() for m in read(kafka, topic)) == sorted(lines)
    assert program.answer(*send, "--again")["acknowledged"] == 60


def test_a_file_that_was_changed_where_it_was_sent_is_refused(
    program: Program, make_topic: MakeTopic, tmp_path: Path
) -> None:
    topic, lines = make_topic(), events(20)
    file = write_lines(tmp_path / "events.jsonl", lines[:10])
    program.say("events", "send", str(file), "--topic", topic)
    write_lines(file, lines[10:])
    assert "was changed in the 10 lines that were sent" in program.refusal(
        "events", "send", str(file), "--topic", topic
    )


def test_a_file_with_a_line_that_is_no_event_is_refused_whole_unless_told_otherwise(
    program: Program, kafka: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    topic, lines = make_topic(), events(5)
    file = write_lines(tmp_path / "events.jsonl", [*lines, b'{"op": "Jane'])
    refused = program.refusal("events", "send", str(file), "--topic", topic)
    assert "line 6: message is not valid JSON" in refused
    assert "Jane" not in refused
    assert read(kafka, topic) == []
    program.say("events", "send", str(file), "--topic", topic, "--as-is")
    assert len(read(kafka, topic)) == 6


def test_a_topic_that_was_made_anew_gets_the_file_from_the_start(
    program: Program, kafka: str, tmp_path: Path
) -> None:
    mark = uuid.uuid4().hex[:12]
    names = [f"{what}.{mark}" for what in ("raw", "dlq", "updates")]
    with (tmp_path / "hub.yaml").open("a", encoding="utf-8") as more:
        told = zip(("topics", "dead_letter_topic", "confirmation_topic"), names, strict=True)
        more.writelines(f"  {key}: {name}\n" for key, name in told)
    file = write_lines(tmp_path / "events.jsonl", events(10))
    admin = AdminClient({"bootstrap.servers": kafka})
    try:
        assert program.answer("events", "create-topics")["created"] == dict.fromkeys(names, True)
        assert program.answer("events", "create-topics")["created"] == dict.fromkeys(names, False)
        assert program.answer("events", "send", str(file))["acknowledged"] == 10
        admin.delete_topics(names[:1])[names[0]].result(10)
        assert "create-topics" in program.refusal("events", "send", str(file))
        assert program.answer("events", "create-topics")["created"][names[0]]
        assert program.answer("events", "send", str(file))["acknowledged"] == 10
    finally:
        for deleted in admin.delete_topics(names).values():
            deleted.exception(10)


def test_sending_that_was_killed_goes_on_where_it_was(
    program: Program, kafka: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    topic, lines = make_topic(3), events(2_000)
    file = write_lines(tmp_path / "events.jsonl", lines)
    send = ("events", "send", str(file), "--topic", topic)
    command = [sys.executable, "-m", "partyhub_dagster.cli.app", *send, "--rate", "400"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stdout=subprocess.DEVNULL) as sending:
        wait_until_sent(checkpoint_file(file, topic), 300)
        sending.send_signal(signal.SIGKILL)
    before = sent_so_far(checkpoint_file(file, topic))
    assert 300 <= before < 2_000
    told = program.answer(*send)
    assert (told["acknowledged_before"], told["acknowledged"]) == (before, 2_000 - before)
    found = Counter(m.value() for m in read(kafka, topic))
    assert set(found) == set(lines)
    assert found.total() - 2_000 < 1_000  # what was on its way, or acknowledged since the last checkpoint


def test_a_broker_that_dies_stops_the_sending_and_nothing_is_lost(
    program: Program, own_kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTYHUB_KAFKA_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    with (tmp_path / "hub.yaml").open("a", encoding="utf-8") as more:
        more.write("  broker_timeout_seconds: 2\n")
    lines = events(1_500)
    file = write_lines(tmp_path / "events.jsonl", lines)
    create_topic(own_kafka.bootstrap_servers, "party.events.raw", 3)
    command = [sys.executable, "-m", "partyhub_dagster.cli.app", "events", "send", str(file), "--rate", "400"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ.copy(), stderr=subprocess.PIPE, text=True
    ) as sending:
        wait_until_sent(checkpoint_file(file, "party.events.raw"), 300)
        own_kafka.kill()
        _, told = sending.communicate(timeout=60)
    assert sending.returncode == 1
    assert "before it are acknowledged" in told
    own_kafka.start()
    own_kafka.wait()
    program.say("events", "send", str(file))
    assert {m.value() for m in read(own_kafka.bootstrap_servers, "party.events.raw")} == set(lines)


def wait_until_sent(checkpoint: Path, messages: int) -> None:
    until = time.monotonic() + 60
    while not checkpoint.exists() or sent_so_far(checkpoint) < messages:
        assert time.monotonic() < until
        time.sleep(0.05)


def sent_so_far(checkpoint: Path) -> int:
    return int(json.loads(checkpoint.read_text(encoding="utf-8"))["messages"])
