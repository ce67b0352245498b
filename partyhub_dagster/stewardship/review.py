"""Merges in doubt, made or refused: which ones to ask people about, the most worthwhile first.

In doubt is a merge whose mean weight lies in the band of hub.yaml. Made ones are the merges inside parties, refused
ones are pairs of parties between which at least one pair was scored. Who is offered changes no party by itself.

Expected value: the chance that the hub is wrong, as far as the mean weight tells it, times the record pairs that an
answer would put right. So a doubtful merge of two large parties comes before one of two records.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np

from partyhub_dagster.hub import Hub
from partyhub_dagster.identity.affected import KIND_CODES, collect_components
from partyhub_dagster.identity.arrays import ABSENT, IntArray
from partyhub_dagster.identity.decisions import DecisionKind
from partyhub_dagster.identity.merges import Merge, merges_of
from partyhub_dagster.identity.state import ClusterInputs
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster.lake.session import Session
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.matching.registry import require_model
from partyhub_dagster.merging import thresholds_of
from partyhub_dagster.stewardship.ledger import read_ledger, standing_ids

_ITEMS = UUID("5f7d6a52-0c8e-4d0c-9d0b-6c3f1a6be2d4")
"""Namespace of item ids: the same two sides are the same item, whatever brought them up."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """Two sides about which people are asked whether they are one party; records by id, ascending.

    Units: `mean` in millibits.
    """

    kind: Kind
    made: bool
    left: tuple[UUID, ...]
    right: tuple[UUID, ...]
    mean: float

    @property
    def item_id(self) -> UUID:
        """Name the item by its two sides."""
        sides = sorted(" ".join(map(str, side)) for side in (self.left, self.right))
        return uuid.uuid5(_ITEMS, "|".join(sides))

    @property
    def probability(self) -> float:
        """How likely the two are one party, as far as the mean weight tells."""
        return 1 / (1 + 2 ** -(self.mean / 1_000))

    @property
    def expected_value(self) -> float:
        """Record pairs that an answer can be expected to put right."""
        wrong = 1 - self.probability if self.made else self.probability
        return wrong * len(self.left) * len(self.right)


def find_items(hub: Hub, session: Session) -> list[ReviewItem]:
    """List the merges in doubt that nobody has decided about, the most worthwhile first.

    Reads the head. Guarantees: no item has a standing SAME or NOT_SAME from one side to the other, taken up or not,
    also after records or weights have changed; the order is a function of the state.
    """
    decided = _decided_pairs(session)
    found: list[ReviewItem] = []
    for kind in _kinds(hub):
        limits = thresholds_of(require_model(session, kind))
        band = hub.config.review.of(kind)
        low, high = round(band.low * 1_000), round(band.high * 1_000)
        found += _refused(session, kind, limits, low, high)
        found += _made(session, kind, limits, low, high)
    open_items = (item for item in found if not is_decided(item, decided))
    return sorted(open_items, key=lambda item: (-item.expected_value, item.left, item.right))


def is_decided(item: ReviewItem, decided: dict[UUID, set[UUID]]) -> bool:
    """Tell whether somebody has decided between the two sides."""
    other = set(item.right)
    return any(other & decided[record] for record in item.left if record in decided)


def _kinds(hub: Hub) -> list[Kind]:
    return [kind for kind in ("person", "organization") if kind in hub.config.kinds]


def _decided_pairs(session: Session) -> dict[UUID, set[UUID]]:
    """Collect whom each record was decided to be, or not to be, the same as."""
    lines = read_ledger(session.con)
    standing = standing_ids(lines)
    rows = session.con.execute(
        "select decision_id, left_id, right_id from decisions where verdict in ('SAME', 'NOT_SAME')"
    ).fetchall()
    pairs: dict[UUID, set[UUID]] = {}
    for decision, left, right in rows:
        if decision in standing:
            pairs.setdefault(left, set()).add(right)
            pairs.setdefault(right, set()).add(left)
    return pairs


_REFUSED = """
    with between as (
        select least(l.party_id, r.party_id) as one, greatest(l.party_id, r.party_id) as other,
            sum(least(e.weight, $cap)) as total, count(*) as scored
        from match_edges as e
        join party_clusters as l on l.record_id = e.record_id
        join party_clusters as r on r.record_id = e.other_id
        where e.kind = $kind and e.record_id < e.other_id and l.party_id <> r.party_id
        group by all
    ),
    held as (
        select party_id, list(record_id order by record_id) as members from party_clusters
        where party_id in (select one from between union select other from between) group by party_id
    ),
    means as (
        select l.members as one, r.members as other,
            (total + $miss * (len(l.members) * len(r.members) - scored)) / (len(l.members) * len(r.members)) as mean
        from between join held as l on l.party_id = one join held as r on r.party_id = other
    )
    select * from means where mean between $low and $high
