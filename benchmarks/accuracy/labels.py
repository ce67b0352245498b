"""The hub with labels: what `partyhub label-sample` draws, answered from a part of `choose`, learned by `train`.

Labels are of entities of the part `taught`; the row is of the rest of `choose`, and of `report` where it is read.
"""

import csv
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.accuracy.hubs import PARTYHUB, call, judge_hub, write_half
from benchmarks.accuracy.sets import REST, TAUGHT, LabelledSet

COUNTS = (50, 1_000)
_DRAWN_FOR_ONE = 24
"""Pairs drawn for a label: most are not of two taught entities."""


def labels_tool(count: int) -> str:
    """Name the hub with so many labels as the tables do."""
    return f"partyhub, {count:,} labels"


def run_hub_with_labels(
    labelled: LabelledSet, work: Path, count: int, halves: list[str]
) -> dict[str, Any] | None:
    """Teach a copy of the hub that was built in `work`; None where the set has not so many pairs to label."""
    home = work / f"{labelled.name}_{count}_labels"
    shutil.copytree(work / f"{labelled.name}_home", home)
    os.environ |= {
        "PARTYHUB_CONFIG": str(work / labelled.name / "hub.yaml"),
        "PARTYHUB_HOME": str(home),
    }
    drawn, answered = home / "drawn.csv", home / "labels.csv"
    _run("label-sample", "--labels", str(count * _DRAWN_FOR_ONE), "--out", str(drawn))
    if _answer(labelled, drawn, answered, count, work) < count:
        return None
    try:
        _, seconds, peak = call(PARTYHUB, "train", "--labels", answered, "--activate")
    except subprocess.CalledProcessError:
        refused = "no model was made"
        if refused not in _run("train", "--labels", str(answered), check=False).stderr:
            raise
        return {"error": refused}
    _build()
    found: dict[str, Any] = {"seconds": round(seconds, 1), "peak_mb": peak}
    for part in [REST, *(half for half in halves if half != "choose")]:
        found[part] = judge_hub(home, write_half(labelled, part, work))
    return found


def _answer(labelled: LabelledSet, drawn: Path, answered: Path, count: int, work: Path) -> int:
    """Answer what is of two taught entities, so many of them by chance; return how many there were."""
    truth = write_half(labelled, TAUGHT, work)
    rows = duckdb.execute(
        f"select source || ':' || source_record_id, entity_id from read_csv('{truth}', all_varchar = true)"
    ).fetchall()
    entity = dict(rows)
    with drawn.open(encoding="utf-8", newline="") as file:
        pairs = [(row["left"], row["right"]) for row in csv.DictReader(file)]
    known = [pair for pair in pairs if pair[0] in entity and pair[1] in entity]
    random.Random(1).shuffle(known)  # noqa: S311 - a seed that can be repeated, no secret
    with answered.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["left", "right", "answer"])
        writer.writerows(
            [*pair, "y" if entity[pair[0]] == entity[pair[1]] else "n"] for pair in known[:count]
        )
    return min(count, len(known))


def _build() -> None:
    """Build, and let through what a new model changes at once, as its operator would."""
    done = _run("build", "--quiet", check=False)
    named = re.findall(r"`partyhub (release [^`]*)--reason TEXT`", done.stderr)
    if done.returncode and named:
        _run(*named[0].split(), "--reason", "a model that learned from labels")
    elif done.returncode:
        raise subprocess.CalledProcessError(done.returncode, done.args)


def _run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PARTYHUB), *words], capture_output=True, text=True, check=check)  # noqa: S603 - our own program
