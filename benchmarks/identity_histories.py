"""Random histories of the identity core: a pure function of edges, decisions and first_seen, however they came.

A history is a hub of a few keys: inserts, updates, deletes, returns, exclusive identifiers, SAME, NOT_SAME, groups,
revocations of one and of a group, looked at in batches. After every batch the stored parties, ids, components and
lineage are compared with a rebuild and with an oracle of sets and dictionaries. The machine is that of
`partyhub_dagster_tests/properties/test_identity_histories.py`, which also finds bugs planted in it. Exit code 1, with
the shortest history that Hypothesis finds, if any diverges.

    python benchmarks/identity_histories.py --histories 20000 --seed 1
"""

import argparse
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from partyhub_dagster_tests.properties.test_identity_histories import Hub


def main() -> None:
    """Run the histories and say what they covered."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--histories", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=15, help="changes of a history at most")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    covered: Counter[str] = Counter()

    @seed(given.seed)
    class Counted(Hub):
        """The machine of the tests, with what it saw."""

        def teardown(self) -> None:
            super().teardown()
            if hasattr(self, "world"):
                covered["histories"] += 1
                covered["decisions"] += len(self.world.ledger)
                covered["groups"] += len(self.groups)
                covered.update(f"events {event.event_type.name}" for event in self.world.told)

    began = time.process_time()
    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=given.histories,
            stateful_step_count=given.steps,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    for what, count in sorted(covered.items()):
        print(f"{count:>8,}  {what}")
    print(f"seed {given.seed}: 0 divergences, {time.process_time() - began:.0f} s of processor time")


if __name__ == "__main__":
    main()
