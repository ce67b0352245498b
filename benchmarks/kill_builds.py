"""Law 10, measured: kill -9 a build at random moments, build again, compare with a hub that nobody disturbed.

Half of the kills hit the first build of a new hub, half a build that carries three deliveries of changes and new
decisions through: SAME, NOT_SAME, a PIN, one for a record that is not there, and the revocation of a group that the
hub already obeyed. Every build that is killed is a process of its own, forked from one that has loaded the libraries
but opened no lake; the build after it runs here. Exit code 1 if any hub differs.

    python benchmarks/kill_builds.py --kills 30 --records 500 --seed 1
    python benchmarks/kill_builds.py --kills 200 --records 120 --seed 1     # an hour on two quiet cores
"""

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import UUID

from partyhub_dagster.config import load_config
from partyhub_dagster.hub import Hub
from partyhub_dagster.identity.decisions import DecisionKind
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.metadata import quote_name
from partyhub_dagster.lake.tables import all_tables
from partyhub_dagster.sources.generator import generate
from partyhub_dagster.stewardship.ledger import Entry, append_entries

CHANGES = 3
ENDED = "ended before"
_FORKS = multiprocessing.get_context("forkserver")
_LOADED = [
    "partyhub_dagster.hub",
    "pandas",
    "pyarrow",
    "scipy.sparse.csgraph",
    "splink",
    "usaddress",
    "phonenumbers",
    "stdnum",
    "rigour",
]
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


def start_build(config: Path, home: Path, log: Path) -> ForkServerProcess:
    """Start a build in a process of its own; its progress goes to `log`."""
    log.unlink(missing_ok=True)
    process = _FORKS.Process(target=build, args=(config, home, log))
    process.start()
    return process


def build(config: Path, home: Path, log: Path) -> float:
    """Build to the end and return how long it took."""
    began = time.monotonic()
    with log.open("w") as file, Hub(load_config(config), LakePlace(home)).run() as run:
        run.build(lambda stage: print(f"[{time.monotonic() - began:.2f} s] {stage}", file=file, flush=True))
    return time.monotonic() - began


def undisturbed(config: Path, home: Path, log: Path) -> float:
    """Build in a process of its own, as the builds to be killed, and return how long it took."""
    began = time.monotonic()
    process = start_build(config, home, log)
    process.join()
    if process.exitcode != 0:
        raise SystemExit("A build failed that nobody disturbed.")
    return time.monotonic() - began


def decide(config: Path, home: Path, rng: random.Random, group: UUID | None, revoked: UUID | None) -> None:
    """Write decisions about records of the hub, and the revocation of an earlier group."""
    place = LakePlace(home)
    with Hub(load_config(config), place).run() as run:
        rows = run.session.con.execute(
            "select source || ':' || source_record_id, kind, party_id from normalized_parties"
            " join party_clusters using (record_id) order by record_id"
        ).fetchall()
        entries = []
        for verdict in (DecisionKind.SAME, DecisionKind.SAME, DecisionKind.NOT_SAME):
            one = rng.choice(rows)
            fellows = [
                r for r in rows if r[1] == one[1] and r != one and (r[2] == one[2] or verdict == "SAME")
            ]
            entries += [(verdict, one[0], rng.choice(fellows)[0])] if fellows else []
        entries.append((DecisionKind.SAME, rng.choice(rows)[0], "crm:not there yet"))
        written = [_entry(rng, verdict, left, right, group) for verdict, left, right in entries]
        pin = _entry(rng, DecisionKind.PIN, rng.choice(rows)[0], None, group)
        written.append(
            Entry(
                pin.verdict,
                pin.author,
                pin.reason,
                pin.left,
                None,
                "name",
                "Pinned",
                group,
                None,
                pin.decision_id,
            )
        )
        if revoked is not None:
            written.append(
                Entry(DecisionKind.REVOKE, "bench", "drawn", revokes=revoked, decision_id=_uuid(rng))
            )
        append_entries(run.session, written)


