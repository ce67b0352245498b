"""A hub of a dozen keys that does by hand what the identity stage does in SQL: dirty keys, closure, rows, lineage.

Keys are numbers 0..KEYS-1 in record_id order. Weights are a function of the two records' contents, so a
changed record changes its pairs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from uuid import UUID

import numpy as np

from partyhub_dagster.identity import components, decisions, lineage, state
from partyhub_dagster.identity.arrays import ABSENT, IntArray
from partyhub_dagster.identity.decisions import Decision, DecisionKind
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.lineage import Events, EventType, LineageEvent
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster_tests.identity_oracle import Pair, Record

KEYS = 12
CONTENTS = 12
KEEP = -3_000
LIMITS = Thresholds(link=0, cut=-1_000, miss=-4_000, cap=9_000, max_part=4, doubling=1_000)

__all__ = ["KEYS", "LIMITS", "World", "decided", "inputs_of", "weight_table"]


def decided(
    sequence: int, kind_of: str, left: int = ABSENT, right: int = ABSENT, revokes: int = 0
) -> Decision:
    """Build the decision with this number; `revokes` is the number of another."""
    return Decision(
        UUID(int=sequence),
        sequence,
        DecisionKind(kind_of),
        left,
        right,
        UUID(int=revokes) if revokes else None,
    )


def weight_table(seed: int) -> IntArray:
    """Draw what two contents weigh: mostly nothing, some ties, some beyond the cap."""
    rng = np.random.default_rng(seed)
    bits = rng.choice([-9, -2, -1, 0, 1, 2, 5, 8, 12], size=(CONTENTS, CONTENTS), p=[0.72, *[0.035] * 8])
    exact = bits * 1_000 + rng.choice([0, 0, 1, -1, 333], size=bits.shape)
    return np.triu(exact) + np.triu(exact, 1).T


def inputs_of(
    records: Mapping[int, Record],
    weights: Mapping[Pair, int],
    ledger: list[Decision],
    limits: Thresholds = LIMITS,
    keys: int = KEYS,
) -> state.ClusterInputs:
    """Lay records, pairs and decisions out as the arrays that clustering takes."""
    live = np.zeros(keys, dtype=np.bool_)
    kind, first_seen = np.full(keys, ABSENT, dtype=np.int64), np.zeros(keys, dtype=np.int64)
    held = []
    for key, record in records.items():
        live[key], kind[key], first_seen[key] = True, record.kind, record.first_seen
        held += [(key, scheme, value) for scheme, values in record.exclusive.items() for value in values]
    rows = np.array([(*pair, weight) for pair, weight in weights.items()], dtype=np.int64).reshape(-1, 3)
    holds = np.array(held, dtype=np.int64).reshape(-1, 3)
    return state.ClusterInputs(
        live,
        kind,
        first_seen,
        Holdings(*holds.T),
        ScoredPairs(*rows.T),
        ledger,
        {record.kind: limits for record in records.values()},
    )


@dataclass
class World:
    """What is true (records, ledger), what the hub has stored (component, party, weakest), what it told."""

    table: IntArray
    limits: Thresholds = LIMITS
    contents: dict[int, tuple[Record, int]] = field(default_factory=dict)
    first_seen: dict[int, int] = field(default_factory=dict)
    ledger: list[Decision] = field(default_factory=list)
    seen_ledger: list[Decision] = field(default_factory=list)
    seen_contents: dict[int, tuple[Record, int]] = field(default_factory=dict)
    seen_weights: dict[Pair, int] = field(default_factory=dict)
    component: dict[int, int] = field(default_factory=dict)
    party: dict[int, int] = field(default_factory=dict)
    weakest: dict[int, float] = field(default_factory=dict)
    ever: set[int] = field(default_factory=set)
    told: list[LineageEvent[int]] = field(default_factory=list)

    @property
    def records(self) -> dict[int, Record]:
        return {key: record for key, (record, _) in self.contents.items()}

    @property
    def weights(self) -> dict[Pair, int]:
        found = {}
        for one, other in combinations(sorted(self.contents), 2):
            (left, content), (right, another) = self.contents[one], self.contents[other]
            weight = int(self.table[content, another])
            if left.kind == right.kind and weight >= KEEP:
                found[one, other] = weight
        return found

    def put(
        self, key: int, content: int, kind: int = 0, exclusive: dict[int, frozenset[int]] | None = None
    ) -> None:
        first_seen = self.first_seen.setdefault(key, len(self.first_seen))
        self.contents[key] = (Record(first_seen, kind, exclusive or {}), content)

    def delete(self, key: int) -> None:
        self.contents.pop(key, None)

    def decide(self, kind_of: str, left: int = ABSENT, right: int = ABSENT, revokes: int = 0) -> None:
        self.ledger.append(decided(len(self.ledger) + 1, kind_of, left, right, revokes))

    def dirty(self) -> set[int]:
        """Collect what the contract calls dirty."""
        weights = self.weights
        keys = {k for k in range(KEYS) if self.contents.get(k) != self.seen_contents.get(k)}
        pairs = {
            p for p in weights.keys() | self.seen_weights.keys() if weights.get(p) != self.seen_weights.get(p)
        }
        ends = {key for pair in pairs for key in pair}
        return keys | ends | decisions.changed_keys(self.seen_ledger, self.ledger)

    def process(self) -> list[LineageEvent[int]]:
        """Bring the stored rows up to date by looking at affected keys only; tell and return what happened."""
        affected = self._affected(np.array(sorted(self.dirty()), dtype=np.int64))
        place = {int(key): code for code, key in enumerate(affected)}
        out = state.cluster_affected(self._inputs_among(place))
        old = np.array([place[self.party[k]] if k in self.party else ABSENT for k in place], dtype=np.int64)
        first_seen = np.array([self.first_seen.get(k, -1) for k in place], dtype=np.int64)
        ever = np.array([k in self.ever for k in place], dtype=np.bool_)
        events = named(lineage.derive_events(old, out.party, first_seen, ever), affected)
        for key, code in place.items():
            for stored in (self.component, self.party, self.weakest):
                stored.pop(key, None)
            if key in self.contents:
                self.component[key] = int(affected[out.component[code]])
                self.party[key] = int(affected[out.party[code]])
                self.weakest[key] = float(out.weakest[code])
        self.ever |= set(self.party.values())
        self.told += events
        self.seen_ledger, self.seen_contents = list(self.ledger), dict(self.contents)
        self.seen_weights = self.weights
        return events

    def rebuilt(self) -> tuple[dict[int, int], dict[int, int], dict[int, float]]:
        """Compute component, party and weakest merge of every record from nothing."""
        out = state.cluster_affected(inputs_of(self.records, self.weights, self.ledger, self.limits))
        columns = (out.component, out.party, out.weakest)
        component, party, weakest = (
            {k: column[k].item() for k in sorted(self.contents)} for column in columns
        )
        return component, party, weakest

    def stored(self) -> tuple[dict[int, int], dict[int, int], dict[int, float]]:
        return self.component, self.party, self.weakest

    def differs_from_rebuild(self) -> bool:
        """Tell whether what is stored is not what a rebuild would store; NaN equals NaN."""
        return str([sorted(d.items()) for d in self.stored()]) != str(
            [sorted(d.items()) for d in self.rebuilt()]
        )

    def _affected(self, dirty: IntArray) -> IntArray:
        old = np.array([self.component.get(key, ABSENT) for key in range(KEYS)], dtype=np.int64)
        same = [(d.left, d.right) for d in decisions.unrevoked(self.ledger) if d.kind_of == "SAME"]
        ends = np.array(same, dtype=np.int64).reshape(-1, 2)
        return np.flatnonzero(components.affected_closure(dirty, old, ends[:, 0], ends[:, 1]))

    def _inputs_among(self, place: dict[int, int]) -> state.ClusterInputs:
        records = {place[key]: record for key, record in self.records.items() if key in place}
        weights = {
            (place[a], place[b]): weight
            for (a, b), weight in self.weights.items()
            if a in place and b in place
        }
        ledger = [
            replace(d, left=place[d.left], right=place[d.right])
            for d in decisions.unrevoked(self.ledger)
            if d.left in place and d.right in place
        ]
        return inputs_of(records, weights, ledger, self.limits, keys=len(place))


def named(events: Events, keys: IntArray) -> list[LineageEvent[int]]:
    """Turn the columns into single events, codes into keys."""
    rows = []
    for i, (event_type, party, other) in enumerate(
        zip(events.event_type.tolist(), events.party.tolist(), events.other.tolist(), strict=True)
    ):
        members = tuple(keys[events.member[events.start[i] : events.start[i + 1]]].tolist())
        to = None if other == ABSENT else int(keys[other])
        rows.append(LineageEvent(EventType(event_type), int(keys[party]), to, members))
    return rows
