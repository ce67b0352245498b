"""The ledger as people look at it: what stands, what waits, what is overruled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from partyhub_dagster.config import HubConfig
from partyhub_dagster.identity.decisions import DecisionKind
from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.ledger import (
    Line,
    group_id_of,
    id_of_key,
    read_group_names,
    read_ledger,
    standing_ids,
)
from partyhub_dagster.stewardship.references import missing_of, records_meant


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions to list; all that is given must hold."""

    waiting: bool = False
    conflicts: bool = False
    group: str | None = None
    record: str | None = None
    revoked_too: bool = False


def list_decisions(session: Session, config: HubConfig, wanted: Wanted) -> list[dict[str, Any]]:
    """List decisions, newest first: those that stand, or with `revoked_too` the whole ledger.

    A decision waits while one of its records is not there; it is overruled as the newest clustering found it.
    """
    lines = read_ledger(session.con)
    standing, names = standing_ids(lines), read_group_names(session.con)
    missing = set(missing_of(session, [key for line in lines for key in line.entry.keys]))
    overruled = _overruled(session)
    keys = None if wanted.record is None else {*records_meant(session, config, wanted.record).keys}
    group = None if wanted.group is None else group_id_of(wanted.group)
    return [
        _told(line, standing, missing, overruled, names)
        for line in reversed(lines)
        if (wanted.revoked_too or line.entry.decision_id in standing)
        and (group is None or group in (line.entry.group_id, line.entry.revokes))
        and (keys is None or keys & {*line.entry.keys})
        and (not wanted.waiting or (line.entry.decision_id in standing and missing & {*line.entry.keys}))
        and (
            not wanted.conflicts
            or (line.entry.decision_id in standing and line.entry.decision_id in overruled)
        )
    ]


def _overruled(session: Session) -> Mapping[UUID, list[str]]:
    rows = session.con.execute(
        "select decision_id, list(overruled_by order by overruled_by) from cluster_conflicts"
        " where decision_id is not null group by decision_id"
    ).fetchall()
    return dict(rows)


def _told(
    line: Line,
    standing: set[UUID],
    missing: set[str],
    overruled: Mapping[UUID, list[str]],
    names: Mapping[UUID, str],
) -> dict[str, Any]:
    entry = line.entry
    stands = entry.decision_id in standing
    conflicts = overruled.get(entry.decision_id, []) if stands else []
    is_revocation = entry.verdict is DecisionKind.REVOKE
    return {
        "decision_id": str(entry.decision_id),
        "sequence": line.sequence,
        "verdict": entry.verdict.value,
        "left": entry.left,
        "right": entry.right,
        "attribute": entry.attribute,
        "value": entry.value,
        "group": None if entry.group_id is None else names.get(entry.group_id, str(entry.group_id)),
        "revokes": None if entry.revokes is None else names.get(entry.revokes, str(entry.revokes)),
        "author": entry.author,
        "reason": entry.reason,
        "decided_at": line.decided_at.isoformat(timespec="seconds"),
        "state": "stands" if stands else "revocation" if is_revocation else "revoked",
        "waits_for": [key for key in entry.keys if stands and key in missing],
        "conflicts": conflicts,
    }


def count_ledger(session: Session) -> dict[str, int]:
    """Count what the ledger holds, and how much of it no run has taken up yet: figures without keys."""
    lines = read_ledger(session.con)
    standing = standing_ids(lines)
    stood = [line.entry for line in lines if line.entry.decision_id in standing]
    missing = {id_of_key(key) for key in missing_of(session, [key for entry in stood for key in entry.keys])}
    return {
        "decisions": len(lines),
        "standing": len(stood),
        "waiting": sum(any(id_of_key(key) in missing for key in entry.keys) for entry in stood),
        "conflicts": session.count("cluster_conflicts"),
        "new": session.count(f"(from decisions where {NOT_TAKEN_UP})"),
        "newest": lines[-1].sequence if lines else 0,
    }


NOT_TAKEN_UP = (
    "epoch > coalesce((select min(watermark) from watermarks where stage in"
    " ('party_clusters', 'golden_parties')), 0)"
)
"""Which decisions the next run takes up."""
