"""A decision's way: seconds from `partyhub decide` to the released golden record, and the same for taking it back.

Generates a hub, builds it, then decides `same` on two single parties and revokes it, a few times, each command in a
process of its own as a person would. Prints Markdown.
Usage: python benchmarks/decision_way.py [--records 10000] [--rounds 3] [--seed 1]
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from partyhub_dagster.lake.connection import LakePlace

PARTYHUB = Path(sys.executable).with_name("partyhub")
STEPS = ("decide same", "build", "show", "decide revoke", "build", "show")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="partyhub-decision-"))
    try:
        measure(folder, asked.records, asked.rounds, asked.seed)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, records: int, rounds: int, seed: int) -> None:
    """Build a hub and time each step of deciding and taking back."""
    data, home = folder / "data", folder / "home"
    os.environ |= {"PARTYHUB_HOME": str(home), "PARTYHUB_CONFIG": str(data / "hub.yaml")}
    call("generate", "--out", str(data), "--records", str(records), "--seed", str(seed))
    call("build", "--quiet")
    pairs = single_parties(home, rounds)
    taken = [decide_and_undo(one, other, f"round {n}") for n, (one, other) in enumerate(pairs)]
    print(f"Machine: {platform.machine()}, {os.cpu_count()} cores. {records:,} records, {rounds} rounds.\n")
    print("| step | seconds, median | slowest |\n|---|---|---|")
    for place, step in enumerate(STEPS):
        seconds = [each[place] for each in taken]
        print(f"| {step} | {statistics.median(seconds):.2f} | {max(seconds):.2f} |")
    for name, part in (("decide to release", slice(0, 2)), ("undo to release", slice(3, 5))):
        seconds = [sum(each[part]) for each in taken]
        print(f"| **{name}** | {statistics.median(seconds):.2f} | {max(seconds):.2f} |")


def decide_and_undo(one: str, other: str, group: str) -> list[float]:
    """Take both ways; return the seconds of every step, and fail if a golden record is not what was decided."""
    together, decide_s = call(
        "decide", "same", one, other, "--reason", "benchmark", "--group", group, "--json"
    )
    _, build_s = call("build", "--json")
    shown, show_s = call("show", other, "--json")
    expect(together["written"] and shown["party_id"] == one, "the decision is not in the release")
    _, revoke_s = call("decide", "revoke", "--group", group, "--reason", "benchmark", "--json")
    _, rebuild_s = call("build", "--json")
    shown, reshow_s = call("show", other, "--json")
    expect(shown["party_id"] == other, "the old id is not back")
    return [decide_s, build_s, show_s, revoke_s, rebuild_s, reshow_s]


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition is what it is about
    """End the benchmark if what it measures did not happen."""
    if not holds:
        sys.exit(otherwise)


def single_parties(home: Path, rounds: int) -> list[tuple[str, str]]:
    """Pick pairs of parties of one record and one kind, the older first."""
    with LakePlace(home).connect(read_only=True) as con:
        rows = con.execute(
            "select party_id::varchar from golden_parties join normalized_parties on record_id = party_id"
            " where members = 1 and golden_parties.kind = 'person' order by first_seen limit $n",
            {"n": 2 * rounds},
        ).fetchall()
    ids = [row[0] for row in rows]
    return list(zip(ids[::2], ids[1::2], strict=True))


def call(*words: str) -> tuple[Any, float]:
    """Run a command; return its JSON, if it prints any, and its seconds with process start."""
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own program
        [str(PARTYHUB), *words], check=True, capture_output=True, text=True
    )
    seconds = time.monotonic() - began
    return (json.loads(done.stdout) if "--json" in words else None), seconds


if __name__ == "__main__":
    main()