"""


def _refused(session: Session, kind: Kind, limits: Thresholds, low: int, high: int) -> Iterable[ReviewItem]:
    rows = session.con.execute(
        _REFUSED, {"kind": kind, "cap": limits.cap, "miss": limits.miss, "low": low, "high": high}
    ).fetchall()
    return [_item(kind, one, other, float(mean), made=False) for one, other, mean in rows]


def _item(kind: Kind, one: Sequence[UUID], other: Sequence[UUID], mean: float, *, made: bool) -> ReviewItem:
    left, right = sorted((tuple(sorted(one)), tuple(sorted(other))), key=lambda side: side[0])
    return ReviewItem(kind, made, left, right, mean)


def _made(session: Session, kind: Kind, limits: Thresholds, low: int, high: int) -> Iterable[ReviewItem]:
    """List the merges inside parties whose mean is in the band; only parties with a weak enough one are looked at."""
    most = 1 / (1 + 2 ** -((high + 1) / 1_000))
    rows = session.con.execute(
        "select record_id from party_clusters join normalized_parties using (record_id)"
        " where confidence <= $most and kind = $kind",
        {"most": most, "kind": kind},
    ).fetchall()
    if not rows:
        return []
    affected = collect_components(session, [row[0] for row in rows], {KIND_CODES[kind]: limits})
    ids = [row[0] for row in session.con.execute("select record_id from codes order by code").fetchall()]
    inputs, party = _as_stored(affected.inputs, affected.old_party)
    wanted = np.isin(np.array([str(id_) for id_ in ids]), np.array([str(row[0]) for row in rows]))
    return [
        _merge_item(kind, ids, merge)
        for merge in merges_of(inputs, party, wanted).merges
        if low <= merge.mean <= high
    ]


def _as_stored(inputs: ClusterInputs, party: IntArray) -> tuple[ClusterInputs, IntArray]:
    """Leave only the decisions that clustering knew inside the parties that are stored; newer ones come later."""
    inside = [
        held
        for held in inputs.decisions
        if held.kind_of is DecisionKind.REVOKE
        or (held.kind_of is DecisionKind.SAME and party[held.left] == party[held.right] != ABSENT)
    ]
    return replace(inputs, decisions=inside), party


def _merge_item(kind: Kind, ids: Sequence[UUID], merge: Merge) -> ReviewItem:
    left, right = ([ids[code] for code in side] for side in (merge.left, merge.right))
    return _item(kind, left, right, merge.mean, made=True)


def told_item(item: ReviewItem, names: dict[UUID, dict[str, Any]]) -> dict[str, Any]:
    """Return an item as programs read it, with the records of both sides as `told_records` has them."""
    return {
        "item": str(item.item_id),
        "kind": item.kind,
        "now": "one party" if item.made else "two parties",
        "probability": round(item.probability, 4),
        "mean_weight": round(item.mean / 1_000, 3),
        "expected_value": round(item.expected_value, 3),
        "left": [names[record] for record in item.left if record in names],
        "right": [names[record] for record in item.right if record in names],
    }
