"""Law 10, measured: kill -9 a build at random moments, build again, compare with a hub that nobody disturbed.

Half of the kills hit the first build of a new hub, half a build that carries three deliveries of changes through.
Exit code 1 if any hub differs.

    python benchmarks/kill_builds.py --kills 30 --records 500 --seed 1
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from partyhub_dagster.config import load_config
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.metadata import quote_name
from partyhub_dagster.lake.tables import all_tables
from partyhub_dagster.sources.generator import generate

CHANGES = 3
# What names the run, the clock or the write, or counts the tries, and so differs between two good histories.
IGNORED_COLUMNS = {"epoch", "run_id", "load_id", "started_at", "duration_s", "written_at", "created_at", "valid_from",
                   "valid_to", "valid_from_release", "valid_to_release", "file_mtime_ns"}  # fmt: skip
IGNORED_TABLES = {
    "hub_epoch",
    "watermarks",
    "removed_keys",
    "dq_results",
    "dq_parts",
    "run_stages",
    "releases",
    "acceptances",
}


def start_build(config: Path, home: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a build in a process of its own; its progress goes to `log`."""
    environment = os.environ | {"PARTYHUB_HOME": str(home), "PARTYHUB_CONFIG": str(config)}
    command = [sys.executable, "-m", "partyhub_dagster.cli.app", "build"]
    with log.open("wb") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)  # noqa: S603 - ours


def build(config: Path, home: Path, log: Path) -> float:
    """Build to the end and return how long it took."""
    began = time.monotonic()
    if start_build(config, home, log).wait() != 0:
        raise SystemExit(f"A build failed:\n{log.read_text()}")
    return time.monotonic() - began


def contents(config: Path, home: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return what a hub holds: every table, without what names a run, a time or a write."""
    tables = all_tables(load_config(config).attributes.values())
    found = {}
    with LakePlace(home).connect(read_only=True) as con:
        for name, table in tables.items():
            if name in IGNORED_TABLES:
                continue
            columns = ", ".join(quote_name(c) for c in table.column_names if c not in IGNORED_COLUMNS)
            where = "where status = 'loaded'" if name == "load_audit" else ""
            where = "where valid_to is null" if name.endswith("_history") and "source" not in name else where
            found[name] = Counter(map(repr, con.execute(f"select {columns} from {name} {where}").fetchall()))
    return found


def steps_of(log: Path) -> list[tuple[float, str]]:
    """Return when each step began and which it was, from the progress of a build."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("[")]
    return [(float(line[1:].split(" s]")[0]), line.split("] ", 1)[1]) for line in lines]


def kill_once(config: Path, home: Path, steps: int, seconds: float, log: Path) -> str:
    """Kill a build some seconds after so many of its steps have begun; return the step it was at.

    Steps rather than the clock: a machine that is now slower, now faster is still hit everywhere.
    """
    process = start_build(config, home, log)
    while process.poll() is None and len(steps_of(log)) < steps:
        time.sleep(0.01)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = steps_of(log)
        return found[-1][1] if found else "starting"
    return "ended before"


def moment(rng: random.Random, total: float, steps: list[tuple[float, str]]) -> tuple[int, float]:
    """Draw a moment of an undisturbed build: how many steps have begun, and how many seconds ago the last did."""
    at = rng.uniform(0, total)
    begun = [began for began, _ in steps if began <= at]
    return len(begun), at - (begun[-1] if begun else 0)


def main() -> None:
    """Run the kills and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)  # noqa: S311 - a seed that can be repeated, no secret
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(Path(folder), given.kills, given.records, given.seed, rng) else 1)


def run(folder: Path, kills: int, records: int, seed: int, rng: random.Random) -> bool:
    """Prepare the two undisturbed hubs, then kill and compare."""
    first, later, log = folder / "first", folder / "later", folder / "log"
    generate(first, records, seed, CHANGES)
    shutil.copytree(first, later)
    for number in range(1, CHANGES + 1):
        shutil.copytree(later / "later" / f"{number:03}", later / "inbox", dirs_exist_ok=True)
    seconds = {"first": build(first / "hub.yaml", folder / "base", log)}
    steps = {"first": steps_of(log)}
    shutil.copytree(folder / "base", folder / "changed")
    seconds["changes"] = build(later / "hub.yaml", folder / "changed", log)
    steps["changes"] = steps_of(log)
    configs = {"first": first / "hub.yaml", "changes": later / "hub.yaml"}
    wanted = {"first": contents(configs["first"], folder / "base"),
              "changes": contents(configs["changes"], folder / "changed")}  # fmt: skip
    print(
        f"{records} records, seed {seed}; undisturbed: {seconds['first']:.1f} s and {seconds['changes']:.1f} s"
    )
    print(f"{'kill':>4}  {'build':8}{'after s':>8}  {'step':28}{'again s':>8}  outcome")
    equal = 0
    for number in range(1, kills + 1):
        which = "first" if number % 2 else "changes"
        home = folder / "killed"
        if which == "changes":
            shutil.copytree(folder / "base", home)
        begun, after = moment(rng, seconds[which], steps[which])
        step = kill_once(configs[which], home, begun, after, log)
        again = build(configs[which], home, log)
        held = contents(configs[which], home)
        different = [name for name in held if held[name] != wanted[which][name]]
        equal += not different
        outcome = "equal" if not different else f"DIFFERS in {', '.join(different)}"
        print(f"{number:>4}  {which:8}{after:>8.2f}  {step:28}{again:>8.2f}  {outcome}", flush=True)
        shutil.rmtree(home)
    print(f"{equal} of {kills} equal an undisturbed hub.")
    return equal == kills


if __name__ == "__main__":
    main()