def _entry(
    rng: random.Random, verdict: DecisionKind, left: str, right: str | None, group: UUID | None
) -> Entry:
    return Entry(verdict, "bench", "drawn", left, right, group_id=group, decision_id=_uuid(rng))


def _uuid(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128))


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
    text = log.read_text(errors="replace") if log.exists() else ""
    lines = [line for line in text.splitlines() if line.startswith("[") and " s] " in line]
    return [(float(line[1:].split(" s]")[0]), line.split("] ", 1)[1]) for line in lines]


def kill_once(config: Path, home: Path, steps: int, seconds: float, log: Path) -> str:
    """Kill a build some seconds after so many of its steps have begun; return the step it was at.

    Steps rather than the clock: a machine that is now slower, now faster is still hit everywhere.
    """
    process = start_build(config, home, log)
    while process.is_alive() and len(steps_of(log)) < steps:
        time.sleep(0.01)
    process.join(timeout=seconds)
    if not process.is_alive():
        return ENDED
    process.kill()  # SIGKILL
    process.join()
    found = steps_of(log)
    return found[-1][1] if found else "starting"


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
    _FORKS.set_forkserver_preload(_LOADED)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(Path(folder), given.kills, given.records, given.seed, rng) else 1)


def run(folder: Path, kills: int, records: int, seed: int, rng: random.Random) -> bool:
    """Prepare the two undisturbed hubs, then kill and compare."""
    began = time.monotonic()
    first, later, log = folder / "first", folder / "later", folder / "log"
    generate(first, records, seed, CHANGES)
    shutil.copytree(first, later)
    for number in range(1, CHANGES + 1):
        shutil.copytree(later / "later" / f"{number:03}", later / "inbox", dirs_exist_ok=True)
    warm = _FORKS.Process(target=int)  # the server loads the libraries once, at the first process
    warm.start()
    warm.join()
    seconds = {"first": undisturbed(first / "hub.yaml", folder / "new", log)}
    steps = {"first": steps_of(log)}
    group = _uuid(rng)
    shutil.copytree(folder / "new", folder / "base")
    decide(first / "hub.yaml", folder / "base", rng, group, None)
    build(first / "hub.yaml", folder / "base", log)
    decide(first / "hub.yaml", folder / "base", rng, None, group)
    shutil.copytree(folder / "base", folder / "changed")
    seconds["changes"] = undisturbed(later / "hub.yaml", folder / "changed", log)
    steps["changes"] = steps_of(log)
    configs = {"first": first / "hub.yaml", "changes": later / "hub.yaml"}
    wanted = {"first": contents(configs["first"], folder / "new"),
              "changes": contents(configs["changes"], folder / "changed")}  # fmt: skip
    print(
        f"{records} records, seed {seed}; undisturbed: {seconds['first']:.1f} s and {seconds['changes']:.1f} s"
    )
    print(f"{'kill':>4}  {'build':8}{'after s':>8}  {'step':28}{'again s':>8}  outcome")
    equal = killed = tries = 0
    while (
        killed < kills and tries < 3 * kills
    ):  # a build that ended before its moment is compared, but is no kill
        tries += 1
        which = "first" if tries % 2 else "changes"
        home = folder / "killed"
        if which == "changes":
            shutil.copytree(folder / "base", home)
        begun, after = moment(rng, seconds[which], steps[which])
        step = kill_once(configs[which], home, begun, after, log)
        killed += step != ENDED
        again = build(configs[which], home, log)
        held = contents(configs[which], home)
        different = [name for name in held if held[name] != wanted[which][name]]
        equal += not different
        outcome = "equal" if not different else f"DIFFERS in {', '.join(different)}"
        print(f"{killed:>4}  {which:8}{after:>8.2f}  {step:28}{again:>8.2f}  {outcome}", flush=True)
        shutil.rmtree(home)
    print(
        f"seed {seed}: {killed} kills in {tries} builds; {equal} of {tries} equal an undisturbed hub;"
        f" {time.monotonic() - began:.0f} s."
    )
    return equal == tries and killed == kills


if __name__ == "__main__":
    main()
