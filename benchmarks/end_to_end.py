"""A generated hub end to end by stage, beside bare Splink on the same normalised records in the same run.

Prints Markdown: seconds by stage, peak memory, later deliveries, accuracy by kind and hard case, sizes.
Usage: python benchmarks/end_to_end.py [--records 100000] [--seed 1] [--changes 2] [--change-records 1000]
[--keep FOLDER] [--no-verify] [--goldenmatch]

With --goldenmatch GoldenMatch gets the same records, too, after everything else.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.accuracy.hubs import PARTYHUB, call
from benchmarks.accuracy.peers import find_uv
from benchmarks.bare_splink import NORMALIZED, pairwise
from partyhub_dagster.lake.connection import LakePlace

MATCHING = ("match_model/", "blocking_keys/", "match_edges/", "party_clusters")
"""Stages that do what bare Splink does."""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=int, default=2)
    parser.add_argument("--change-records", type=int, default=1_000)
    parser.add_argument("--verify", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    parser.add_argument(
        "--goldenmatch", action="store_true", help="run GoldenMatch, too (uv makes its environment)"
    )
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="partyhub-bench-"))
    try:
        measure(folder, asked)
    finally:
        if asked.keep is None:
            shutil.rmtree(folder)


def measure(folder: Path, asked: argparse.Namespace) -> None:
    """Generate, build, deliver changes, evaluate, and run the peer."""
    records, seed, changes = asked.records, asked.seed, asked.changes
    data, home = folder / "data", folder / "home"
    os.environ |= {"PARTYHUB_HOME": str(home), "PARTYHUB_CONFIG": str(data / "hub.yaml")}
    _, seconds, _ = call(
        PARTYHUB, "generate", "--out", data, "--records", records, "--seed", seed, "--changes", changes,
        "--change-records", asked.change_records,
    )  # fmt: skip
    print(f"Machine: {platform.machine()}, {os.cpu_count()} cores. {records:,} records, seed {seed}.\n")
    print(f"Generated in {seconds:.1f} s.\n")
    report, seconds, peak = call(PARTYHUB, "build", "--json")
    print(f"## Full build, model trained in the run: {seconds:.1f} s with process start, peak {peak:,} MB\n")
    print_stages(report)
    training = sum(held["seconds"] for stage, held in report["stages"].items() if "match_model" in stage)
    accuracy, _, _ = call(PARTYHUB, "evaluate", "--truth", data / "truth.csv", "--json")
    bare, _, _ = call(sys.executable, Path(__file__).with_name("bare_splink.py"), home, data / "truth.csv")
    print(
        f"\n## Bare Splink on the same normalised records: {bare['seconds']} s, peak {bare['peak_mb']:,} MB\n"
    )
    for kind in ("person", "organization"):
        print(
            f"- {kind}: {bare[kind]['seconds']}, precision {bare[kind]['precision']}, recall {bare[kind]['recall']}"
        )
    matching = sum(held["seconds"] for stage, held in report["stages"].items() if stage.startswith(MATCHING))
    ratios = [held / bare["seconds"] for held in (seconds, seconds - training, matching)]
    print(
        "\nRatio of the full build to bare Splink: {:.2f}; without training the model: {:.2f}; of training, keys,"
        " scores and clusters alone: {:.2f}".format(*ratios)
    )
    print_sizes(home, report["stages"]["party_clusters"]["largest_part"])
    for number in range(1, changes + 1):
        shutil.copytree(data / "later" / f"{number:03d}", data / "inbox", dirs_exist_ok=True)
        report, seconds, peak = call(PARTYHUB, "build", "--json")
        print(f"\n## Delivery {number}: {seconds:.1f} s with process start, peak {peak:,} MB\n")
        print_stages(report)
    print_accuracy(accuracy)
    if asked.verify:
        verified, seconds, peak = call(PARTYHUB, "verify", "--json")
        print(f"\nverify: equal {verified['equal']}, {seconds:.1f} s, peak {peak:,} MB")
    if asked.goldenmatch:
        print_goldenmatch(home, data / "truth.csv", folder)


def print_goldenmatch(home: Path, truth: Path, folder: Path) -> None:
    """Run GoldenMatch on what bare Splink was given, in an environment of its own, and judge it as bare Splink."""
    records = folder / "normalized.parquet"
    with LakePlace(home).connect(read_only=True) as lake:
        lake.execute(f"copy ({NORMALIZED}) to '{records}' (format parquet)")
    script = Path(__file__).with_name("bare_goldenmatch.py")
    told, _, _ = call(find_uv(), "run", "--quiet", "--no-project", "--script", script, records, folder)
    print(f"\n## GoldenMatch {told['version']} on the same normalised records: peak {told['peak_mb']:,} MB\n")
    for kind, seconds in told["seconds"].items():
        found = folder / f"{kind}.parquet"
        judged = told["errors"].get(kind) or pairwise(duckdb.connect(), f"'{found}'", str(truth))
        print(f"- {kind}: {seconds} s, {judged}")


def print_sizes(home: Path, largest_part: int) -> None:
    """Print what the hub holds: components, parties, pairs, bytes."""
    with LakePlace(home).connect(read_only=True) as con:
        records, parties, component, party = con.execute(
            "with components as (select count(*) as n from party_clusters group by component_id),"
            " parties as (select count(*) as n from party_clusters group by party_id)"
            " select sum(n)::bigint, count(*), (select max(n) from components), max(n) from parties"
        ).fetchall()[0]
        pairs = con.execute("select count(*) // 2 from match_edges").fetchall()[0][0]
    held = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    print(
        f"\n{records:,} live records in {parties:,} parties; largest component {component:,} records, largest part"
        f" {largest_part:,}, largest party {party:,}; {pairs / records:.2f} kept pairs a record;"
        f" {held / 2**20:,.0f} MB on disk."
    )


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
