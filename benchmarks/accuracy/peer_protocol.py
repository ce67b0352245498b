"""What every peer is given and what it hands back. Standard library only: peers run in environments of their own.

    PYTHON -m benchmarks.accuracy.MODULE SET RECORDS_CSV LABELS_CSV OUT_FOLDER

A peer clusters the records in up to three ways (thresholds, modes); each becomes a CSV of (source,
source_record_id, cluster) in OUT_FOLDER, and the one that is best on the half `choose` counts.
"""

import csv
import importlib.metadata
import json
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MEMORY_BYTES = 8 << 30
PROCESSOR_SECONDS = 20 * 60


@dataclass(frozen=True)
class Task:
    """A set to cluster. Tools get `columns`; of the ids some hold the label, so they stay out of a tool's sight."""

    name: str
    columns: dict[str, list[str | None]]
    ids: list[tuple[str, str]]
    labels: dict[int, str]
    """Entity by position, of the records that a tool with labels may learn from; otherwise empty."""


Ways = Iterator[tuple[str, Sequence[object]]]
"""Name of a way -> the cluster of each record, in the order of the records."""


def serve(package: str, cluster: Callable[[Task], Ways]) -> None:
    """Do what the command line asks for; print version, seconds and, if there was one, the class of the error, as JSON.

    What was clustered before an error counts. Seconds are those of all ways together, without the start of the process
    and the reading of the records.
    """
    name, records, labels, out = sys.argv[1:5]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGPROF, _too_long)
    # Of the processor, so that a busy machine changes nothing.
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
    task = read_task(name, Path(records), Path(labels))
    told: dict[str, object] = {"version": importlib.metadata.version(package)}
    began = time.monotonic()
    try:
        for way, clusters in cluster(task):
            _write(Path(out) / f"{way}.csv", task, clusters)
    except Exception as error:  # noqa: BLE001 - whatever a tool dies of is its result here, and is told
        traceback.print_exc()
        told["error"] = type(error).__name__
    told["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(told))


def read_task(name: str, records: Path, labels: Path) -> Task:
    """Read the records and the labels that may be learnt from."""
    with records.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ids = [(row.pop("source"), row.pop("source_record_id")) for row in rows]
    with labels.open(encoding="utf-8", newline="") as file:
        entities = {
            (row["source"], row["source_record_id"]): row["entity_id"] for row in csv.DictReader(file)
        }
    return Task(
        name,
        {column: [row[column] or None for row in rows] for column in rows[0]},
        ids,
        {at: entities[key] for at, key in enumerate(ids) if key in entities},
    )


def _write(file: Path, task: Task, clusters: Sequence[object]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["source", "source_record_id", "cluster"])
        writer.writerows([*key, cluster] for key, cluster in zip(task.ids, clusters, strict=True))


def _too_long(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"not done after {PROCESSOR_SECONDS} seconds of the processor")
