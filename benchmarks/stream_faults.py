"""What goes wrong around a stream, again and again, and the counts after each time: nothing lost, nothing twice.

    python benchmarks/stream_faults.py                           # lists the faults
    python benchmarks/stream_faults.py run-killed --times 20 --seed 1

Each fault has a Kafka broker, topics and a hub of its own. Those of processes, brokers and people run under Dagster's
daemon with the sensor on; those of disks, lakes and topics run `partyhub stream run` and type what its message says.
After each time every message that the broker acknowledged must be in the hub once, the live records must be those that
the simplest account of the messages gives, every rejected message on the dead letter topic, and confirmations without a
gap and each once. In the end `partyhub verify` must find the hub equal to a rebuild and, where the topic still holds
all, every table must be that of a hub which read it in one go. Exit code 1 if anything differs. Needs what
`make services-up` needs; disk-full needs root, for a small disk of its own.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import fault_commands
import faults_of_data as data
import faults_of_machines as machines
from fault_world import World


@dataclass(frozen=True)
class Fault:
    """A fault, and what of the final comparison can be asked after it."""

    does: Callable[[World], AbstractContextManager[Callable[[], str]]]
    whole: bool = True
    """The topic holds everything in the end: another hub can read it in one go."""
    settings: dict[str, str] = field(default_factory=dict)
    """Of the topic."""


FAULTS = {
    "run-killed": Fault(machines.run_killed),
    "daemon-killed": Fault(machines.daemon_killed),
    "broker-killed": Fault(machines.broker_killed),
    "broker-unreachable": Fault(machines.broker_unreachable),
    "two-daemons-one-home": Fault(machines.two_daemons_one_home),
    "two-daemons-two-homes": Fault(machines.two_daemons_two_homes),
    "cursor-reset": Fault(machines.cursor_reset),
    "disk-full": Fault(data.disk_full),
    "lake-restored": Fault(data.lake_restored),
    "topic-recreated": Fault(data.topic_recreated, whole=False),
    "retention-overtakes": Fault(data.retention_overtakes, whole=False),
    "compaction-gaps": Fault(data.compaction_gaps, whole=False),
    "transaction-markers": Fault(data.transaction_markers),
}


def main() -> None:
    """Do a fault so many times and print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fault", choices=FAULTS, nargs="?")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no further round after so many")
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    asked = parser.parse_args()
    if asked.fault is None:
        sys.exit(
            "\n".join(f"{name:24}{(fault.does.__doc__ or '').strip()}" for name, fault in FAULTS.items())
        )
    fault_commands.preload()
    folder = Path(tempfile.mkdtemp(prefix="partyhub-faults-"))
    try:
        wrong = run(folder, asked.fault, asked.times, asked.seed, asked.seconds)
    finally:
        print(f"in {folder}" if asked.keep else "", end="")
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


def run(folder: Path, name: str, times: int, seed: int, seconds: float) -> int:
    """Do a fault, check after each time and compare in the end; return how often anything was wrong."""
    fault, wrong, done, began = FAULTS[name], 0, 0, time.monotonic()
    print(f"{name}, {times} times, seed {seed}")
    with ExitStack() as stack:
        home = None
        if name == "disk-full":
            home = stack.enter_context(data.small_disk(folder / "disk", 64)) / "home"
        world = World(folder, seed, home=home, **fault.settings)
        stack.callback(world.kafka.kill)
        with fault.does(world) as once:
            first = time.monotonic()
            while done < times and (not done or time.monotonic() - first < seconds):
                started, done = time.monotonic(), done + 1
                hit = once()
                found = world.differences()
                wrong += bool(found) or hit.startswith(("NO STOP", "WRONG"))
                outcome = "; ".join(found) or "equal"
                print(f"{done:>4} {time.monotonic() - started:>6.1f} s  {hit}: {outcome}", flush=True)
        found = world.differences_of_all(anew=fault.whole)
    wrong += bool(found)
    print(world.counts)
    print(f"{name}: {done} times, {wrong} wrong; in the end {'; '.join(found) or 'equal'};"
          f" {time.monotonic() - began:.0f} s")  # fmt: skip
    return wrong


if __name__ == "__main__":
    main()
