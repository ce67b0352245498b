"""A hub with a broker of its own, and what must hold whatever happens to either: for stream_faults.py."""

import json
import os
import random
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from fault_commands import Commands
from kill_streams import slice_of

from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster_tests.consumer import newest_generation, read_confirmations
from partyhub_dagster_tests.services.servers import Kafka

Place = tuple[int, int]
"""Partition and offset."""
Said = tuple[str, bytes]
"""Key and value."""
PARTITIONS = 3
_WAIT_S = 0.1  # the client waits so long for so many, also when all have come
_HUB = """\
name: faults
sources:
  crm:
    {{key: ID, version: {{column: REV, type: integer}}, kind: person, country: US,
     columns: {{NAME: person_name, MAIL: email, PHONE: phone, BORN: date_of_birth}}}}
quality: {{impact: {{min_affected: 1000000}}}}  # made-up events replace more than anybody's
streaming:
  bootstrap_servers: {servers}
  topics: {raw}
  dead_letter_topic: {dead}
  confirmation_topic: {updates}
  max_batch_messages: {batch}
  sensor: {{retry_seconds: 1, longest_retry_seconds: 4}}
"""


_HELD = {
    "messages": "partition, message_offset, event_id, record_id, outcome, quarantine_id from stream_messages",
    "records": "record_id, version_order, event_time, deleted, content_hash from source_parties",
    "versions": "record_id, version_order, event_time, deleted, content_hash from source_party_history",
    "quarantine": "quarantine_id, reasons, replay_state from quarantine",
    "edges": "record_id, other_id, kind, weight from match_edges",
    "components": "record_id, component_id, confidence from party_clusters",
    "parties": "list(record_id order by record_id) from party_clusters group by party_id",
}
"""What two hubs must agree on that read the same messages in other batches. Partitions are in no order between them, so
the order in which records were first seen may differ, and with it which member gives its party the id."""


@dataclass
class Accepted:
    """What the hub must hold, by the simplest account of what was sent."""

    places: dict[Place, Said] = field(default_factory=dict)
    """Every message that stands in the topic of today."""
    before: list[Said] = field(default_factory=list)
    """Those that were read of an earlier topic of the name."""

    def live(self) -> set[str]:
        """Return the ids of the records that live: the newest version of each, the later one of equals."""
        newest: dict[str, tuple[int, str]] = {}
        for _, value in (*self.before, *(self.places[place] for place in sorted(self.places))):
            try:
                event = json.loads(value)
            except ValueError:
                continue  # poison
            key = event["source_record_id"]
            if key not in newest or newest[key][0] <= event["version"]:
                newest[key] = event["version"], event["op"]
        return {key for key, (_, op) in newest.items() if op == "upsert"}


