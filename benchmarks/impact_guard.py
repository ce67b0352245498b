"""What the impact guard stops and what it lets pass: five bad and five good deliveries on a released hub.

Exit code 1 if a bad one is released or a good one is stopped.

    python benchmarks/impact_guard.py --records 10000
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from partyhub_dagster.errors import GateError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.quality import latest_results
from partyhub_dagster_tests.factories import build, copy_hub
from partyhub_dagster_tests.impact_world import BAD, GOOD, Delivery, first_hub


def main() -> None:
    """Release a first hub, bring each delivery to a copy of it, print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(Path(folder), given.records, given.seed) else 1)


def run(folder: Path, records: int, seed: int) -> bool:
    """Return whether every bad delivery was stopped and every good one released."""
    first = first_hub(folder / "first", records, seed)
    build(first)
    print("| delivery | is | outcome | checks that stopped it: worst part, measured (bound) | build, s |")
    print("|---|---|---|---|---|", flush=True)
    outcomes = [try_delivery(first, folder / "copy", name, make) for name, make in (BAD | GOOD).items()]
    return all(outcomes)


def try_delivery(first: Hub, folder: Path, name: str, make: Delivery) -> bool:
    """Bring a delivery to a copy of the hub, print its row, return whether the guard was right."""
    hub = make(copy_hub(first, folder))
    began = time.monotonic()
    try:
        build(hub)
        released = True
    except GateError:
        released = False
    seconds = time.monotonic() - began
    kind, outcome = "bad" if name in BAD else "good", "released" if released else "stopped"
    print(
        f"| {name} | {kind} | {outcome} | {'; '.join(stopped_by(hub)) or '-'} | {seconds:.1f} |", flush=True
    )
    shutil.rmtree(folder)
    return released == (name in GOOD)


def stopped_by(hub: Hub) -> list[str]:
    """List the blocking checks that do not hold, with what they measured where it was worst."""
    with hub.place.connect(read_only=True) as con:
        results = latest_results(Session(hub.place, con, "benchmark"), hub.config)
    found = []
    for result in results:
        if result.severity == "block" and not result.passed:
            where = f": {result.parts[0].part}" if result.parts else ""
            bound = "" if result.threshold is None else f" {result.measured:.2f} ({result.threshold:.2f})"
            found.append(f"`{result.rule}`{where}{bound}")
    return found


if __name__ == "__main__":
    main()
