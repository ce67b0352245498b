"""What verify costs, in full and by sample: seconds by stage and peak memory, on generated records.

Builds a hub of so many records, brings so many later deliveries, and verifies, each time in a process of its own,
so that memory is its own. A folder named by --folder is kept, and used again when it holds a hub.

    python benchmarks/verify.py --records 5000 --sample 200
    python benchmarks/verify.py --records 1000000 --sample 200 --sample 2000 --changes 2 --folder /data/verify
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from partyhub_dagster.config import load_config
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.sources.generator import generate


def make_hub(folder: Path, records: int, changes: int) -> Hub:
    """Return a built hub in `folder`; deliveries of changes are built one by one, so that there is a history."""
    files = folder / "files"
    if not (files / "hub.yaml").exists():
        generate(files, records, 1, changes)
    hub = Hub(load_config(files / "hub.yaml"), LakePlace(folder / "home", threads=2))
    if not hub.place.catalog.exists():
        _build(hub, "first")
    for delivery in sorted((files / "later").glob("*")):
        for file in [path for path in delivery.rglob("*") if path.is_file()]:
            file.rename(files / "inbox" / file.relative_to(delivery))
        shutil.rmtree(delivery)
        _build(hub, delivery.name)
    return hub


def _build(hub: Hub, delivery: str) -> None:
    began = time.monotonic()
    with hub.run() as run:
        run.build()
    print(f"build of delivery {delivery}: {time.monotonic() - began:.1f} s", flush=True)


def verify_once(config: Path, home: Path, sample: int | None) -> dict[str, Any]:
    """Verify in a process of its own; return its answer with the seconds and the peak memory of that process."""
    environment = os.environ | {
        "PARTYHUB_HOME": str(home),
        "PARTYHUB_CONFIG": str(config),
        "PARTYHUB_THREADS": "2",
    }
    command = [sys.executable, "-m", "partyhub_dagster.cli.app", "verify", "--json"]
    command += [] if sample is None else ["--sample", str(sample)]
    began = time.monotonic()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own program
        assert process.stdout is not None  # noqa: S101 - it was asked for
        answer: dict[str, Any] = json.loads(process.stdout.read())
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return answer | {"wall": time.monotonic() - began, "peak": used.ru_maxrss * 1024}


def tell(label: str, found: dict[str, Any]) -> None:
    """Print one verify: equal or not, seconds by stage, peak memory."""
    stages = "  ".join(f"{stage} {seconds:.1f}" for stage, seconds in found["seconds"].items())
    verdict = "equal" if found["equal"] else f"DIFFERS first in {found['first_stage']}"
    records = f" {found['sampled']['records']:,} records of" if "sampled" in found else ""
    cost = f"{found['wall']:>8.1f} s {found['peak'] / 1e9:>6.2f} GB"
    print(f"{label:14}{cost}  {verdict},{records} {found['parties']:,} parties", flush=True)
    print(f"{'':14}{stages}", flush=True)


def main() -> None:
    """Build, then verify in full and by sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=5_000)
    parser.add_argument(
        "--sample", type=int, action="append", help="components; several times for several samples"
    )
    parser.add_argument("--changes", type=int, default=1, help="later deliveries")
    parser.add_argument("--folder", type=Path, help="where the hub lies; left out: a folder that is removed")
    parser.add_argument("--no-full", action="store_true", help="leave the full verify out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        hub = make_hub(folder, given.records, given.changes)
        config, home = hub.config.root / "hub.yaml", hub.place.home
        print(
            f"building took at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB",
            flush=True,
        )
        for sample in given.sample or [200]:
            tell(f"sample {sample:,}", verify_once(config, home, sample))
        if not given.no_full:
            tell("full", verify_once(config, home, None))


if __name__ == "__main__":
    main()
