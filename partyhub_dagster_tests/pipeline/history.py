"""One history: a hub that is built after every batch of steps, and compared each time with what must be in it."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.stewardship.ledger import append_entries
from partyhub_dagster_tests.factories import deliver
from partyhub_dagster_tests.identity_oracle import Party, Record, expected_parties
from partyhub_dagster_tests.pipeline.contents import lei_is_valid
from partyhub_dagster_tests.pipeline.deliveries import (
    PLACE,
    UNIVERSE,
    Expected,
    Key,
    Version,
    text_of,
)
from partyhub_dagster_tests.pipeline.laboratory import Laboratory
from partyhub_dagster_tests.pipeline.steps import Steps

KINDS = {"P": 0, "O": 1, "L": 1}


class DivergenceError(AssertionError):
    """The hub holds something else than it must."""


def must_equal(what: str, found: Any, expected: Any) -> None:
    """Raise if two sets or dictionaries differ; say in what."""
    if found == expected:
        return
    if isinstance(found, dict):
        keys = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
        told = [
            f"{key}: found {found.get(key)}, expected {expected.get(key)}" for key in sorted(keys, key=str)
        ]
    else:
        told = [f"found {found}", f"expected {expected}"]
    raise DivergenceError(f"{what}: " + "\n  ".join(told[:6]))


@dataclass
class History:
    """A hub, what must be in it, and the steps that lead on."""

    laboratory: Laboratory
    hub: Hub
    rng: random.Random
    steps: Steps
    expected: Expected = field(default_factory=Expected)
    files: int = 0

    @classmethod
    def begin(cls, laboratory: Laboratory, folder: Path, seed: str) -> "History":
        """Begin with an empty hub and some of the families."""
        rng = random.Random(seed)  # noqa: S311 - a seed that can be repeated, no secret
        families = rng.sample(laboratory.families, min(len(laboratory.families), rng.randint(3, 5)))
        return cls(laboratory, laboratory.new_hub(folder), rng, Steps(rng, families))

    @property
    def covered(self) -> Counter[str]:
        """What happened, counted."""
        return self.steps.covered

    def go(self, batches: int = 4, first: int = 25, later: int = 10) -> None:
        """Take batches of steps, each followed by a build and compared."""
        with self._runs() as next_run:
            for batch in range(batches):
                if batch == 0:
                    self.steps.take(first, only="put")
                self.steps.take(self.rng.randint(2, later))
                self._process(next_run())

    @contextmanager
    def _runs(self) -> Iterator[Any]:
        """Yield what gives the run to work in: mostly the one that is open, sometimes a new one."""
        with ExitStack() as stack:
            held: list[Run] = []

            def next_run() -> Run:
                if not held or self.rng.random() < 0.2:
                    stack.close()
                    held[:] = [stack.enter_context(self.hub.run())]
                    self.covered["runs opened"] += 1
                return held[0]

            yield next_run

    def _process(self, run: Run) -> None:
        self._decide(run)
        self._deliver(run)
        run.normalize()
        for kind in run.kinds():
            run.ensure_model(kind)
            run.block(kind)
            run.score(kind)
        run.cluster()
        run.master()
        self.covered["batches"] += 1
        self.compare(run)

    def _decide(self, run: Run) -> None:
        entries, self.steps.ledger.waiting = self.steps.ledger.waiting, []
        if entries:
            append_entries(run.hub.place, run.session.con, entries)

    def _deliver(self, run: Run) -> None:
        sums: dict[str, Counter[str]] = {source: Counter() for source in run.config.sources}
        for source, rows in self.steps.files():
            self.files += 1
            deliver(self.hub, f"{source}/{self.files:04}.csv", text_of(source, rows))
            sums[source].update(asdict(self.expected.load(source, rows)))
            self.covered["files"] += 1
        for source, counts in sums.items():
            found = asdict(run.load(source))
            must_equal(f"rows of {source}", found, {name: counts[name] for name in found})

    # --- what must hold

    def compare(self, run: Run) -> None:
        """Compare everything."""
        live = self.expected.live()
        self._records(run)
        weights = self._weights(live)
        self._edges(run, weights)
        parties = expected_parties(
            self._identity_records(live), weights, self.steps.ledger.decisions, self.laboratory.limits
        )
        self._clusters(run, parties)

    def _records(self, run: Run) -> None:
        rows = run.session.con.execute(
            "select source, source_record_id, record_id, ingest_seq, first_seen, deleted, deleted_by, payload"
            " from source_parties"
        ).fetchall()
        found = {Key(*row[:2]): row[2:-1] for row in rows}
        expected = {}
        for key in self.expected.versions:
            version = self.expected.current(key)
            assert version is not None
            by = ("absence" if version.by_absence else "marker") if version.deleted else None
            expected[key] = (key.record_id, version.seq, self.expected.first_seen(key), version.deleted, by)
        must_equal("source_parties", found, expected)

    def _identity_records(self, live: dict[Key, Version]) -> dict[int, Record]:
        return {
            PLACE[key]: Record(
                self.expected.first_seen(key),
                KINDS[version.content.KIND],
                {0: frozenset({version.content.LEI})} if lei_is_valid(version.content.LEI) else {},
            )
            for key, version in live.items()
        }

    def _weights(self, live: dict[Key, Version]) -> dict[tuple[int, int], int]:
        keys = [key for key in UNIVERSE if key in live]
        found = {}
        for n, one in enumerate(keys):
            for other in keys[n + 1 :]:
                weight = self.laboratory.weights.get((live[one].content, live[other].content))
                if weight is not None:
                    found[PLACE[one], PLACE[other]] = weight
        return found

    def _edges(self, run: Run, weights: dict[tuple[int, int], int]) -> None:
        rows = run.session.con.execute("select record_id, other_id, weight from match_edges").fetchall()
        place = {key.record_id: n for key, n in PLACE.items()}
        found = {(place[one], place[other]): weight for one, other, weight in rows}
        must_equal("match_edges", found, weights | {(b, a): weight for (a, b), weight in weights.items()})

    def _clusters(self, run: Run, parties: list[Party]) -> None:
        rows = run.session.con.execute(
            "select record_id, component_id, party_id, confidence from party_clusters"
        ).fetchall()
        place = {key.record_id: n for key, n in PLACE.items()}
        found = {place[row[0]]: (place[row[1]], place[row[2]], row[3]) for row in rows}
        expected = {
            member: (party.component, party.anchor, confidence(party))
            for party in parties
            for member in party.members
        }
        must_equal("party_clusters", found, expected)


def confidence(party: Party) -> float | None:
    """Return the probability of the weakest merge; decisions alone are certain."""
    if len(party.members) == 1:
        return None
    return 1.0 if party.weakest is None else round(1 / (1 + math.pow(2, -float(party.weakest) / 1_000)), 6)
