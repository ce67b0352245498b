"""A generated hub end to end by stage, beside bare Splink on the same normalised records in the same run.

Prints Markdown: seconds by stage, peak memory, later deliveries, accuracy by kind and hard case.
Usage: python benchmarks/end_to_end.py [--records 100000] [--seed 1] [--changes 2] [--keep FOLDER]
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PARTYHUB = Path(sys.executable).with_name("partyhub")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="partyhub-bench-"))
    try:
        measure(folder, asked.records, asked.seed, asked.changes)
    finally:
        if asked.keep is None:
            shutil.rmtree(folder)


def measure(folder: Path, records: int, seed: int, changes: int) -> None:
    """Generate, build, deliver changes, evaluate, and run the peer."""
    data, home = folder / "data", folder / "home"
    os.environ |= {"PARTYHUB_HOME": str(home), "PARTYHUB_CONFIG": str(data / "hub.yaml")}
    _, seconds, _ = call(
        PARTYHUB, "generate", "--out", data, "--records", records, "--seed", seed, "--changes", changes
    )
    print(f"Machine: {platform.machine()}, {os.cpu_count()} cores. {records:,} records, seed {seed}.\n")
    print(f"Generated in {seconds:.1f} s.\n")
    report, seconds, peak = call(PARTYHUB, "build", "--json")
    print(f"## Full build, model trained in the run: {seconds:.1f} s with process start, peak {peak:,} MB\n")
    print_stages(report)
    accuracy, _, _ = call(PARTYHUB, "evaluate", "--truth", data / "truth.csv", "--json")
    bare, _, _ = call(sys.executable, Path(__file__).with_name("bare_splink.py"), home, data / "truth.csv")
    print(
        f"\n## Bare Splink on the same normalised records: {bare['seconds']} s, peak {bare['peak_mb']:,} MB\n"
    )
    for kind in ("person", "organization"):
        print(
            f"- {kind}: {bare[kind]['seconds']}, precision {bare[kind]['precision']}, recall {bare[kind]['recall']}"
        )
    print(f"\nRatio of the full build to bare Splink: {seconds / bare['seconds']:.2f}")
    for number in range(1, changes + 1):
        shutil.copytree(data / "later" / f"{number:03d}", data / "inbox", dirs_exist_ok=True)
        report, seconds, peak = call(PARTYHUB, "build", "--json")
        print(f"\n## Delivery {number}: {seconds:.1f} s with process start, peak {peak:,} MB\n")
        print_stages(report)
    print_accuracy(accuracy)
    verified, seconds, peak = call(PARTYHUB, "verify", "--json")
    print(f"\nverify: equal {verified['equal']}, {seconds:.1f} s, peak {peak:,} MB")


def call(*command: object) -> tuple[dict[str, Any], float, int]:
    """Run a command; return its JSON (or nothing), its seconds and its peak memory in MB."""
    began = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own programs
    printed, _ = process.communicate()
    seconds = time.monotonic() - began
    if process.returncode:
        sys.exit(f"{command[0]} {command[1]} ended with {process.returncode}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    text = printed[printed.index("{") :] if "{" in printed else "{}"
    return json.loads(text), seconds, peak


def print_stages(report: dict[str, Any]) -> None:
    """Print seconds and changes by stage."""
    print("| stage | seconds | changed | removed |\n|---|---:|---:|---:|")
    for stage, held in report["stages"].items():
        changed, removed = (
            held.get("changed", held.get("stored", "")),
            held.get("removed", held.get("deletions", "")),
        )
        print(f"| {stage} | {held['seconds']:.2f} | {changed} | {removed} |")
    print(f"| total | {sum(held['seconds'] for held in report['stages'].values()):.2f} | | |")


def print_accuracy(accuracy: dict[str, Any]) -> None:
    """Print pairwise figures by kind and hard case."""
    print("\n## Accuracy of the full build, pairwise\n\n| | precision | recall | F1 |\n|---|---:|---:|---:|")
    rows = {"all": accuracy["pairs"]}
    rows |= {kind: held["pairs"] for kind, held in accuracy["kinds"].items()}
    rows |= {f"case {case}": held["pairs"] for case, held in accuracy.get("hard_cases", {}).items()}
    for name, held in rows.items():
        print(f"| {name} | {held['precision']} | {held['recall']} | {held['f1']} |")


if __name__ == "__main__":
    main()
