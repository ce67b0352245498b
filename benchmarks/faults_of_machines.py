"""Faults of processes, brokers and people under Dagster's daemon with the sensor on: each returns what happened."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, product

import psutil
from fault_daemon import Daemon
from fault_world import World

MESSAGES = 40
_LIMIT_S = 900.0
Round = Callable[[], str]
"""Does the fault once, waits until all is well again, and says what was hit."""


@contextmanager
def daemon_of(world: World, name: str = "dagster", *, ui: bool = False) -> Iterator[Daemon]:
    """Yield a daemon at work, which ends with all that it has started."""
    if not world.place.catalog.exists():
        world.begin(MESSAGES)
    daemon = Daemon(world, world.folder / name, ui=ui)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()
        daemon.orphans()


def _hit(world: World, before: int) -> str:
    """Say where a kill hit: before or after the transaction of the batch."""
    with world.place.connect(read_only=True) as con:
        (count, released) = con.execute(
            "select (select count(*) from stream_messages), (select coalesce(max(epoch), 0) from stream_messages)"
            " <= (select coalesce(max(head_epoch), 0) from releases)"
        ).fetchall()[0]
    if count == before:
        return "before its messages were stored"
    return "after the release" if released else "between storing and release"


def _stored(world: World) -> int:
    if not world.place.catalog.exists():
        return 0
    with world.place.connect(read_only=True) as con, suppress(Exception):
        return int(con.execute("select count(*) from stream_messages").fetchall()[0][0])
    return 0


def _wait_for_run(daemon: Daemon) -> list[psutil.Process]:
    until = time.monotonic() + _LIMIT_S
    while not (found := daemon.runs_at_work()):
        if time.monotonic() > until:
            raise SystemExit(f"No run came; see {daemon.home}")
        time.sleep(0.05)
    return found


def _let_pass(world: World, daemon: Daemon, *, until_work: bool) -> str:
    """Wait for any moment, of a run's work or of the ticks and the queue before it, and say which it was."""
    if until_work:
        _wait_for_run(daemon)
    time.sleep(world.rng.uniform(0, 2.5 if until_work else 9))
    return daemon.at_work()


@contextmanager
def run_killed(world: World) -> Iterator[Round]:
    """Kill -9 of a run, at any moment of its work."""
    with daemon_of(world) as daemon:

        def once() -> str:
            before, after = _stored(world), world.rng.uniform(0, 2.5)
            world.send(MESSAGES)
            found = _wait_for_run(daemon)
            time.sleep(after)
            alive = [process for process in found if process.is_running()]
            for process in alive:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            hit = _hit(world, before) if alive else "it had ended"
            world.settle(_LIMIT_S)
            return hit

        yield once
        print(f"runs: {daemon.states()}")


@contextmanager
def daemon_killed(world: World) -> Iterator[Round]:
    """Kill -9 of the daemon, alone or with all that it has started, at any moment; another one is started."""
    with daemon_of(world) as daemon:
        ways = cycle(product((False, True), (True, False)))

        def once() -> str:
            whole, until_work = next(ways)
            world.send(MESSAGES)
            at_work = _let_pass(world, daemon, until_work=until_work)
            daemon.kill(whole=whole)
            daemon.start()
            world.settle(_LIMIT_S)
            return f"{'with its processes' if whole else 'alone'}, {at_work}"

        yield once
        print(f"runs: {daemon.states()}")


@contextmanager
def broker_killed(world: World) -> Iterator[Round]:
    """Kill -9 of the broker while messages are sent and taken; it is started again."""
    with daemon_of(world) as daemon:
        at_work_first = cycle((True, False))

        def once() -> str:
            sending = threading.Thread(target=world.send, args=(MESSAGES,), kwargs={"seconds": 5})
            sending.start()
            at_work = _let_pass(world, daemon, until_work=next(at_work_first))
            world.kafka.kill()
            time.sleep(world.rng.uniform(0, 4))
            world.kafka.start()
            world.kafka.wait()
            sending.join()
            world.settle(_LIMIT_S)
            return at_work

        yield once
        print(f"runs: {daemon.states()}")


@contextmanager
def broker_unreachable(world: World) -> Iterator[Round]:
    """A broker that takes connections and answers nothing for a minute, then goes on."""
    with daemon_of(world) as daemon:
        at_work_first = cycle((True, False))

        def once() -> str:
            began = time.time()
            world.send(MESSAGES)
            at_work = _let_pass(world, daemon, until_work=next(at_work_first))
            world.kafka.pause()
            sending = threading.Thread(target=world.send, args=(MESSAGES,))
            sending.start()
            time.sleep(60)
            world.kafka.go_on()
            sending.join()
            seconds = world.settle(_LIMIT_S)
            said = {text for _, text in daemon.ticks(began) if "broker" in text}
            print("    ticks:", *sorted(said), sep="\n      ")
            return f"{at_work}; caught up {seconds:.0f} s after the minute"

        yield once
        print(f"runs: {daemon.states()}")


@contextmanager
def two_daemons_one_home(world: World) -> Iterator[Round]:
    """Two daemons on one DAGSTER_HOME."""
    with daemon_of(world) as one:
        world.send(MESSAGES)
        world.settle(_LIMIT_S)
        other = Daemon(world, one.home)
        other.start()
        try:
            yield lambda: _taken(world)
        finally:
            other.stop()
        print(f"runs: {one.states()}")


@contextmanager
def two_daemons_two_homes(world: World) -> Iterator[Round]:
    """Two daemons with a DAGSTER_HOME each, which know nothing of each other, on one hub."""
    with daemon_of(world, "one") as one, daemon_of(world, "other") as other:
        world.send(MESSAGES)
        world.settle(_LIMIT_S)
        yield lambda: _taken(world)
        print(f"runs of the one: {one.states()}; of the other: {other.states()}")


def _taken(world: World) -> str:
    world.send(MESSAGES, seconds=world.rng.uniform(0, 6))
    return f"taken in {world.settle(_LIMIT_S):.0f} s"


@contextmanager
def cursor_reset(world: World) -> Iterator[Round]:
    """The sensor's cursor emptied, overwritten or put back to an older one, as the UI does it, at any moment."""
    with daemon_of(world, ui=True) as daemon:
        daemon.wait_for_ui()
        world.send(MESSAGES)
        _wait_for_run(daemon)
        planned = daemon.cursor()  # of the ranges of the run at work
        world.settle(_LIMIT_S)
        cursors = {"emptied": None, "overwritten": "junk", "put back to an older one": planned}
        ways = cycle(product((True, False), cursors))

        def once() -> str:
            until_work, what = next(ways)
            world.send(MESSAGES)
            at_work = _let_pass(world, daemon, until_work=until_work)
            daemon.set_cursor(cursors[what])
            world.settle(_LIMIT_S)
            return f"{what}, {at_work}"

        yield once
        print(f"runs: {daemon.states()}")
