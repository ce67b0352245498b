"""How a hub grows with its snapshots, what that costs a reader, and what upkeep gives back.

Makes many small writes, each a snapshot: a few source records written anew as they are, which is what a small change
looks like to the store; with --rows-every N the others move the epoch alone, as a run without changes does. Measures
the catalog, opening a release with a first question, and a build of nothing new, before and after upkeep; verifies at
the end.

    python benchmarks/upkeep.py --snapshots 2000 --records 500
    PARTYHUB_THREADS=1 python benchmarks/upkeep.py --snapshots 50000 --rows-every 25     # an hour
"""

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.config import load_config
from partyhub_dagster.config.upkeep import Upkeep
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.catalog import catalog_size
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import SOURCE_PARTIES
from partyhub_dagster.lake.upkeep import keep_up
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster.sources.generator import generate

ROWS = 5
KEEP = Upkeep(keep_releases=2, keep_days=0, delete_after_hours=0)


def write_small(hub: Hub, snapshots: int, rows_every: int) -> float:
    """Make so many snapshots; return the seconds of one."""
    began = time.monotonic()
    with hub.place.connect() as con:
        session = Session(hub.place, con, run_id="benchmark")
        for number in range(snapshots):
            with write_transaction(session) as transaction:
                if number % rows_every:
                    continue
                con.execute(
                    "create or replace temp table touched as select * exclude (epoch) from source_parties"
                    f" where first_seen % 97 = {number % 97} limit {ROWS}"
                )
                transaction.upsert(SOURCE_PARTIES, "touched")
        session.drop("touched")
    return (time.monotonic() - began) / snapshots


def measure(hub: Hub, label: str) -> None:
    """Print the size of the catalog and what a reader waits."""
    size = catalog_size(hub.place.catalog)
    data = sum(file.stat().st_size for file in hub.place.data.rglob("*") if file.is_file())
    times = []
    for _ in range(5):
        began = time.monotonic()
        with read_release(hub.place) as (con, _release):
            con.execute("select count(*) from golden_parties").fetchone()
        times.append(time.monotonic() - began)
    began = time.monotonic()
    with hub.run() as run:
        run.build()
    built = time.monotonic() - began
    print(
        f"{label:24}{size.snapshots:>10,} snapshots {size.files:>8,} files {size.bytes / 1e6:>8.1f} MB catalog"
        f" {data / 1e6:>8.1f} MB data {sorted(times)[2]:>7.3f} s open a release {built:>6.1f} s build",
        flush=True,
    )


def main() -> None:
    """Grow, measure, keep up, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshots", type=int, default=2_000)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--rows-every", type=int, default=1, help="one write in so many brings rows")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder / "files", given.records, 1, 0)
        threads = int(os.environ.get("PARTYHUB_THREADS", "2"))
        hub = Hub(load_config(folder / "files" / "hub.yaml"), LakePlace(folder / "home", threads=threads))
        with hub.run() as run:
            run.build()
        measure(hub, "built")
        for part in (1, 2):
            each = write_small(hub, given.snapshots // 2, given.rows_every)
            print(f"{given.snapshots // 2:,} writes: {each * 1_000:.1f} ms each", flush=True)
            measure(hub, f"after {given.snapshots * part // 2:,} writes")
        for number in (1, 2):
            with hub.run() as run:
                report = keep_up(run.session, KEEP, datetime.now(UTC))
            print(
                f"upkeep took {report.seconds:.1f} s, expired {report.snapshots_expired:,} snapshots",
                flush=True,
            )
            measure(hub, f"after upkeep {number}")
        print(f"equal to a rebuild: {verify_hub(hub)['equal']}")


if __name__ == "__main__":
    main()
