"""Does the interval of `partyhub audit-sample` cover the truth: draws on labelled sets, answered from their labels.

    .venv/bin/python -m benchmarks.audit_coverage WORK [--sets fake_1000 febrl3] [--labels 100 300]
        [--draws 200] [--out FILE.json]

Each set is built into WORK/SET as its hub.yaml in data/ says (once: a hub that is there is taken as it is), or
`generated`: 4,000 records by `partyhub generate --seed 7`. Then the frame is drawn from so many times, with 100, 300
and 1,000 labels, and every pair is answered from the labels. The truth are precision and recall over all pairs of
labelled records, also those that the frame does not hold; `in_frame` says how many of the true pairs it holds, and
`recall_in_frame` how often the interval holds the recall of those.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.accuracy.sets import SETS
from partyhub_dagster.answers.audit_draw import collect_frames, share_labels
from partyhub_dagster.answers.audit_frame import BANDS
from partyhub_dagster.answers.audit_interval import Stratum, estimate_precision, estimate_recall
from partyhub_dagster.lake.ids import record_id_sql
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.places import open_hub

PARTYHUB = Path(sys.executable).with_name("partyhub")
LABELS = (100, 300, 1_000)


def main() -> None:
    """Measure every set that is asked for, print a table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--sets", nargs="*", default=["fake_1000", "febrl3", "chicago_childcare"])
    parser.add_argument("--labels", nargs="*", type=int, default=LABELS)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    figures = []
    for name in asked.sets:
        folder, truth = labelled_set(name, asked.work)
        home = built(folder, asked.work / name)
        for kind, strata, facts in frames(folder / "hub.yaml", home, truth, asked.seed):
            for labels in asked.labels:
                found = measure(strata, facts, labels, asked.draws, asked.seed)
                figures.append({"set": name, "kind": kind, "labels": labels, **found})
                print(json.dumps(figures[-1]), flush=True)
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def labelled_set(name: str, work: Path) -> tuple[Path, str]:
    """Return the folder of a set and its answer key as SQL."""
    if name == "generated":
        folder = work / "generated_data"
        if not folder.exists():
            command = ["generate", "--out", folder, "--records", "4000", "--seed", "7"]
            subprocess.run([str(part) for part in (PARTYHUB, *command)], check=True)  # noqa: S603 - our own program
        return folder, f"select * from read_csv('{folder}/truth.csv', all_varchar = true)"
    found = next(held for held in SETS if held.name == name)
    return found.folder, found.truth_query()


def built(folder: Path, home: Path) -> Path:
    """Build the hub of a folder unless it is there."""
    if not (home / "catalog.sqlite").exists():
        home.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "PARTYHUB_CONFIG": str(folder / "hub.yaml"),
            "PARTYHUB_HOME": str(home),
        }
        subprocess.run([str(PARTYHUB), "build", "--quiet"], env=environment, check=True)  # noqa: S603 - our own program
    return home


Strata = list[tuple[int, float, int, int]]
"""Of each stratum: its band, its pairs, its rows, and how many of the rows are one entity."""


def frames(config: Path, home: Path, truth: str, seed: int) -> list[tuple[str, Strata, dict[str, Any]]]:
    """Return the strata of each kind with what is true of them, over labelled records alone."""
    hub = open_hub(config.resolve(), home)
    made = []
    with read_release(hub.place) as (con, _):
        con.execute(
            f"create temp table key as select {record_id_sql('source', 'source_record_id')} as record_id, entity_id"
            f" from ({truth})"
        )
        kinds: list[Kind] = [kind for kind in ("person", "organization") if kind in hub.config.kinds]
        collect_frames(con, kinds, seed)
        for kind in kinds:
            strata = con.execute(
                "select band, sum(counts), count(*), count(*) filter (l.entity_id = r.entity_id) from audit_pairs"
                " join key as l on l.record_id = one join key as r on r.record_id = other where kind = $kind"
                " group by band order by band",
                {"kind": kind},
            ).fetchall()
            made.append((kind, strata, truth_of(con, kind)))
    return made


def truth_of(con: duckdb.DuckDBPyConnection, kind: Kind) -> dict[str, float]:
    """Return true pairs, pairs in one party, and those that are both."""
    pairs = "select coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from held group by {})"
    con.execute(
        "create or replace temp table held as select k.entity_id, c.party_id from key as k"
        " join party_clusters as c using (record_id) join normalized_parties as n using (record_id)"
        " where n.kind = $kind",
        {"kind": kind},
    )
    true, found, both = (
        float(con.execute(pairs.format(by)).fetchall()[0][0])
        for by in ("entity_id", "party_id", "entity_id, party_id")
    )
    return {"true": true, "precision": both / found, "recall": both / true}


def measure(strata: Strata, facts: dict[str, float], labels: int, draws: int, seed: int) -> dict[str, Any]:
    """Draw so many times; count how often the intervals hold the truth, and how wide they are."""
    rng = np.random.default_rng((seed, labels))
    rows = {("", band): count for band, _, count, _ in strata}
    shares = share_labels(rows, {("", band): size for band, size, _, _ in strata}, labels)
    in_frame = sum(size / count * matches for _, size, count, matches in strata)
    reachable = facts["recall"] * facts["true"] / in_frame
    covered, reached = {"precision": 0, "recall": 0}, 0
    widths: dict[str, list[float]] = {"precision": [], "recall": []}
    estimates: dict[str, list[float]] = {"precision": [], "recall": []}
    for _ in range(draws):
        drawn = [
            Stratum(
                BANDS[band].group == "joined",
                size,
                shares["", band],
                int(rng.hypergeometric(matches, count - matches, shares["", band])),
            )
            for band, size, count, matches in strata
        ]
        for what, estimate in (("precision", estimate_precision), ("recall", estimate_recall)):
            found = estimate(drawn)
            covered[what] += found.low - 1e-6 <= facts[what] <= found.high + 1e-6
            reached += what == "recall" and found.low - 1e-6 <= reachable <= found.high + 1e-6
            widths[what].append(found.high - found.low)
            estimates[what].append(-1.0 if found.value is None else found.value)
    return {
        "draws": draws,
        "drawn": sum(shares.values()),
        "true_pairs": int(facts["true"]),
        "in_frame": round(in_frame / facts["true"], 4),
        "recall_in_frame": {"truth": round(reachable, 4), "covered": round(reached / draws, 3)},
        **{
            what: {
                "truth": round(facts[what], 4),
                "mean_estimate": round(float(np.mean(estimates[what])), 4),
                "covered": round(covered[what] / draws, 3),
                "mean_width": round(float(np.mean(widths[what])), 4),
            }
            for what in covered
        },
    }


if __name__ == "__main__":
    main()
