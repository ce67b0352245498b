"""Random histories of small hubs through the whole pipeline, each batch compared with what must be in the hub.

A history is a hub of up to 40 records of people and companies in three sources (changes with versions and deletions,
changes with event times, full snapshots), under the shipped model. Steps are drawn: inserts, updates, moves, late and
repeated rows and files, rejected rows, deletions, returns; SAME, NOT_SAME, PIN, groups, revocations of one and of a
group. After every batch the stages run incrementally and the hub is compared with an oracle of sets and dictionaries
(`partyhub_dagster_tests/pipeline` says what that shares with the system). Exit code 1 if any history diverges.

    python benchmarks/pipeline_histories.py --histories 20 --seed 1
    python benchmarks/pipeline_histories.py --histories 20 --seed 1 --first 21      # the next twenty
    python benchmarks/pipeline_histories.py --seed 1 --only 7      # history 7 of that seed again, alone
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from partyhub_dagster_tests.pipeline.contents import draw_families
from partyhub_dagster_tests.pipeline.history import History, Plan
from partyhub_dagster_tests.pipeline.laboratory import Laboratory, prepare


def main() -> None:
    """Run the histories and say what they covered."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--histories", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batches", type=int, default=4, help="builds in each history")
    parser.add_argument("--first", type=int, default=1, help="number of the first history")
    parser.add_argument("--only", type=int, help="number of the one history to run")
    given = parser.parse_args()
    numbers = range(given.first, given.first + given.histories) if given.only is None else [given.only]
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(Path(folder), given.seed, list(numbers), given.batches) else 1)


def run(folder: Path, seed: int, numbers: list[int], batches: int) -> bool:
    """Run histories and print a line for each that diverges, and the sums."""
    began = time.monotonic()
    laboratory = prepare(folder / "laboratory", draw_families(random.Random(seed)))  # noqa: S311 - repeatable
    print(
        f"seed {seed}; {len(laboratory.values)} contents weighed in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    covered: Counter[str] = Counter()
    for done, number in enumerate(numbers, 1):
        found = diverges(laboratory, folder / str(number), f"{seed}/{number}", batches, covered)
        if found is not None:
            covered["divergences"] += 1
            print(f"history {number} DIVERGES: {found}\n  again: --seed {seed} --only {number}", flush=True)
        if done % 5 == 0:
            print(f"{done} histories, {time.monotonic() - began:.0f} s", flush=True)
    for what, count in sorted(covered.items()):
        print(f"{count:>8}  {what}")
    seconds = time.monotonic() - began
    print(
        f"seed {seed}: {len(numbers)} histories, {covered['divergences']} divergences, {seconds:.0f} s"
        f" ({time.process_time():.0f} s of processor time)"
    )
    return not covered["divergences"]


def diverges(
    laboratory: Laboratory, folder: Path, seed: str, batches: int, covered: Counter[str]
) -> str | None:
    """Run one history; return what diverged."""
    import shutil

    history = History.begin(laboratory, folder, seed)
    try:
        history.go(Plan(batches=batches))
    except Exception as error:  # noqa: BLE001 - whatever a history ends in, the others are still run
        return f"{type(error).__name__}: {error}"
    finally:
        covered.update(history.covered)
        shutil.rmtree(folder)
    return None


if __name__ == "__main__":
    main()
