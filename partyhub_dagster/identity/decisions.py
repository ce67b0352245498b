"""What people decided: which decisions stand, and what they say once contradictions are settled.

The ledger is append-only. A decision stands until a standing REVOKE names it or its group; revoking a
revocation restores. Of contradicting decisions the newer holds, and the older is reported, not dropped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, IntArray


class DecisionKind(StrEnum):
    """What a decision says."""

    SAME = "SAME"
    NOT_SAME = "NOT_SAME"
    PIN = "PIN"
    REVOKE = "REVOKE"


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the ledger; `left` and `right` are key codes, whether a live record is there or not."""

    decision_id: UUID
    sequence: int
    kind_of: DecisionKind
    left: int = ABSENT
    right: int = ABSENT
    revokes: UUID | None = None  # a decision_id or a group_id
    group_id: UUID | None = None


class OverruledBy(StrEnum):
    """What stands against a decision."""

    SAME = "SAME"
    NOT_SAME = "NOT_SAME"
    KIND = "KIND"  # SAME between a person and an organisation
    ITSELF = "ITSELF"  # a record is never apart from itself


@dataclass(frozen=True, slots=True)
class Overruled:
    """A standing decision without effect, and the newer decision (if it was one) that overrules it."""

    decision_id: UUID
    reason: OverruledBy
    by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the standing decisions amount to.

    Grain: `same_group` one label per key (the smallest code of its group); `apart` one newest NOT_SAME
    per pair of groups (smaller label first).
    """

    same_group: IntArray
    apart: dict[tuple[int, int], UUID]
    same_in_force: tuple[Decision, ...]  # newest first
    overruled: tuple[Overruled, ...]


def unrevoked(decisions: Iterable[Decision]) -> list[Decision]:
    """List the decisions that stand, oldest first; revocations themselves are left out."""
    revoked: set[UUID | None] = set()
    standing = []
    for decision in _newest_first(decisions):
        named = decision.decision_id in revoked
        if named or (decision.group_id is not None and decision.group_id in revoked):
            continue
        if decision.kind_of == DecisionKind.REVOKE:
            revoked.add(decision.revokes)
        else:
            standing.append(decision)
    return standing[::-1]


def changed_keys(before: Iterable[Decision], after: Iterable[Decision]) -> set[int]:
    """Collect both keys of every SAME and NOT_SAME that stands in only one of two states of the ledger."""
    old, new = ({d for d in unrevoked(ledger) if _binds(d)} for ledger in (before, after))
    return {key for decision in old ^ new for key in (decision.left, decision.right)}


def resolve(decisions: Iterable[Decision], kind_of_record: IntArray) -> Resolution:
    """Settle standing decisions, newest first, into SAME groups and the pairs of groups kept apart.

    `kind_of_record` has the kind code of every key, ABSENT where no live record is; so a key without a
    record still carries SAME and NOT_SAME from one end to the other.
    Guarantees: a function of the set of decisions; no two groups in `apart` are equal or of two kinds.
    """
    groups = _Groups(kind_of_record)
    in_force, overruled = [], []
    for decision in _newest_first(unrevoked(decisions)):
        if not _binds(decision):
            continue
        is_same = decision.kind_of == DecisionKind.SAME
        objection = groups.join(decision) if is_same else groups.keep_apart(decision)
        if objection is not None:
            overruled.append(objection)
        elif is_same:
            in_force.append(decision)
    labels = groups.labels()
    apart: dict[tuple[int, int], UUID] = {}
    for root, others in groups.apart.items():
        for other, decision in others.items():
            lo, hi = sorted((int(labels[root]), int(labels[other])))
            apart[lo, hi] = decision.decision_id
    return Resolution(labels, apart, tuple(in_force), tuple(overruled))


def _newest_first(decisions: Iterable[Decision]) -> list[Decision]:
    return sorted(decisions, key=lambda d: (d.sequence, d.decision_id), reverse=True)


def _binds(decision: Decision) -> bool:
    return decision.kind_of in {DecisionKind.SAME, DecisionKind.NOT_SAME}


@dataclass(slots=True)
class _Groups:
    """Union-find over keys that remembers which decision joined what (so without path compression)."""

    kind_of_record: IntArray
    parent: dict[int, int] = field(default_factory=dict)
    joined_by: dict[int, Decision] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)
    kind: dict[int, int] = field(default_factory=dict)
    apart: dict[int, dict[int, Decision]] = field(default_factory=dict)

    def root(self, key: int) -> int:
        if key not in self.parent:
            self.parent[key] = key
            self.members[key] = [key]
            self.kind[key] = int(self.kind_of_record[key])
            self.apart[key] = {}
        while self.parent[key] != key:
            key = self.parent[key]
        return key

    def join(self, decision: Decision) -> Overruled | None:
        one, other = self.root(decision.left), self.root(decision.right)
        if one == other:
            return None
        against = self.apart[one].get(other)
        if against is not None:
            return Overruled(decision.decision_id, OverruledBy.NOT_SAME, against.decision_id)
        kinds = {self.kind[one], self.kind[other]} - {ABSENT}
        if len(kinds) > 1:
            return Overruled(decision.decision_id, OverruledBy.KIND)
        large, small = (one, other) if len(self.members[one]) >= len(self.members[other]) else (other, one)
        self.parent[small] = large
        self.joined_by[small] = decision
        self.members[large] += self.members.pop(small)
        self.kind[large] = max(kinds, default=ABSENT)
        for third, newest in self.apart.pop(small).items():
            del self.apart[third][small]
            self._note_apart(large, third, newest)
        return None

    def keep_apart(self, decision: Decision) -> Overruled | None:
        if decision.left == decision.right:
            return Overruled(decision.decision_id, OverruledBy.ITSELF)
        one, other = self.root(decision.left), self.root(decision.right)
        if one == other:
            by = self._what_joined(decision.left, decision.right)
            return Overruled(decision.decision_id, OverruledBy.SAME, by.decision_id)
        self._note_apart(one, other, decision)
        return None

    def labels(self) -> IntArray:
        labels = np.arange(len(self.kind_of_record), dtype=np.int64)
        for members in self.members.values():
            labels[members] = min(members)
        return labels

    def _note_apart(self, one: int, other: int, decision: Decision) -> None:
        known = self.apart[one].get(other)
        newest = decision if known is None or known.sequence < decision.sequence else known
        self.apart[one][other] = self.apart[other][one] = newest

    def _what_joined(self, one: int, other: int) -> Decision:
        """Find the decision by which two keys of one group came together: the oldest one on their path."""
        last = None
        while one != other:
            steps = [key for key in (one, other) if self.parent[key] != key]
            key = max(steps, key=lambda k: (self.joined_by[k].sequence, self.joined_by[k].decision_id))
            last = self.joined_by[key]
            one, other = (self.parent[one], other) if key == one else (one, self.parent[other])
        assert last is not None  # noqa: S101 - two different keys of one group were joined by something
        return last
