"""Kill -9 runs that take events, at random moments, and compare with a hub that nobody disturbed.

Before each kill a slice of events is sent: new records, newer and late versions, deletions, duplicates, poison. The run
that takes them is a process of its own, forked from one that has loaded the libraries but opened no lake; the next one
carries on where it died. In the end every message must be in the hub once, records, edges, parties and golden values
must be those of a hub that read everything in one go, every rejected message must be on the dead letter topic and every
event of lineage on the confirmation topic. Exit code 1 if anything differs. Needs Kafka: `make services-up`.

    . .services/env && python benchmarks/kill_streams.py --kills 20 --messages 40 --seed 1
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kill_builds import _FORKS, _LOADED, ENDED, contents, moment, steps_of

from partyhub_dagster.config import load_config
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.streaming.run import run_batches

SERVERS = os.environ.get("PARTYHUB_KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
STATE = (
    "source_parties", "source_party_history", "quarantine", "stream_offsets", "stream_messages", "normalized_parties",
    "blocking_keys", "match_edges", "party_clusters", "golden_parties",
)  # fmt: skip
NAMES = (
    "Anna Novak",
    "Bela Fisher",
    "Chloe Martin",
    "Dmitri Volkov",
    "Elif Yilmaz",
    "Farid Haddad",
    "Grace Okoye",
)


def take(config: Path, home: Path, log: Path) -> float:
    """Take what waits, up to a release, and return how long it took."""
    began = time.monotonic()
    with log.open("w") as file, Hub(load_config(config), LakePlace(home)).run() as run:
        run_batches(
            run, None, lambda step: print(f"[{time.monotonic() - began:.2f} s] {step}", file=file, flush=True)
        )
    return time.monotonic() - began


def kill_once(config: Path, home: Path, at: tuple[int, float], log: Path) -> str:
    """Kill a run some seconds after so many of its steps have begun; return the step it was at."""
    log.unlink(missing_ok=True)
    process = _FORKS.Process(target=take, args=(config, home, log))
    process.start()
    while process.is_alive() and len(steps_of(log)) < at[0]:
        time.sleep(0.01)
    process.join(timeout=at[1])
    if not process.is_alive():
        return ENDED if process.exitcode == 0 else f"FAILED with {process.exitcode}"
    process.kill()  # SIGKILL
    process.join()
    found = steps_of(log)
    return found[-1][1] if found else "starting"


def slice_of(
    rng: random.Random, number: int, messages: int, versions: dict[int, int]
) -> list[tuple[str, bytes]]:
    """Draw messages about some records; one in a hundred is poison."""
    drawn: list[tuple[str, bytes]] = []
    for place in range(messages):
        record = rng.randrange(6 * messages)
        way = rng.random()
        if drawn and way < 0.05:
            drawn.append(rng.choice(drawn))
            continue
        version = versions.get(record, 0) + 1 - (2 if way < 0.12 else 0)
        versions[record] = max(versions.get(record, 0), version)
        name = NAMES[record % len(NAMES)]
        said = {
            "event_id": f"{number}-{place}", "op": "delete" if way > 0.93 else "upsert", "source": "crm",
            "source_record_id": str(record), "event_time": "2026-03-01T09:30:00Z", "version": version,
            "schema_version": 1, "payload": {
                "ID": str(record), "NAME": name, "MAIL": f"{name[:4]}{record % 90}@mail.test", "BORN": "1980-01-02",
                "PHONE": f"212-555-{(record + version) % 90:04}",
            },
        }  # fmt: skip
        value = json.dumps(said).encode()
        drawn.append((f"crm:{record}", value if way < 0.92 or way > 0.93 else value[:-1]))
    return drawn


def read_all(topic: str) -> list[Any]:
    """Return every message of partition 0."""
    consumer = Consumer({"bootstrap.servers": SERVERS, "group.id": "bench", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = []
    while (message := consumer.poll(30)) is not None and message.error() is None:
        found.append(message)
    consumer.close()
    return found


def make_hub(folder: Path, name: str, raw: str) -> Path:
    """Write a hub.yaml with topics of its own but for the events."""
    own = [f"{raw}.{name}.dlq", f"{raw}.{name}.updates"]
    admin = AdminClient({"bootstrap.servers": SERVERS})
    for asked in admin.create_topics([NewTopic(topic, 1, 1) for topic in own]).values():
        asked.result(30)
    path = folder / name / "hub.yaml"
    path.parent.mkdir()
    path.write_text(
        "sources:\n  crm: {key: ID, version: {column: REV, type: integer}, kind: person, country: US,"
        " columns: {NAME: person_name, MAIL: email, PHONE: phone, BORN: date_of_birth}}\n"
        f"streaming: {{bootstrap_servers: '{SERVERS}', topics: {raw}, dead_letter_topic: {own[0]},"
        f" confirmation_topic: {own[1]}, max_batch_messages: 1000000}}\n",
        encoding="utf-8",
    )
    return path


def differences(killed: Path, whole: Path, folder: Path, sent: int, raw: str) -> list[str]:
    """Return what the hub that was killed says otherwise than what was sent and than the undisturbed one."""
    home = folder / "killed.home"
    ours, theirs = contents(killed, home), contents(whole, folder / "whole.home")
    found = [name for name in STATE if ours[name] != theirs[name]]
    with LakePlace(home).connect(read_only=True) as con:
        outcomes = dict(con.execute("select outcome, count(*) from stream_messages group by all").fetchall())
        offsets = "select message_offset from stream_messages where outcome = 'quarantined'"
        rejected = {row[0] for row in con.execute(offsets).fetchall()}
        lineage = con.execute("select lineage_seq from releases order by number desc limit 1").fetchall()[0][
            0
        ]
    letters = Counter(int(dict(m.headers())["partyhub.offset"]) for m in read_all(f"{raw}.killed.dlq"))
    confirmed = Counter(json.loads(m.value())["sequence"] for m in read_all(f"{raw}.killed.updates"))
    print(f"messages: {sent} sent, {outcomes}; dead letters: {letters.total()} of {len(rejected)};"
          f" confirmations: {confirmed.total()} of {lineage}")  # fmt: skip
    found += [] if sum(outcomes.values()) == sent else ["messages lost or doubled"]
    found += [] if set(letters) == rejected else ["dead letters"]
    return found + ([] if set(confirmed) == set(range(1, lineage + 1)) else ["confirmations"])


def main() -> None:
    """Run the kills and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("kills", 20), ("messages", 40), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    rng = random.Random(given.seed)  # noqa: S311 - a seed that can be repeated, no secret
    _FORKS.set_forkserver_preload([*_LOADED, "partyhub_dagster.streaming.run"])
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(Path(folder), given.kills, given.messages, rng) else 1)


