"""A set as a hub: built by `partyhub build`, judged by `partyhub evaluate`, and what its blocking finds."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.accuracy.sets import LabelledSet, part_of
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.ids import record_id_sql
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.pairs import create_pairs

PARTYHUB = Path(sys.executable).with_name("partyhub")

_LAUNCHER = """
import os, sys
pid = os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as told:
    told.write(str(usage.ru_maxrss // 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A process has at least the peak of the one that starts it, so a small one starts those that are measured."""


def run_hub(labelled: LabelledSet, work: Path, halves: list[str]) -> dict[str, Any]:
    """Build the set in `work` and return its figures by half."""
    folder, home = work / labelled.name, work / f"{labelled.name}_home"
    if not folder.exists():
        shutil.copytree(labelled.folder, folder)
    os.environ |= {"PARTYHUB_CONFIG": str(folder / "hub.yaml"), "PARTYHUB_HOME": str(home)}
    _, seconds, peak = call(PARTYHUB, "build", "--json")
    found: dict[str, Any] = {"seconds": round(seconds, 1), "peak_mb": peak, **_sizes(home)}
    for half in halves:
        found[half] = judge_hub(home, write_half(labelled, half, work))
    return found


def judge_hub(home: Path, truth: Path) -> dict[str, Any]:
    """Return the figures of the built hub that PARTYHUB_HOME names against an answer key."""
    scores, _, _ = call(PARTYHUB, "evaluate", "--truth", truth, "--json")
    return {
        "pairs": scores["pairs"],
        "bcubed": scores["bcubed"],
        "true_pairs": scores["true_pairs"],
        "kinds": {kind: held["pairs"] for kind, held in scores["kinds"].items()},
        "blocking_recall": _blocking_recall(home, truth),
    }


def write_half(labelled: LabelledSet, half: str, work: Path) -> Path:
    """Write the answer key of one half of the entities, or of another part (`part_of`)."""
    out = work / f"{labelled.name}_{half}.csv"
    duckdb.execute(
        f"copy (select * from ({labelled.truth_query()}) where {part_of(half)}) to '{out}' (header)"
    )
    return out


def call(*command: object) -> tuple[dict[str, Any], float, int]:
    """Run a command; return the JSON that it prints, its seconds, and the peak memory in MB.

    Raises:
        CalledProcessError: it did not end with 0.
    """
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as peak:
        began = time.monotonic()
        launched = [sys.executable, "-S", "-c", _LAUNCHER, peak.name, *map(str, command)]
        process = subprocess.run(launched, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own programs
        seconds = time.monotonic() - began
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, [str(part) for part in command])
        printed = process.stdout
        text = printed[printed.index("{") :] if "{" in printed else "{}"
        return json.loads(text), seconds, int(peak.read())


def _sizes(home: Path) -> dict[str, Any]:
    with LakePlace(home).connect(read_only=True) as con:
        records, parties = con.execute(
            "select count(*), count(distinct party_id) from party_clusters"
        ).fetchall()[0]
        pairs = create_compared_pairs(con)
    return {"records": records, "parties": parties, "pairs_per_record": round(pairs / records, 2)}


def create_compared_pairs(con: duckdb.DuckDBPyConnection) -> int:
    """Create temp table `compared_pairs` (record_id_l, record_id_r) of all that blocking brings; say how many."""
    con.execute("create or replace temp table compared_pairs (record_id_l uuid, record_id_r uuid)")
    models = con.execute("select kind, artefact from match_models where status = 'active'").fetchall()
    for kind, artefact in models:
        con.execute(
            "create or replace temp table kind_keys as"
            f" select rule, key_hash, record_id from blocking_keys where kind = '{kind}'"
        )
        create_pairs(con, MatchModel.from_json(artefact), "kind_keys", None, "kind_pairs")
        con.execute("insert into compared_pairs from kind_pairs")
    return int(con.execute("select count(*) from compared_pairs").fetchall()[0][0])


def _blocking_recall(home: Path, truth: Path) -> float:
    """Return the share of true pairs that some blocking rule brings."""
    with LakePlace(home).connect(read_only=True) as con:
        create_compared_pairs(con)
        con.execute(
            f"create temp table key as select {record_id_sql('source', 'source_record_id')} as record_id, entity_id"
            f" from read_csv('{truth}', all_varchar = true)"
        )
        [(true,)] = con.execute(
            "select coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from key group by entity_id)"
        ).fetchall()
        [(found,)] = con.execute(
            "select count(*) from compared_pairs join key as l on l.record_id = record_id_l"
            " join key as r on r.record_id = record_id_r and l.entity_id = r.entity_id"
        ).fetchall()
    return round(found / true, 4) if true else 1.0
