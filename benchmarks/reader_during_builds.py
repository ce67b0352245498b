"""Law 10 from the reader's side: attach releases again and again while builds run and are killed; never a half state.

Every other build is killed with -9 at a random moment and then built to its end; upkeep runs now and then. A reader in
a process of its own looks at what each release says: that it agrees with itself and with its own counts, and that a
release says the same for ever. Exit code 1 if it ever saw something else.

    python benchmarks/reader_during_builds.py --builds 50 --records 500 --seed 1
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from partyhub_dagster.errors import PartyHubError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.sources.generator import generate

_PARTS = {
    "records without a party": "select count(*) from normalized_parties anti join party_clusters using (record_id)",
    "members of no live record": "select count(*) from party_clusters anti join normalized_parties using (record_id)",
    "parties without golden record": "select count(*) from party_clusters anti join golden_parties using (party_id)",
    "golden records without party": "select count(*) from golden_parties anti join party_clusters using (party_id)",
    "golden records of other size": "select count(*) from golden_parties as g join (select party_id, count(*) as held"
    " from party_clusters group by party_id) as c using (party_id) where g.members <> c.held",
    "edges of no live record": "select count(*) from match_edges anti join normalized_parties using (record_id)",
    "open membership that is not the state": "select count(*) from (select record_id, party_id from"
    " membership_history where valid_to is null) as h full join party_clusters as c using (record_id)"
    " where h.party_id is distinct from c.party_id",
}
_SAYS = (
    "select (select count(*) from normalized_parties), (select count(*) from golden_parties),"
    " (select count(*) // 2 from match_edges), (select count(*) from party_lineage),"
    " (select coalesce(sum(hash(record_id, party_id)::hugeint), 0)::varchar from party_clusters),"
    " (select coalesce(sum(hash(to_json(g)::varchar)::hugeint), 0)::varchar from golden_parties as g)"
)


def look(place: LakePlace, known: dict[int, tuple[object, ...]]) -> list[str]:
    """Read the release that readers see; return what is wrong with it."""
    with read_release(place) as (con, release):
        found = [
            f"release {release.number}: {count} {what}"
            for what, query in _PARTS.items()
            if (count := (con.execute(query).fetchone() or (0,))[0])
        ]
        says = con.execute(_SAYS).fetchone() or ()
        counted = (
            release.counts["records"],
            release.counts["parties"],
            release.counts["edges"],
            release.lineage_seq,
        )
        if says[:4] != counted:
            found.append(f"release {release.number}: says {says[:4]}, was released with {counted}")
        if known and release.number < max(known):
            found.append(f"release {release.number} after {max(known)}")
        if known.setdefault(release.number, says) != says:
            found.append(f"release {release.number} says something else than before")
    return found


def read_until(place: LakePlace, stop: Path, out: Path) -> None:
    """Look again and again until the file `stop` is there; write what was seen to `out`."""
    known: dict[int, tuple[object, ...]] = {}
    looks, wrong, slowest = 0, [], 0.0
    while not stop.exists():
        began = time.monotonic()
        try:
            wrong += look(place, known)
        except PartyHubError as error:
            wrong.append(str(error))
        looks += 1
        slowest = max(slowest, time.monotonic() - began)
    out.write_text(
        json.dumps({"looks": looks, "releases": len(known), "wrong": wrong, "slowest_s": round(slowest, 2)})
    )


def partyhub(config: Path, home: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a command in a process of its own."""
    environment = os.environ | {"PARTYHUB_HOME": str(home), "PARTYHUB_CONFIG": str(config)}
    command = [sys.executable, "-m", "partyhub_dagster.cli.app", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def run(folder: Path, builds: int, records: int, seed: int, upkeep_every: int = 10) -> dict[str, object]:
    """Build, kill and read; return what was seen."""
    rng = random.Random(seed)  # noqa: S311 - a seed that can be repeated, no secret
    files, home = folder / "files", folder / "home"
    generate(files, records, seed, builds)
    config, stop, out = files / "hub.yaml", folder / "stop", folder / "seen.json"
    with config.open("a", encoding="utf-8") as file:
        file.write("upkeep: {keep_releases: 3, keep_days: 0, delete_after_hours: 0.05}\n")
    _must(partyhub(config, home, "build", "--quiet"))
    reader = subprocess.Popen([sys.executable, __file__, "--read", str(home), str(stop), str(out)])  # noqa: S603
    kills, seconds = 0, 5.0
    try:
        for number in range(1, builds + 1):
            shutil.copytree(files / "later" / f"{number:03}", files / "inbox", dirs_exist_ok=True)
            if number % 2 == 0:
                kills += _killed(partyhub(config, home, "build", "--quiet"), rng.uniform(0.3, 1) * seconds)
            began = time.monotonic()
            _must(partyhub(config, home, "build", "--quiet"))
            seconds = time.monotonic() - began
            print(f"build {number}: {seconds:.1f} s, {kills} killed so far", file=sys.stderr, flush=True)
            if number % upkeep_every == 0:
                _must(partyhub(config, home, "upkeep"))
    finally:
        stop.touch()
        reader.wait()
    seen: dict[str, object] = json.loads(out.read_text())
    verified = partyhub(config, home, "verify").wait() == 0
    return {"builds": builds, "killed": kills, **seen, "equals_rebuild": verified}


def _killed(process: subprocess.Popen[bytes], after_s: float) -> int:
    try:
        process.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return 1
    return 0


def _must(process: subprocess.Popen[bytes]) -> None:
    if process.wait() != 0:
        raise SystemExit("A command failed; run it by hand to see why.")


def main() -> None:
    """Run it and print what was seen."""
    if sys.argv[1:2] == ["--read"]:
        home, stop, out = map(Path, sys.argv[2:5])
        read_until(LakePlace(home, threads=1), stop, out)
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--builds", type=int, default=50)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = run(Path(folder), given.builds, given.records, given.seed)
    print(json.dumps(seen, indent=1))
    sys.exit(0 if not seen["wrong"] and seen["equals_rebuild"] else 1)


if __name__ == "__main__":
    main()
