# /// script
# requires-python = ">=3.11"
# dependencies = ["goldenmatch==3.22.0", "goldenmatch-native==0.2.3", "goldenphonetic==0.2.0", "pyarrow==26.0.1"]
# ///
"""GoldenMatch on the hub's own normalised records, as it configures itself: a peer of a full build.

Where it refuses its own zero-config, as unsure of it, it takes its configuration of the probabilistic kind.

It runs in an environment of its own, which `benchmarks/end_to_end.py --goldenmatch` makes. Prints seconds and memory
as JSON and writes the clusters of each kind. Usage: PYTHON bare_goldenmatch.py RECORDS_PARQUET OUT_FOLDER
"""

import os

os.environ |= {
    "GOLDENMATCH_AUTOCONFIG_DETERMINISTIC": "1",  # its search ends by its steps, not by the seconds of a busy machine
    "GOLDENMATCH_AUTOCONFIG_MEMORY": "0",  # nothing learnt from runs before, nothing left in the home
}

import contextlib
import importlib.metadata
import json
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import goldenmatch
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from goldenmatch.core.autoconfig_controller import ControllerNotConfidentError

KINDS = ("person", "organization")
COLUMNS = {
    "person": ["name_given", "name_family", "birth_date", "postcode", "email", "phone", "tax_id"],
    "organization": ["name_full", "postcode", "website", "phone", "tax_id"],
}


def main(records: str, out: str) -> None:
    """Cluster both kinds; what a kind died of is told."""
    table = pq.read_table(records)
    told: dict[str, Any] = {"version": importlib.metadata.version("goldenmatch"), "seconds": {}, "errors": {}}
    for kind in KINDS:
        own = table.filter(pc.equal(table["kind"], kind))
        columns = pa.table({name: own[name].cast(pa.string()) for name in COLUMNS[kind]})
        began = time.monotonic()
        try:
            with contextlib.redirect_stdout(sys.stderr):
                result = _dedupe(columns)
        except Exception as error:  # noqa: BLE001 - whatever a tool dies of is its result here, and is told
            traceback.print_exc()
            told["errors"][kind] = type(error).__name__
        else:
            found = {at: key for key, held in result.clusters.items() for at in held["members"]}
            clusters = [f"cluster {found[at]}" if at in found else f"record {at}" for at in range(len(own))]
            pq.write_table(
                pa.table({"unique_id": own["unique_id"], "cluster_id": clusters}),
                Path(out) / f"{kind}.parquet",
            )
        told["seconds"][kind] = round(time.monotonic() - began, 1)
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(told))


def _dedupe(records: pa.Table) -> Any:
    try:
        return goldenmatch.dedupe_df(records, confidence_required=False)
    except ControllerNotConfidentError:
        config = goldenmatch.auto_configure_probabilistic_df(records)
        return goldenmatch.dedupe_df(records, config=config)


if __name__ == "__main__":
    main(*sys.argv[1:3])
