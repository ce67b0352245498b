"""`make services-up` and the fixtures: real servers that start, last, end and are found."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from partyhub_dagster_tests.services.fixtures import Bucket, MakeTopic, create_topic
from partyhub_dagster_tests.services.servers import Kafka
from partyhub_dagster_tests.services.standing import ROOT, Standing


def program(words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *words.split()]
    env = os.environ | environment
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def send(kafka: str, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka, "acks": "all"})
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0


def read(kafka: str, topic: str, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "-", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return [message.value() for message in consumer.consume(count, timeout=30)]
    finally:
        consumer.close()


@pytest.mark.parametrize(("missing", "names"), [("java", "Java 17"), ("mvn", "Maven"), ("go", "go.dev")])
def test_a_program_that_is_missing_is_named_with_the_way_to_get_it(
    missing: str, names: str, tmp_path: Path
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    if missing != "java":
        java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.1\"' >&2\n", encoding="utf-8")
        java.chmod(0o755)
    cache = tmp_path / "cache"
    if missing == "go":
        (cache / "kafka-4.3.1" / "libs").mkdir(parents=True)
    folder = tmp_path / "standing"
    done = program(
        "partyhub_dagster_tests.services up",
        PATH=str(java.parent), JAVA_HOME="", PARTYHUB_SERVICES_CACHE=str(cache), PARTYHUB_SERVICES=str(folder),
    )  # fmt: skip
    assert done.returncode == 1
    assert f"`{missing}` is not on PATH" in done.stderr
    assert names in done.stderr
    assert "docker compose" in done.stderr
    assert not folder.exists()
    assert [kept.name for kept in cache.glob("*") if kept.is_dir()] == ["kafka-4.3.1"] * (missing == "go")


def test_java_that_is_too_old_is_told(tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    done = program(
        "partyhub_dagster_tests.services up", JAVA_HOME=str(tmp_path), PARTYHUB_SERVICES=str(tmp_path)
    )
    assert done.returncode == 1
    assert "is Java 11." in done.stderr


def test_a_process_that_got_the_id_of_ours_is_left_alone(tmp_path: Path) -> None:
    server = Kafka(tmp_path)
    remembered = {"port": 20_001, "controller_port": 20_002, "pid": os.getpid(), "started": 1.0}
    (tmp_path / "process.json").write_text(json.dumps(remembered), encoding="utf-8")
    assert server.process is None
    assert not server.stop()


@pytest.mark.parametrize(("required", "outcome"), [("", "skipped"), ("1", "error")])
def test_without_services_their_tests_skip_or_fail_and_say_what_to_do(
    required: str, outcome: str, tmp_path: Path
) -> None:
    test = f"{Path(__file__).relative_to(ROOT)}::test_what_is_sent_is_read"
    done = program(
        f"pytest -p no:randomly -p no:cacheprovider {test}",
        PARTYHUB_SERVICES=str(tmp_path), PARTYHUB_REQUIRE_SERVICES=required,
    )  # fmt: skip
    assert f"1 {outcome}" in done.stdout.splitlines()[-1]
    assert "run `make services-up`" in done.stdout
    assert done.returncode == (1 if required else 0)


@pytest.mark.service
def test_what_is_sent_is_read(kafka: str, make_topic: MakeTopic) -> None:
    topic = make_topic()
    send(kafka, topic, b"1", b"2", b"3")
    assert read(kafka, topic, 3) == [b"1", b"2", b"3"]


@pytest.mark.service
def test_what_is_put_in_a_bucket_is_found_there(bucket: Bucket) -> None:
    with bucket.filesystem().open_output_stream(f"{bucket.name}/folder/object") as written:
        written.write(b"content")
    with bucket.filesystem().open_input_stream(f"{bucket.name}/folder/object") as held:
        assert held.read() == b"content"


@pytest.mark.service
def test_a_killed_broker_comes_back_where_it_was_with_what_it_acknowledged(own_kafka: Kafka) -> None:
    address = own_kafka.bootstrap_servers
    create_topic(address, "kept")
    send(address, "kept", b"before")
    own_kafka.kill()
    assert not own_kafka.answers()
    own_kafka.start()
    own_kafka.wait()
    assert own_kafka.bootstrap_servers == address
    assert read(address, "kept", 1) == [b"before"]


@pytest.mark.service
def test_a_paused_broker_does_not_answer_until_it_goes_on(own_kafka: Kafka) -> None:
    own_kafka.pause()
    assert not own_kafka.answers()
    own_kafka.go_on()
    own_kafka.wait()


@pytest.fixture
def checkout(services: Standing, tmp_path: Path) -> Iterator[dict[str, str]]:  # noqa: ARG001 - skips without services
    environment = {"PARTYHUB_SERVICES": str(tmp_path / "standing")}
    yield environment
    program("partyhub_dagster_tests.services down", **environment)


@pytest.mark.service
def test_up_twice_changes_nothing_and_down_ends_all_that_up_started(checkout: dict[str, str]) -> None:
    standing = Standing(Path(checkout["PARTYHUB_SERVICES"]))
    first = program("partyhub_dagster_tests.services up", **checkout)
    assert first.returncode == 0, first.stderr
    processes = [server.running() for server in standing.servers]
    again = program("partyhub_dagster_tests.services up", **checkout)
    assert again.stdout == first.stdout
    assert [server.running() for server in standing.servers] == processes
    assert standing.folder.stat().st_mode & 0o777 == 0o700
    assert all(server.answers() for server in standing.servers)
    assert program("partyhub_dagster_tests.services down", **checkout).stdout == "Ended: Kafka, S3.\n"
    assert not any(psutil.pid_exists(process.pid) for process in processes)
    assert standing.addresses() == {}
    assert program("partyhub_dagster_tests.services down", **checkout).stdout == "Nothing was running.\n"