class World:
    """A broker, three topics and a hub that takes events of one of them."""

    def __init__(
        self, folder: Path, seed: int, *, home: Path | None = None, batch: int = 200, **settings: str
    ) -> None:
        self.folder, self.rng = folder, random.Random(seed)  # noqa: S311 - a seed that can be repeated, no secret
        self.kafka = Kafka(folder / "kafka", dies_with_us=True)
        self.kafka.start()
        self.kafka.wait()
        mark = uuid.uuid4().hex[:8]
        self.raw, self.updates, self.dead = (
            f"party.events.{what}.{mark}" for what in ("raw", "updates", "dlq")
        )
        self.make_topic(self.raw, **settings)
        self.make_topic(self.updates)
        self.make_topic(self.dead, 1)
        self.config, self.place = self.write_hub("hub", batch), LakePlace(home or folder / "home", 1)
        self.commands = Commands(self.config, self.place.home)
        self.accepted = Accepted()
        self.slices = 0
        self._versions: dict[int, int] = {}

    @property
    def servers(self) -> str:
        """Where the broker is."""
        return self.kafka.bootstrap_servers

    def write_hub(self, name: str, batch: int) -> Path:
        """Write a hub.yaml and return where."""
        path = self.folder / name / "hub.yaml"
        path.parent.mkdir()
        names = {"raw": self.raw, "updates": self.updates, "dead": self.dead}
        path.write_text(_HUB.format(servers=self.servers, batch=batch, **names), encoding="utf-8")
        return path

    def make_topic(self, topic: str, partitions: int = PARTITIONS, **settings: str) -> None:
        """Make a topic; one that is being deleted is waited for."""
        wanted, until = NewTopic(topic, partitions, 1, config=settings), time.monotonic() + 30
        admin = self.admin()
        while True:
            answer = admin.create_topics([wanted])[topic]
            if (error := answer.exception()) is None:
                return
            if time.monotonic() > until:
                raise error
            time.sleep(0.2)

    def admin(self) -> AdminClient:
        """Make a client that asks and changes topics; keep it in a variable."""
        return AdminClient({"bootstrap.servers": self.servers, "log_level": 2})

    def draw(self, messages: int) -> list[Said]:
        """Draw messages: new records, newer and late versions, deletions, duplicates, poison."""
        self.slices += 1
        return slice_of(self.rng, self.slices, messages, self._versions)

    def send(self, messages: int, *, seconds: float = 0) -> None:
        """Send a slice, evenly over some seconds, and remember where the broker acknowledged each message."""
        producer = Producer({
            "bootstrap.servers": self.servers, "enable.idempotence": True, "log_level": 2, "linger.ms": 1,
            "topic.metadata.refresh.interval.ms": 1000, "reconnect.backoff.max.ms": 500,
        })  # fmt: skip
        for key, value in self.draw(messages):
            self.produce(producer, key, value, self.accepted.places)
            producer.poll(0)
            time.sleep(seconds / messages)
        if producer.flush(150):
            raise SystemExit("The broker did not acknowledge what was sent.")

    def produce(self, producer: Producer, key: str, value: bytes, places: dict[Place, Said]) -> None:
        """Send one message and note its place once it is acknowledged."""

        def told(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                raise SystemExit(f"A message was not acknowledged: {error.name()}")
            places[message.partition() or 0, message.offset() or 0] = key, value

        producer.produce(self.raw, key=key, value=value, on_delivery=told)

    def read_places(self, topic: str) -> list[Message]:
        """Return every committed message of a topic, as a consumer that has nothing to do with the hub sees it."""
        settings = {"bootstrap.servers": self.servers, "group.id": "faults", "enable.partition.eof": True,
                    "enable.auto.commit": False, "auto.offset.reset": "earliest", "log_level": 2}  # fmt: skip
        consumer = Consumer(settings)
        try:
            open_ones = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
            consumer.assign([TopicPartition(topic, partition, 0) for partition in open_ones])
            found: list[Message] = []
            while open_ones:
                for message in consumer.consume(5_000, timeout=_WAIT_S):
                    if message.error() is None:
                        found.append(message)
                    else:
                        open_ones.discard(message.partition() or 0)
        finally:
            consumer.close()
        return found

    def begin(self, messages: int) -> None:
        """Have a hub with a first release, so that what is disturbed is no first build."""
        self.send(messages)
        self.commands.must("stream", "run", "--json", "--quiet")

    def settle(self, limit_s: float) -> float:
        """Wait until a release shows every message that was acknowledged; return the seconds that it took."""
        began = time.monotonic()
        while not self.is_settled():
            if time.monotonic() - began > limit_s:
                raise SystemExit(f"Not caught up after {limit_s:.0f} s; see {self.folder}")
            time.sleep(0.5)
        return time.monotonic() - began

    def is_settled(self) -> bool:
        """Tell whether the hub has read every message, released it and told of it."""
        if not self.place.catalog.exists():
            return False
        with self.place.connect(read_only=True) as con:
            rows = con.execute("select partition, message_offset from stream_messages").fetchall()
            (released, waiting) = con.execute(
                "select (select coalesce(max(epoch), 0) from stream_messages) <= (select coalesce(max(head_epoch), 0)"
                " from releases), (select count(*) from dead_letters)"
            ).fetchall()[0]
        if not set(self.accepted.places) <= set(rows) or not released or waiting:
            return False
        told = {m["sequence"] for m in read_confirmations(self.servers, self.updates)}
        return self.lineage_seq() in told

    def has_read_all(self) -> bool:
        """Tell whether the hub has every message that was acknowledged."""
        with self.place.connect(read_only=True) as con:
            rows = con.execute("select partition, message_offset from stream_messages").fetchall()
        return set(self.accepted.places) <= set(rows)

    def lineage_seq(self) -> int:
        """Return the last event of lineage that readers see."""
        with self.place.connect(read_only=True) as con:
            rows = con.execute("select lineage_seq from releases order by number desc limit 1").fetchall()
        return int(rows[0][0])

    def differences(self) -> list[str]:
        """Return what does not add up: messages, records, dead letters, confirmations."""
        with self.place.connect(read_only=True) as con:
            rows = con.execute("select partition, message_offset, outcome from stream_messages").fetchall()
            live = {
                r[0]
                for r in con.execute(
                    "select source_record_id from source_parties where not deleted"
                ).fetchall()
            }
        read = Counter((partition, offset) for partition, offset, _ in rows)
        rejected = {(partition, offset) for partition, offset, outcome in rows if outcome == "quarantined"}
        outcomes = Counter(outcome for _, _, outcome in rows)
        letters = Counter(
            (int(headers["partyhub.partition"]), int(headers["partyhub.offset"]))
            for headers in (dict(m.headers() or []) for m in self.read_places(self.dead))
        )
        told = read_confirmations(self.servers, self.updates)
        known = {(m["generation"], m["sequence"]) for m in told}
        sequences, upto = [m["sequence"] for m in newest_generation(told)], self.lineage_seq()
        found = {
            "messages lost": len(set(self.accepted.places) - set(read)),
            "messages from nowhere": len(set(read) - set(self.accepted.places)),
            "messages twice": sum(n - 1 for n in read.values()),
            "records": len(live ^ self.accepted.live()),
            "dead letters missing": len(rejected - set(letters)),
            "confirmations": len(set(range(1, upto + 1)) ^ set(sequences)),
        }
        listed = " + ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        self.counts = (
            f"{len(self.accepted.places)} messages = {listed}; {len(live)} records; dead letters {len(letters)},"
            f" {letters.total() - len(letters)} twice; confirmations 1-{upto}, {len(told) - len(known)} twice"
        )
        return [f"{what}: {count}" for what, count in found.items() if count]

    def differences_of_all(self, *, anew: bool = True) -> list[str]:
        """Compare with a rebuild and, if the topic still has everything, with a hub that read it in one go."""
        found = self.differences()
        code, out, err = self.commands.run("verify", "--json")
        if code or not json.loads(out)["equal"]:
            found.append(f"verify: {err or out}")
        if anew:
            whole = self.folder / f"whole-{uuid.uuid4().hex[:4]}"
            commands = Commands(self._undisturbed(whole), whole / "home")
            commands.must("stream", "run", "--json")
            ours, theirs = _held_by(self.place), _held_by(LakePlace(commands.home))
            found += [
                f"{name} are not those of an undisturbed hub" for name in _HELD if ours[name] != theirs[name]
            ]
        return found

    def _undisturbed(self, folder: Path) -> Path:
        topics = {name: f"{name}.{folder.name}" for name in (self.updates, self.dead)}
        for topic in topics.values():
            self.make_topic(topic, 1)
        folder.mkdir()
        text = self.config.read_text(encoding="utf-8")
        for name, own in topics.items():
            text = text.replace(name, own)
        lines = [line for line in text.splitlines() if "max_batch_messages" not in line]
        (folder / "hub.yaml").write_text(
            "\n".join([*lines, "  max_batch_messages: 1000000", ""]), encoding="utf-8"
        )
        return folder / "hub.yaml"

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables that lead a process to the hub."""
        held = {name: value for name, value in os.environ.items() if not name.startswith("PARTYHUB_")}
        return held | {
            "PARTYHUB_CONFIG": str(self.config), "PARTYHUB_HOME": str(self.place.home),
            "DAGSTER_DISABLE_TELEMETRY": "1", **more,
        }  # fmt: skip


def _held_by(place: LakePlace) -> dict[str, Counter[str]]:
    with place.connect(read_only=True) as con:
        return {
            name: Counter(map(repr, con.execute(f"select {what}").fetchall())) for name, what in _HELD.items()
        }


def some_of(rng: random.Random, every: Sequence[Any]) -> Any:
    """Draw one of several."""
    return every[rng.randrange(len(every))]
