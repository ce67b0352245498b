"""Faults of disks, lakes and topics, with runs that are started by hand: each returns what happened."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import ConfigResource
from fault_world import PARTITIONS, World, some_of

MESSAGES = 40
Round = Callable[[], str]


def take(world: World) -> str:
    """Take everything that waits; return what stopped it, if anything did."""
    while True:
        code, _, err = world.commands.run("stream", "run", "--json", "--quiet")
        if code:
            return err
        if world.has_read_all():
            return ""


def must_take(world: World) -> None:
    """Take everything that waits; nothing may stop it."""
    if said := take(world):
        raise SystemExit(f"Stopped: {said}")


@contextmanager
def disk_full(world: World) -> Iterator[Round]:
    """The disk of the hub's home fills up at any moment of a run; then somebody makes room."""
    world.begin(MESSAGES)
    folder = world.place.home.parent

    def once() -> str:
        world.send(MESSAGES)
        left = int(10 ** world.rng.uniform(2, 5.6))
        filler = fill_disk(folder, left)
        said = take(world)
        filler.unlink()
        wrong = [
            line for line in world.differences() if "messages lost" not in line and "records" not in line
        ]
        must_take(world)
        if wrong:
            return f"WRONG while it was full: {wrong}"
        kept = _what(said) or "there was room enough"
        return f"{left / 1e3:,.0f} kB left: {kept}"

    yield once


def fill_disk(folder: Path, left: int) -> Path:
    """Fill the disk of a folder but for so many bytes; return the file to delete."""
    file, size = folder / "filler", 4096
    with file.open("wb") as out:
        stat = os.statvfs(folder)
        free = stat.f_bavail * stat.f_frsize
        for _ in range(max(0, free - left) // size):
            out.write(b"\0" * size)
    return file


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Yield a folder on a disk of its own, in memory; needs root."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)  # noqa: S603 - fixed words
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=False)  # noqa: S603, S607 - fixed words


@contextmanager
def lake_restored(world: World) -> Iterator[Round]:
    """A hub is restored from a backup that is older than what was read, released and told since."""
    world.begin(MESSAGES)

    def once() -> str:
        backup = world.folder / "backup"
        world.commands.must("backup", "--out", str(backup))
        world.send(MESSAGES)
        must_take(world)
        world.commands.must("restore", "--from", str(backup), "--force")
        shutil.rmtree(backup)
        world.send(MESSAGES)
        return stopped_until_restarted(world, "--anew")

    yield once


@contextmanager
def topic_recreated(world: World) -> Iterator[Round]:
    """The topic is deleted and made anew, with fewer or more messages than were read."""
    world.begin(MESSAGES)
    admin = world.admin()

    def once() -> str:
        admin.delete_topics([world.raw])[world.raw].result(10)
        world.accepted.before += [world.accepted.places[place] for place in sorted(world.accepted.places)]
        world.accepted.places.clear()
        time.sleep(0.3)
        world.make_topic(world.raw)
        world.send(some_of(world.rng, (0, 5, MESSAGES, 3 * MESSAGES)))
        return stopped_until_restarted(world, "made anew")

    yield once


def stopped_until_restarted(world: World, named: str) -> str:
    """Expect a stop whose message names this, do what it says, and take what there is."""
    said = take(world)
    if named not in said:
        return f"NO STOP: {said}"
    words = world.commands.obey(said, "as it said")
    must_take(world)
    return f"{_what(said)} `partyhub {' '.join(words[:2])}`"


def _what(said: str) -> str:
    """Return what happened, without what to do."""
    return said.partition("\nWhat to do")[0].removeprefix("Error: ").strip()


@contextmanager
def retention_overtakes(world: World) -> Iterator[Round]:
    """Messages are deleted before they were read, in one partition or several."""
    world.begin(MESSAGES)
    admin = world.admin()

    def once() -> str:
        read = set(world.accepted.places)
        world.send(MESSAGES)
        low: dict[int, int] = {}
        for partition in world.rng.sample(range(PARTITIONS), world.rng.randrange(1, PARTITIONS + 1)):
            unread = sorted(o for p, o in set(world.accepted.places) - read if p == partition)
            low[partition] = some_of(world.rng, unread) + 1 if unread else 0
        places = [TopicPartition(world.raw, partition, offset) for partition, offset in low.items() if offset]
        for done in admin.delete_records(places).values():
            done.result(10)
        gone = {(p, o) for p, o in set(world.accepted.places) - read if o < low.get(p, 0)}
        for place in gone:
            del world.accepted.places[place]
        return f"{len(gone)} gone: {stopped_until_restarted(world, 'were deleted before')}"

    yield once


@contextmanager
def compaction_gaps(world: World) -> Iterator[Round]:
    """Older messages of a key vanish before they are read, and leave gaps."""
    world.begin(MESSAGES)
    admin = world.admin()

    def once() -> str:
        read = set(world.accepted.places)
        _clean(world, "0.01")
        world.send(MESSAGES)
        world.send(MESSAGES)
        time.sleep(0.3)
        world.send(9)  # rolls the segments, so that those before can be compacted
        until, sent = time.monotonic() + 15, set(world.accepted.places) - read
        while time.monotonic() < until:
            there = {(m.partition() or 0, m.offset() or 0) for m in world.read_places(world.raw)}
            if len(sent - there) > MESSAGES // 8:
                break
            time.sleep(0.3)
        _clean(world, "1.0")
        time.sleep(1.5)  # what the cleaner has begun it ends
        there = {(m.partition() or 0, m.offset() or 0) for m in world.read_places(world.raw)}
        for place in sent - there:
            del world.accepted.places[place]
        must_take(world)
        return f"{len(sent - there)} of {len(sent)} compacted away unread"

    def _clean(world: World, ratio: str) -> None:
        settings = {"cleanup.policy": "compact", "segment.ms": "100", "max.compaction.lag.ms": "9000000",
                    "min.cleanable.dirty.ratio": ratio}  # fmt: skip
        resource = ConfigResource(ConfigResource.Type.TOPIC, world.raw, set_config=settings)
        for done in admin.alter_configs([resource]).values():
            done.result(10)

    yield once


@contextmanager
def transaction_markers(world: World) -> Iterator[Round]:
    """Senders work in transactions: some are committed, some given up, one is open while the hub reads."""
    world.begin(MESSAGES)
    producer = Producer({
        "bootstrap.servers": world.servers, "transactional.id": world.raw, "log_level": 2
    })  # fmt: skip
    producer.init_transactions(20)

    def once() -> str:
        ends = [world.rng.random() < 0.6 for _ in range(4)]
        for committed in ends:
            _transact(
                world, producer, producer.commit_transaction if committed else producer.abort_transaction
            )
        open_one: list[str] = []

        def read_meanwhile(_: float) -> None:
            must_take(world)
            open_one.append("; ".join(world.differences()))
            producer.commit_transaction(20)

        _transact(world, producer, read_meanwhile)
        must_take(world)
        return f"{sum(ends)} committed, {len(ends) - sum(ends)} given up, one open while read{open_one[0]}"

    yield once


def _transact(world: World, producer: Producer, end: Callable[[float], None]) -> None:
    """Send a slice in a transaction that ends so; only what is committed counts."""
    places: dict[tuple[int, int], tuple[str, bytes]] = {}
    producer.begin_transaction()
    for key, value in world.draw(MESSAGES // 4):
        world.produce(producer, key, value, places)
    producer.flush(20)
    end(20)
    if end != producer.abort_transaction:
        world.accepted.places |= places
