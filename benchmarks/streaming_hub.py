"""A hub of its own that takes events from topics of its own, with `dagster dev` beside it: for streaming.py."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster_tests.services.servers import HOST, free_port
from partyhub_dagster_tests.services.standing import ROOT, Standing, standing_folder

BIN = Path(sys.executable).parent
_LOOK_S = 2.0


class StreamingHub:
    """A generated hub after its first delivery, its three topics, and Dagster if asked for."""

    def __init__(self, folder: Path, records: int, seed: int, *, runs: str, batch: int | None) -> None:
        addresses = Standing(standing_folder()).addresses()
        if not addresses:
            sys.exit("This needs Kafka: run `make services-up`.")
        self.folder, self.data = folder, folder / "data"
        self.kafka = addresses["PARTYHUB_KAFKA_BOOTSTRAP_SERVERS"]
        mark = uuid.uuid4().hex[:8]
        self.topic, self.updates, self.dead = (
            f"party.events.{what}.{mark}" for what in ("raw", "updates", "dlq")
        )
        self.place = LakePlace(folder / "home", 1)
        self._dagster: subprocess.Popen[bytes] | None = None
        self._draining: threading.Thread | None = None
        self._enough = threading.Event()
        self._failure = ""
        os.environ |= addresses | {
            "PARTYHUB_HOME": str(folder / "home"),
            "PARTYHUB_CONFIG": str(self.data / "hub.yaml"),
            "DAGSTER_HOME": str(folder / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        partyhub("generate", "--out", self.data, "--records", records, "--seed", seed, "--streaming")
        with (self.data / "hub.yaml").open("a", encoding="utf-8") as more:
            more.write(f"  topics: {self.topic}\n  confirmation_topic: {self.updates}\n")
            more.write(
                f"  dead_letter_topic: {self.dead}\n" + (f"  sensor: {{runs: {runs}}}\n" if runs else "")
            )
            if batch is not None:
                more.write(f"  max_batch_messages: {batch}\n")
        self.first_build = partyhub("build", "--json")
        partyhub("events", "create-topics", "--partitions", 6)

    def start_dagster(self) -> None:
        """Start `dagster dev` and switch the sensor of the topic on."""
        home = self.folder / "dagster"
        home.mkdir()
        shutil.copy(ROOT / "dagster.yaml", home / "dagster.yaml")
        port = free_port()
        command = [
            str(BIN / "dagster"),
            "dev",
            "-h",
            HOST,
            "-p",
            str(port),
            "-w",
            str(ROOT / "workspace.yaml"),
        ]
        with (self.folder / "dagster.log").open("wb") as log:
            self._dagster = subprocess.Popen(  # noqa: S603 - our own programs
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        until = time.monotonic() + 180
        while not _answers(f"http://{HOST}:{port}/server_info"):
            if time.monotonic() > until or self._dagster.poll() is not None:
                sys.exit(f"dagster dev did not start; see {self.folder / 'dagster.log'}")
            time.sleep(0.5)
        from partyhub_dagster.orchestration.stream_sensor import sensor_name

        workspace = ("-w", str(ROOT / "workspace.yaml"))
        run(BIN / "dagster", "sensor", "start", sensor_name(self.topic), *workspace)

    def start_draining(self) -> None:
        """Take events by the command line instead, without Dagster."""
        self._draining = threading.Thread(target=self._drain)
        self._draining.start()

    def _drain(self) -> None:
        while not self._enough.is_set():
            try:
                partyhub("stream", "drain", "--json")
            except SystemExit as ended:
                self._failure = str(ended)
                return

    def stop(self) -> None:
        """End what takes events, and all that it started."""
        self._enough.set()
        if self._draining is not None:
            self._draining.join()
        if self._dagster is not None and self._dagster.poll() is None:
            self._dagster.send_signal(signal.SIGINT)
            try:
                self._dagster.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self._dagster.pid, signal.SIGKILL)
                self._dagster.wait()
        self._dagster = None

    def ends(self, topic: str) -> dict[int, int]:
        """Return the offset after the last message of each partition."""
        consumer = Consumer({"bootstrap.servers": self.kafka, "group.id": "-"})
        try:
            count = len(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
            places = [TopicPartition(topic, partition) for partition in range(count)]
            return {place.partition: consumer.get_watermark_offsets(place, timeout=10)[1] for place in places}
        finally:
            consumer.close()

    def wait_until_released(self, limit_s: float) -> float:
        """Wait until a release holds every message; return the seconds that it took."""
        began = time.monotonic()
        while not self._is_released(self.ends(self.topic)):
            if self._draining is not None and not self._draining.is_alive():
                sys.exit(self._failure or "Draining ended.")
            if time.monotonic() - began > limit_s:
                sys.exit(f"Not caught up after {limit_s:.0f} s; see {self.folder}")
            time.sleep(_LOOK_S)
        return time.monotonic() - began

    def wait_until_confirmed(self, lineage_seq: int, limit_s: float = 120) -> list[int]:
        """Wait for the confirmation of every lineage event, which follows the release; return the sequence numbers."""
        until = time.monotonic() + limit_s
        while True:
            sequences = [
                int(json.loads(message.value())["sequence"]) for message in self.messages(self.updates)
            ]
            if len(set(sequences)) >= lineage_seq or time.monotonic() > until:
                return sequences
            time.sleep(_LOOK_S)

    def _is_released(self, ends: dict[int, int]) -> bool:
        with self.place.connect(read_only=True) as con:
            read = dict(con.execute(
                "select partition, next_offset from stream_offsets where topic = $topic", {"topic": self.topic}
            ).fetchall())  # fmt: skip
            (released,) = con.execute(
                "select (select coalesce(max(epoch), 0) from stream_messages)"
                " <= (select coalesce(max(head_epoch), 0) from releases)"
            ).fetchall()[0]
        return bool(released) and {p: n for p, n in read.items() if n} == {p: n for p, n in ends.items() if n}

    def messages(self, topic: str) -> list[Any]:
        """Return every message of a topic."""
        ends = {partition: end for partition, end in self.ends(topic).items() if end}
        settings = {"bootstrap.servers": self.kafka, "group.id": "-", "enable.auto.commit": False}
        consumer = Consumer(settings | {"enable.partition.eof": True})
        found: list[Any] = []
        try:
            consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
            open_ones = set(ends)
            while open_ones:
                for message in consumer.consume(5_000, timeout=10):
                    if message.error() is not None:
                        open_ones.discard(message.partition())
                    else:
                        found.append(message)
        finally:
            consumer.close()
        return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except OSError:
        return False


def partyhub(*words: object) -> dict[str, Any]:
    """Run a command of ours that must succeed; return its JSON, if it prints any."""
    return run(BIN / "partyhub", *words)


def run(*words: object) -> dict[str, Any]:
    """Run a program that must succeed; return its JSON, if it prints any."""
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own programs
    if done.returncode:
        sys.exit(f"{words[1]} ended with {done.returncode}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return answer


def start(*words: object) -> "subprocess.Popen[str]":
    """Start a command of ours beside us."""
    return subprocess.Popen(  # noqa: S603 - our own programs
        [str(BIN / "partyhub"), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
