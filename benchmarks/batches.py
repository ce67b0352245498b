"""Fifty small deliveries into a large hub: what each costs by stage, what grows, and whether verify agrees.

Builds a generated hub, then brings later deliveries one by one: every other one by `partyhub build` in a process of
its own (cold), the rest in one process that stays (warm). Beside it bare Splink's predict over the same records.
Then verify, in full and by sample, upkeep, and what the catalog and the disk held before and after. Prints Markdown;
exit code 1 if the hub differs from its rebuild. A folder named by --keep is used again.

    python benchmarks/batches.py --records 100000 --batches 50
    PARTYHUB_MEMORY_LIMIT=4GB python benchmarks/batches.py --records 1000000 --batches 50 --keep FOLDER
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

from partyhub_dagster.lake.catalog import catalog_size
from partyhub_dagster.places import open_hub
from partyhub_dagster.sources.generator import generate

PARTYHUB = Path(sys.executable).with_name("partyhub")
SAMPLE = 200


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=50)
    parser.add_argument("--change-records", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="partyhub-batches-"))
    try:
        equal = measure(folder, given)
    finally:
        if given.keep is None:
            shutil.rmtree(folder)
    sys.exit(0 if equal else 1)


def measure(folder: Path, given: argparse.Namespace) -> bool:
    """Build, deliver, verify, keep up; tell whether the hub equals its rebuild."""
    data, home = folder / "data", folder / "home"
    os.environ |= {"PARTYHUB_HOME": str(home), "PARTYHUB_CONFIG": str(data / "hub.yaml")}
    print(
        f"Machine: {platform.machine()}, {os.cpu_count()} cores. {given.records:,} records, seed {given.seed},"
        f" {given.batches} deliveries of {given.change_records:,} rows.\n",
        flush=True,
    )
    if not (data / "hub.yaml").exists():
        generate(data, given.records, given.seed, given.batches, given.change_records)
    if not (home / "catalog.sqlite").exists():
        report, seconds = call(PARTYHUB, "build", "--json")
        print(
            f"Full build with training: {seconds:.1f} s with process start, {total(report):.1f} s in its stages.\n"
        )
    print_sizes(home, "before the deliveries")
    deliver_all(data, home, given.batches)
    print_sizes(home, "after the deliveries")
    bare, _ = call(sys.executable, Path(__file__).with_name("bare_splink.py"), home, data / "truth.csv")
    predict = sum(bare[kind]["seconds"]["predict"] for kind in ("person", "organization"))
    print(
        f"\nBare Splink on the same records: predict {predict:.1f} s, with training and clustering {bare['seconds']} s."
    )
    equal = verify() if given.verify else True
    _, seconds = call(PARTYHUB, "upkeep", "--json")
    print(f"\nupkeep: {seconds:.1f} s")
    print_sizes(home, "after upkeep")
    return equal and (verify(full=False) if given.verify else True)


def deliver_all(data: Path, home: Path, batches: int) -> None:
    """Deliver and build, cold and warm in turn, and print the median seconds of every stage."""
    found: dict[str, list[dict[str, float]]] = {"cold": [], "warm": []}
    whole = []
    for number in range(1, batches + 1):
        delivery = data / "later" / f"{number:03d}"
        if not delivery.exists():
            continue
        shutil.copytree(delivery, data / "inbox", dirs_exist_ok=True)
        if number % 2:
            report, seconds = call(PARTYHUB, "build", "--json")
            whole.append(seconds)
        else:
            hub = open_hub(data / "hub.yaml", home)
            with hub.run() as run:
                report = run.build().as_dict()
        stages = {stage: held["seconds"] for stage, held in report["stages"].items()}
        found["cold" if number % 2 else "warm"].append(stages)
        shutil.rmtree(delivery)
        print(f"<!-- delivery {number}: {sum(stages.values()):.1f} s -->", flush=True)
    if found["cold"] and found["warm"]:
        print_stages(found)
        print(
            f"\nA cold one with process start: {statistics.median(whole):.1f} s, slowest {max(whole):.1f} s.\n"
        )


def print_stages(found: dict[str, list[dict[str, float]]]) -> None:
    """Print a row for each stage: median seconds, cold and warm."""
    print(
        f"\n| median of {len(found['cold'])} cold, {len(found['warm'])} warm | cold | warm |\n|---|---:|---:|"
    )
    for stage in found["cold"][0]:
        cold, warm = (statistics.median(run[stage] for run in found[how]) for how in ("cold", "warm"))
        print(f"| {stage} | {cold:.2f} | {warm:.2f} |")
    cold, warm = (statistics.median(sum(run.values()) for run in found[how]) for how in ("cold", "warm"))
    print(f"| **total** | {cold:.2f} | {warm:.2f} |")


def verify(*, full: bool = True) -> bool:
    """Verify a sample, and the whole if asked; tell whether all was equal."""
    equal = True
    for words in (["--sample", str(SAMPLE)], []) if full else (["--sample", str(SAMPLE)],):
        answer, seconds = call(PARTYHUB, "verify", *words, "--json", codes=(0, 1))
        equal = equal and bool(answer["equal"])
        print(f"verify {' '.join(words) or 'in full'}: equal {answer['equal']}, {seconds:.1f} s", flush=True)
    return equal


def print_sizes(home: Path, when: str) -> None:
    """Print what the catalog and the disk hold."""
    size = catalog_size(home / "catalog.sqlite")
    disk = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    print(
        f"Catalog {when}: {size.bytes / 1e6:.1f} MB, {size.snapshots:,} snapshots, {size.files:,} files;"
        f" {disk / 1e6:,.0f} MB on disk in all.",
        flush=True,
    )


def total(report: dict[str, Any]) -> float:
    """Return the seconds of all stages."""
    return float(sum(held["seconds"] for held in report["stages"].values()))


def call(*command: object, codes: tuple[int, ...] = (0,)) -> tuple[dict[str, Any], float]:
    """Run a command; return its JSON (or nothing) and its seconds."""
    began = time.monotonic()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own programs
    seconds = time.monotonic() - began
    if done.returncode not in codes:
        sys.exit(f"{command[0]} {command[1]} ended with {done.returncode}")
    text = done.stdout[done.stdout.index("{") :] if "{" in done.stdout else "{}"
    return json.loads(text), seconds


if __name__ == "__main__":
    main()