def run(folder: Path, kills: int, messages: int, rng: random.Random) -> bool:
    """Send and kill, then compare."""
    raw, log = f"bench.{uuid.uuid4().hex[:8]}", folder / "log"
    admin = AdminClient({"bootstrap.servers": SERVERS})
    admin.create_topics([NewTopic(raw, 1, 1)])[raw].result(30)
    killed, whole = make_hub(folder, "killed", raw), make_hub(folder, "whole", raw)
    producer, versions = Producer({"bootstrap.servers": SERVERS, "enable.idempotence": True}), {}
    sent, hits, tries, began = 0, Counter[str](), 0, time.monotonic()
    seconds, steps = 0.0, [(0.0, "")]
    while sum(n for step, n in hits.items() if step != ENDED) < kills and tries < 3 * kills:
        for key, value in slice_of(rng, tries, messages, versions):
            producer.produce(raw, key=key, value=value)
            sent += 1
        producer.flush()
        if tries % 5 == 0:  # how long a run takes and what its steps are
            seconds = take(killed, folder / "killed.home", log)
            steps = steps_of(log)
        else:
            step = kill_once(killed, folder / "killed.home", moment(rng, seconds, steps), log)
            hits[step] += 1
            print(f"{tries:>4}  killed at {step}", flush=True)
        tries += 1
    take(killed, folder / "killed.home", log)
    take(whole, folder / "whole.home", log)
    found = differences(killed, whole, folder, sent, raw)
    print(
        f"{dict(hits)}; {'equal' if not found else 'DIFFERS in ' + ', '.join(found)}; {time.monotonic() - began:.0f} s."
    )
    return not found and not any(step.startswith("FAILED") for step in hits)


if __name__ == "__main__":
    main()
