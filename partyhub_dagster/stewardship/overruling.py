"""Which decisions contradict one another, before and after."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from partyhub_dagster.identity.state import ClusterOutputs
from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.ledger import Entry


def contradictions(
    session: Session,
    before: ClusterOutputs,
    after: ClusterOutputs,
    entries: Mapping[UUID, Entry],
    standing: Collection[UUID],
) -> dict[str, list[dict[str, Any]]]:
    """Tell which decisions would lose their effect, which would get it back, and what a SAME would override.

    `standing` are the decisions that stand afterwards. Reads temp tables pins_before, pins_after and preview_parties.
    """
    lost, regained = _overruled(before, after), _overruled(after, before)
    overrides = {o.decision_id for o in after.overrides} - {o.decision_id for o in before.overrides}
    return {
        "overruled": [_told(entries, id_, reason, by) for id_, reason, by in lost] + _pins(session, entries),
        "restored": [_told(entries, id_, None, None) for id_, _, _ in regained if id_ in standing],
        "overrides_exclusive": [_told(entries, id_, None, None) for id_ in sorted(overrides)],
    }


def _overruled(one: ClusterOutputs, other: ClusterOutputs) -> list[tuple[UUID, str, UUID | None]]:
    """List what is overruled in the second outcome only."""
    known = {found.decision_id for found in one.overruled}
    return [(o.decision_id, o.reason.value, o.by) for o in other.overruled if o.decision_id not in known]


def _pins(session: Session, entries: Mapping[UUID, Entry]) -> list[dict[str, Any]]:
    """List the standing pins that win now and would not, because a newer one is in the same party."""
    newest = (
        "select p.{when}_id as party_id, field, arg_max(decision_id, sequence) as decision_id"
        " from pins_{when} join preview_parties as p using (record_id) group by all"
    )
    rows = session.con.execute(
        f"with before as ({newest.format(when='before')}), after as ({newest.format(when='after')}),"
        " lost as (select decision_id, field from before where decision_id not in (select decision_id from after)"
        " and decision_id in (select decision_id from pins_after))"
        " select l.decision_id, a.decision_id from lost as l join pins_after as o on o.decision_id = l.decision_id"
        " join preview_parties as p on p.record_id = o.record_id"
        " join after as a on a.party_id = p.after_id and a.field = l.field"
    ).fetchall()
    return [_told(entries, id_, "PIN", by) for id_, by in rows]


def _told(entries: Mapping[UUID, Entry], id_: UUID, reason: str | None, by: UUID | None) -> dict[str, Any]:
    entry = entries[id_]
    told: dict[str, Any] = {
        "decision_id": str(id_), "verdict": entry.verdict.value, "left": entry.left, "right": entry.right,
        "attribute": entry.attribute,
    }  # fmt: skip
    if reason is not None:
        told |= {"because": reason, "by": None if by is None else str(by)}
    return told
