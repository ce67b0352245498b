"""Which records a delta can move, and their inputs as arrays: the reading half of the clustering stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from partyhub_dagster.identity.arrays import ABSENT, BoolArray, IntArray
from partyhub_dagster.identity.decisions import Decision, DecisionKind, changed_keys, unrevoked
from partyhub_dagster.identity.exclusive import Holdings
from partyhub_dagster.identity.lineage import Cause
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.state import ClusterInputs
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import Delta
from partyhub_dagster.lake.tables import DECISIONS, MATCH_EDGES, NORMALIZED_PARTIES

KIND_CODES = {"person": 0, "organization": 1}
INPUTS = [NORMALIZED_PARTIES, MATCH_EDGES, DECISIONS]


@dataclass(frozen=True, slots=True)
class Affected:
    """The affected keys as codes, with what clustering and lineage need of them. Codes are in temp `codes`."""

    inputs: ClusterInputs
    old_party: IntArray
    was_party_id: BoolArray
    cause: IntArray


def collect_affected(session: Session, delta: Delta, thresholds: dict[int, Thresholds]) -> Affected:
    """Close the changed keys over old components and SAME decisions, and code them by the rank of their id.

    Affected are the old and new components of keys changed, of ends of edges added or removed, and of both
    keys of decisions added or revoked. Creates temp tables `codes` (record_id, code, ...) and `affected`.
    """
    con = session.con
    con.execute(
        f"create or replace temp table changed_records as {delta.changed(NORMALIZED_PARTIES, 'record_id')}"
    )
    con.execute(
        "create or replace temp table changed_ends as"
        f" {delta.changed(MATCH_EDGES, 'record_id', _END.format(1))}"
        f" union {delta.changed(MATCH_EDGES, 'other_id', _END.format(2))}"
    )
    ledger = _Ledger.read(session, delta.head)
    _register_ids(session, "decided", ledger.changed_since(delta))
    _register_pairs(session, "same_pairs", ledger.standing_same())
    con.execute(
        "create or replace temp table affected as"
        " from changed_records union from changed_ends union from decided"
        + (" union select record_id from party_clusters" if delta.everything else "")
        + (" union select unnest([left_id, right_id]) from same_pairs" if delta.everything else "")
    )
    _close(session)
    _code_keys(session)
    return _arrays(session, delta, ledger, thresholds)


def collect_components(session: Session, records: list[UUID], thresholds: dict[int, Thresholds]) -> Affected:
    """Code the whole components of a few records, as they stand: for explaining, nothing has changed."""
    con, ledger = session.con, _Ledger.read(session)
    _register_ids(session, "decided", records)
    _register_ids(session, "changed_records", [])
    _register_ids(session, "changed_ends", [])
    _register_pairs(session, "same_pairs", ledger.standing_same())
    con.execute("create or replace temp table affected as from decided")
    _close(session)
    _code_keys(session)
    nothing = Delta("explain", "", 0, 0, everything=False, watermark=None)
    return _arrays(session, nothing, ledger, thresholds)


def register_same_pairs(session: Session, head: int) -> None:
    """Create temp table `same_pairs` (left_id, right_id): the SAME decisions up to an epoch that stand."""
    _register_pairs(session, "same_pairs", _Ledger.read(session, head).standing_same())


_END = "split_part(key, '|', {})::uuid"


def _close(session: Session) -> None:
    """Add the old components of affected keys and the other ends of their SAME decisions until nothing is new."""
    con, before = session.con, -1
    while (now := session.count("affected")) != before:
        before = now
        con.execute(
            """
            create or replace temp table affected as
            from affected
            union
            select record_id from party_clusters where component_id in
                (select component_id from party_clusters semi join affected using (record_id))
            union
            select unnest([left_id, right_id]) from same_pairs
            where left_id in (from affected) or right_id in (from affected)
            """
        )


def _code_keys(session: Session) -> None:
    session.con.execute(
        """
        create or replace temp table codes as
        select
            a.record_id, row_number() over (order by a.record_id) - 1 as code,
            n.record_id is not null as live, coalesce(n.kind, '') as kind, coalesce(n.first_seen, 0) as first_seen,
            c.party_id as old_party_id,
            a.record_id in (select party_id from party_lineage where event in ('CREATED', 'SPLIT')) as was_party_id,
            a.record_id in (from decided) as is_decided,
            a.record_id in (from changed_records) as is_changed,
            a.record_id in (from changed_ends) as is_end
        from affected as a
        left join normalized_parties as n using (record_id)
        left join party_clusters as c using (record_id)
        order by code
        """
    )


def _arrays(session: Session, delta: Delta, ledger: "_Ledger", thresholds: dict[int, Thresholds]) -> Affected:
    con = session.con
    keys = con.execute(
        "select k.live, k.kind, k.first_seen, k.was_party_id, k.is_decided, k.is_changed, k.is_end,"
        f" coalesce(o.code, {ABSENT}) as old_party"
        " from codes as k left join codes as o on o.record_id = k.old_party_id order by k.code"
    ).fetchnumpy()
    kind = np.full(len(keys["live"]), ABSENT, dtype=np.int64)
    for name, code in KIND_CODES.items():
        kind[keys["kind"] == name] = code
    held = con.execute(
        "select k.code, dense_rank() over (order by split_part(x, ':', 1)) - 1 as scheme,"
        " dense_rank() over (order by x) - 1 as value"
        " from codes as k join normalized_parties as n using (record_id), unnest(n.exclusive_ids) as t(x)"
        " order by k.code, x"
    ).fetchnumpy()
    pairs = con.execute(
        "select l.code as l, r.code as r, e.weight from match_edges as e"
        " join codes as l on l.record_id = e.record_id join codes as r on r.record_id = e.other_id"
        " where e.record_id < e.other_id order by l, r"
    ).fetchnumpy()
    live = np.asarray(keys["live"], dtype=np.bool_)
    old_party = _ints(keys["old_party"])
    inputs = ClusterInputs(
        live=live,
        kind=kind,
        first_seen=_ints(keys["first_seen"]),
        exclusive=Holdings(_ints(held["code"]), _ints(held["scheme"]), _ints(held["value"])),
        pairs=ScoredPairs(_ints(pairs["l"]), _ints(pairs["r"]), _ints(pairs["weight"])),
        decisions=ledger.coded(session),
        thresholds=thresholds,
    )
    rebuilt = np.full(len(live), delta.everything and delta.watermark is not None)
    cause = np.select(
        [keys["is_decided"], rebuilt, ~live & (old_party != ABSENT), keys["is_changed"], keys["is_end"]],
        [np.int64(c) for c in (Cause.DECISION, Cause.MODEL, Cause.DELETION, Cause.RECORD, Cause.PAIR)],
        np.int64(Cause.NEIGHBOUR),
    )
    return Affected(inputs, old_party, np.asarray(keys["was_party_id"], dtype=np.bool_), cause)


def _ints(column: object) -> IntArray:
    return np.asarray(column, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Ledger:
    """The decisions of the hub with their epochs; keys are numbered locally, in order of first mention."""

    keys: tuple[UUID, ...]
    decisions: tuple[tuple[Decision, int], ...]

    @classmethod
    def read(cls, session: Session, head: int | None = None) -> "_Ledger":
        """Read every decision, or those up to an epoch: what is decided meanwhile belongs to the next delta."""
        until = "" if head is None else f" and epoch <= {head}"
        rows = session.con.execute(
            "select decision_id, sequence, verdict, left_id, right_id, revokes, group_id, epoch"
            f" from decisions where verdict in ('SAME', 'NOT_SAME', 'REVOKE'){until} order by sequence"
        ).fetchall()
        number: dict[UUID, int] = {}
        for row in rows:
            for key in row[3:5]:
                if key is not None:
                    number.setdefault(key, len(number))
        decisions = tuple(
            (
                Decision(
                    decision_id=row[0], sequence=row[1], kind_of=DecisionKind(row[2]),
                    left=number.get(row[3], ABSENT), right=number.get(row[4], ABSENT),
                    revokes=row[5], group_id=row[6],
                ),
                int(row[7]),
            )
            for row in rows
        )  # fmt: skip
        return cls(tuple(number), decisions)

    def all(self) -> list[Decision]:
        return [decision for decision, _ in self.decisions]

    def changed_since(self, delta: Delta) -> list[UUID]:
        """Both keys of every decision that came into force or lost it; of every decision where all is dirty."""
        seen = [] if delta.everything else [d for d, epoch in self.decisions if epoch <= delta.since]
        return [self.keys[key] for key in sorted(changed_keys(seen, self.all()))]

    def standing_same(self) -> list[tuple[UUID, UUID]]:
        same = (d for d in unrevoked(self.all()) if d.kind_of == DecisionKind.SAME)
        return [(self.keys[d.left], self.keys[d.right]) for d in same]

    def coded(self, session: Session) -> Sequence[Decision]:
        """Translate to the codes of the affected keys, leaving out decisions that touch none of them."""
        if not self.decisions:
            return []
        found = dict(session.con.execute("select record_id, code from codes").fetchall())
        code = [found.get(key, ABSENT) for key in self.keys]
        coded = []
        for decision in self.all():
            if decision.kind_of == DecisionKind.REVOKE:
                coded.append(decision)
                continue
            left, right = code[decision.left], code[decision.right]
            if ABSENT not in {left, right}:
                coded.append(
                    Decision(decision.decision_id, decision.sequence, decision.kind_of, left, right,
                             decision.revokes, decision.group_id)
                )  # fmt: skip
        return coded


def _register_ids(session: Session, name: str, ids: list[UUID]) -> None:
    session.con.execute(f"create or replace temp table {name} (record_id uuid)")
    if ids:
        session.con.execute(f"insert into {name} select unnest($ids::uuid[])", {"ids": [str(i) for i in ids]})


def _register_pairs(session: Session, name: str, pairs: list[tuple[UUID, UUID]]) -> None:
    session.con.execute(f"create or replace temp table {name} (left_id uuid, right_id uuid)")
    if pairs:
        session.con.execute(
            f"insert into {name} select unnest($l::uuid[]), unnest($r::uuid[])",
            {"l": [str(p[0]) for p in pairs], "r": [str(p[1]) for p in pairs]},
        )
