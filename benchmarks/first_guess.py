"""How good is the first guess: `partyhub init`, `build` without editing, then `evaluate`, on layouts with labels.

    .venv/bin/python benchmarks/first_guess.py FOLDER [--sets fake_1000 febrl3] [--out FILE.json]

FOLDER holds fake_1000/fake_1000.csv, febrl3/dataset3.csv and historical_50k/*.parquet. Each is guessed as it is.
The labels are read for the answer key alone: from the column `cluster`, or the number in febrl3's rec_id. Then the
same set is built with the hub.yaml written by hand in data/.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

PROGRAM = Path(sys.executable).parent / "partyhub"
DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class LabelledSet:
    """Files as they are, and the SQL over them that gives the answer key: record, entity."""

    name: str
    file: str
    key: str
    entity: str


SETS = [
    LabelledSet("fake_1000", "fake_1000/fake_1000.csv", "unique_id", "cluster"),
    LabelledSet("febrl3", "febrl3/dataset3.csv", "rec_id", "regexp_extract(rec_id, '^rec-([0-9]+)-', 1)"),
    LabelledSet(
        "historical_50k", "historical_50k/historical_figures_with_errors_50k.parquet", "unique_id", "cluster"
    ),
]


def main() -> None:
    """Measure every set that is asked for, print a table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="*", default=[s.name for s in SETS])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    figures = []
    for labelled in (s for s in SETS if s.name in asked.sets):
        for how in ("guessed", "improved"):
            figures.append(measure(labelled, asked.folder / labelled.file, how))
            print(json.dumps(figures[-1]), flush=True)
    print(f"\n{'set':<16}{'hub.yaml':<10}{'precision':>10}{'recall':>8}{'F1':>8}{'minutes':>9}")
    for found in figures:
        print(
            f"{found['set']:<16}{found['hub_yaml']:<10}{found['precision']:>10.4f}{found['recall']:>8.4f}"
            f"{found['f1']:>8.4f}{found['seconds'] / 60:>9.2f}"
        )
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(labelled: LabelledSet, data: Path, how: str) -> dict[str, Any]:
    """Build one set in a folder of its own; minutes count from `init` to the release."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        file = work / data.name
        shutil.copyfile(data, file)
        truth, config = work / "truth.csv", work / "hub.yaml"
        began = time.monotonic()
        if how == "guessed":
            run(work, "init", str(file), "--out", str(config), "--yes")
        else:
            shutil.copyfile(DATA / labelled.name / "hub.yaml", config)
        run(work, "config", "check")
        run(work, "build", "--quiet")
        seconds = time.monotonic() - began
        write_truth(labelled, file, truth)
        scores = json.loads(run(work, "evaluate", "--truth", str(truth), "--json"))
    return {
        "set": labelled.name, "hub_yaml": how, **scores["pairs"], "bcubed_f1": scores["bcubed"]["f1"],
        "seconds": round(seconds, 1),
    }  # fmt: skip


def write_truth(labelled: LabelledSet, file: Path, truth: Path) -> None:
    """Write the answer key."""
    reader = "read_parquet(?)" if file.suffix == ".parquet" else "read_csv(?, all_varchar = true)"
    duckdb.execute(
        f"copy (select '{source_name(file)}' as source, trim({labelled.key}) as source_record_id,"
        f" {labelled.entity} as entity_id from {reader}) to '{truth}' (header)",
        [str(file)],
    )


def source_name(file: Path) -> str:
    """Return what `init` names the source of a file."""
    return file.name.split(".", 1)[0]


def run(work: Path, *words: str) -> str:
    """Run partyhub on the set's own hub; what it complains of is shown."""
    environment = {
        **os.environ,
        "PARTYHUB_CONFIG": str(work / "hub.yaml"),
        "PARTYHUB_HOME": str(work / "lake"),
    }
    done = subprocess.run(  # noqa: S603 - our own program
        [str(PROGRAM), *words], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
