"""The ledger as people look at it: what stands, what waits, what is overruled."""

from collections.abc import Mapping, Sequence
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
    known = _Known.of(session, lines)
    keys = None if wanted.record is None else {*records_meant(session, config, wanted.record).keys}
    group = None if wanted.group is None else group_id_of(wanted.group)
    told = (
        _told(line, known)
        for line in reversed(lines)
        if (wanted.revoked_too or line.entry.decision_id in known.standing)
        and (group is None or group in (line.entry.group_id, line.entry.revokes))
        and (keys is None or keys & {*line.entry.keys})
    )
    return [
        found
        for found in told
        if (not wanted.waiting or found["waits_for"])
        and (not wanted.conflicts or found["conflicts"] or found["overrides_exclusive"])
    ]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of decisions beyond their own lines."""

    standing: set[UUID]
    new: set[UUID]
    missing: set[str]
    names: Mapping[UUID, str]
    overruled: Mapping[UUID, list[str]]
    overriding: set[UUID]

    @classmethod
    def of(cls, session: Session, lines: Sequence[Line]) -> "_Known":
        con = session.con
        conflicts = con.execute(
            "select what, decision_id, overruled_by from cluster_conflicts where decision_id is not null"
            " order by overruled_by"
        ).fetchall()
        overruled: dict[UUID, list[str]] = {}
        for what, id_, by in conflicts:
            if what == "decision":
                overruled.setdefault(id_, []).append(by)
        new = con.execute(f"select decision_id from decisions where {NOT_TAKEN_UP}").fetchall()
        keys = {key for line in lines for key in line.entry.keys}
        return cls(
            standing=standing_ids(lines),
            new={row[0] for row in new},
            missing=set(missing_of(session, sorted(keys))),
            names=read_group_names(con),
            overruled=overruled,
            overriding={id_ for what, id_, _ in conflicts if what == "exclusive"},
        )


def _told(line: Line, known: _Known) -> dict[str, Any]:
    entry, names = line.entry, known.names
    stands = entry.decision_id in known.standing
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
        "taken_up": entry.decision_id not in known.new,
        "waits_for": [key for key in entry.keys if stands and key in known.missing],
        "conflicts": known.overruled.get(entry.decision_id, []) if stands else [],
        "overrides_exclusive": stands and entry.decision_id in known.overriding,
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
