"""One history: a hub that is built after every batch of steps, and compared each time with what must be in it."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.hub import SUITES, Hub, Run
from partyhub_dagster.lake.write import WriteTransaction
from partyhub_dagster.stewardship.ledger import append_entries
from partyhub_dagster_tests.factories import deliver
from partyhub_dagster_tests.identity_oracle import Party, expected_parties
from partyhub_dagster_tests.laws import copies_are_the_lake
from partyhub_dagster_tests.pipeline import comparing
from partyhub_dagster_tests.pipeline.comparing import must_equal
from partyhub_dagster_tests.pipeline.deliveries import UNIVERSE, Expected, Row, text_of
from partyhub_dagster_tests.pipeline.golden import Golden
from partyhub_dagster_tests.pipeline.laboratory import Laboratory
from partyhub_dagster_tests.pipeline.steps import Steps
from partyhub_dagster_tests.pipeline.told import Event, Told

_WRITES = 30  # appends of a batch, about: a run dies in one of them


class KilledError(BaseException):
    """Ends a run in the middle of a write, without any clean-up that counts on an ordinary exception."""


@contextmanager
def dying_at(write: int) -> Iterator[None]:
    """Let the process die after so many writes of rows, inside the transaction of the last."""
    append, left = WriteTransaction.append, [write]

    def dying(self: WriteTransaction, *given: Any) -> int:
        written = append(self, *given)
        left[0] -= 1
        if left[0] == 0:
            raise KilledError
        return written

    WriteTransaction.append = dying  # type: ignore[method-assign]
    try:
        yield
    finally:
        WriteTransaction.append = append  # type: ignore[method-assign]


@dataclass(frozen=True)
class Plan:
    """How long a history is, and the chances of what is dear."""

    batches: int = 4
    first: int = 25
    """Records put before the first build, some of them twice."""
    later: int = 10
    """Most steps before each build."""
    deaths: float = 0.2
    releases: float = 0.1
    """Beside the one at the end."""
    proofs: float = 0.2
    """That the history ends with a full build, which must write nothing, and with verify."""
    often: tuple[str, ...] = ()
    """Steps to take more often than others."""


@dataclass
class History:
    """A hub, what must be in it, and the steps that lead on."""

    laboratory: Laboratory
    hub: Hub
    rng: random.Random
    steps: Steps
    expected: Expected = field(default_factory=Expected)
    told: Told = field(default_factory=Told)
    files: int = 0
    waiting: list[tuple[str, str, list[Row]]] = field(default_factory=list)
    """Files that are there and not loaded: source, name, rows."""
    events: list[Event] = field(default_factory=list)
    """What must be told since the last comparison."""
    sequence: int = 0

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

    def go(self, plan: Plan = Plan()) -> None:
        """Take batches of steps, each followed by a build and compared; at the end release and repeat."""
        self.steps.often = plan.often
        with self._runs() as next_run:
            for batch in range(plan.batches):
                if batch == 0:
                    self.steps.take(plan.first, only="put")
                self.steps.take(self.rng.randint(2, plan.later))
                if self.rng.random() < plan.deaths:
                    self._die(next_run(new=True))
                    self.steps.take(self.rng.randint(0, plan.later))
                    self._batch(next_run(new=True))
                else:
                    self._batch(next_run())
                if batch == plan.batches - 1 or self.rng.random() < plan.releases:
                    self._release(next_run())
            self._repeat(next_run())
        if self.rng.random() < plan.proofs:
            self._prove()

    @contextmanager
    def _runs(self) -> Iterator[Any]:
        """Yield what gives the run to work in: mostly the one that is open, sometimes a new one."""
        with ExitStack() as stack:
            held: list[Run] = []

            def next_run(*, new: bool = False) -> Run:
                if not held or new or self.rng.random() < 0.2:
                    stack.close()
                    held[:] = [stack.enter_context(self.hub.run())]
                    self.covered["runs opened"] += 1
                    if self.covered["runs opened"] % 2:
                        held[0].read_copies()
                return held[0]

            yield next_run

    # --- what the hub does

    def _batch(self, run: Run) -> None:
        self._decide(run)
        self._send()
        self._load(run)
        parties = self._cluster(run)
        self._master(run, parties)
        copies_are_the_lake(run.session)
        self.covered["batches"] += 1

    def _decide(self, run: Run) -> None:
        entries, self.steps.ledger.waiting = self.steps.ledger.waiting, []
        if entries:
            append_entries(run.session, entries)

    def _send(self) -> None:
        for source, rows in self.steps.files():
            self.files += 1
            name = f"inbox/{source}/{self.files:04}.csv"
            deliver(self.hub, name.removeprefix("inbox/"), text_of(source, rows))
            self.waiting.append((source, name, rows))
            self.covered["files"] += 1

    def _load(self, run: Run) -> None:
        for source in run.config.sources:
            counts: Counter[str] = Counter()
            for _, _, rows in [waiting for waiting in self.waiting if waiting[0] == source]:
                counts.update(asdict(self.expected.load(source, rows)))
            self.waiting = [waiting for waiting in self.waiting if waiting[0] != source]
            found = asdict(run.load(source))
            must_equal(f"rows of {source}", found, {name: counts[name] for name in found})
        comparing.compare_records(run.session.con, self.expected)

    def _match(self, run: Run) -> None:
        run.normalize()
        for kind in run.kinds():
            run.ensure_model(kind)
            run.block(kind)
            run.score(kind)

    def _cluster(self, run: Run) -> list[Party]:
        self._match(run)
        run.cluster()
        live, con = self.expected.live(), run.session.con
        comparing.compare_normalized(con, live, self.laboratory)
        weights = comparing.expected_weights(live, self.laboratory)
        comparing.compare_edges(con, weights)
        parties = self._parties(weights)
        comparing.compare_clusters(con, parties)
        self._tell(parties)
        return parties

    def _parties(self, weights: dict[tuple[int, int], int]) -> list[Party]:
        records = comparing.identity_records(self.expected.live(), self.expected)
        return expected_parties(records, weights, self.steps.ledger.decisions, self.laboratory.limits)

    def _tell(self, parties: list[Party]) -> None:
        after = {member: party.anchor for party in parties for member in party.members}
        before = set(self.told.party.values())
        events = self.told.move(after, lambda place: self.expected.first_seen(UNIVERSE[place]))
        self.covered.update(f"events {event[0]}" for event in events)
        self.covered["parties"] += len(set(after.values()) - before)
        self.events += events

    def _master(self, run: Run, parties: list[Party]) -> None:
        run.master()
        con, golden = run.session.con, self._golden(parties)
        comparing.compare_golden(con, golden)
        self.events += self.told.say(golden)
        self.sequence = comparing.compare_lineage(con, self.sequence, self.events, self.told)
        self.events = []
        comparing.compare_ids(con, self.told)

    def _golden(self, parties: list[Party]) -> dict[int, Golden]:
        live = self.expected.live()
        return comparing.expected_records(parties, live, self.laboratory, self.steps.ledger, self.told)

    def _die(self, run: Run) -> None:
        """Begin a build that dies inside a write, if it has so many; what it finished stays, and nothing else."""
        self._decide(run)
        self._send()
        clustered = mastered = False
        try:
            with dying_at(self.rng.randint(1, _WRITES)):
                for source in run.config.sources:
                    run.load(source)
                self._match(run)
                run.cluster()
                clustered = True
                run.master()
                mastered = True
        except KilledError:
            self.covered["runs that died"] += 1
        self._take_in_what_was_loaded(run)
        if clustered:
            parties = self._parties(comparing.expected_weights(self.expected.live(), self.laboratory))
            self._tell(parties)
            if mastered:
                self.events += self.told.say(self._golden(parties))

    def _take_in_what_was_loaded(self, run: Run) -> None:
        rows = run.session.con.execute("select file from load_audit where status = 'loaded'").fetchall()
        loaded = {row[0] for row in rows}
        for source in run.config.sources:
            for waiting in [w for w in self.waiting if w[0] == source and w[1] in loaded]:
                self.expected.load(source, waiting[2])
                self.waiting.remove(waiting)
        comparing.compare_records(run.session.con, self.expected)

    def _release(self, run: Run) -> None:
        for suite in SUITES:
            run.check(suite)
        run.release()
        comparing.compare_histories(run.session.con, self.told)
        self.covered["releases"] += 1

    def _repeat(self, run: Run) -> None:
        """Build once more: nothing is new, so nothing is written."""
        before = _written(run)
        for source in run.config.sources:
            run.load(source)
        self._match(run)
        run.cluster()
        run.master()
        must_equal("a second build", _written(run), before)

    def _prove(self) -> None:
        """Build in full, which must write nothing, and verify."""
        with self.hub.run(full=True) as run:
            before = _written(run)
            self._match(run)
            run.cluster()
            run.master()
            must_equal("a full build", _written(run), before)
        must_equal("verify", verify_hub(self.hub)["differences"], [])
        self.covered["verified"] += 1


def _written(run: Run) -> dict[str, Any]:
    """Return, by table, how many rows there are and when they were last written."""
    tables = ("source_parties", "source_party_history", "quarantine", "normalized_parties", "blocking_keys",
              "match_edges", "party_clusters", "golden_parties", "party_lineage", "removed_keys")  # fmt: skip
    parts = [f"select '{t}' as name, count(*), sum(epoch), max(epoch) from {t}" for t in tables]
    return {row[0]: row[1:] for row in run.session.con.execute(" union all ".join(parts)).fetchall()}
