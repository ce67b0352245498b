"""The story of a party: born, joined by records, merged, split, moved to another id, retired; and what caused it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from partyhub_dagster.answers.parties import identify, resolve_party, unknown_party
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.statements import load_sql


@dataclass(frozen=True, slots=True)
class _Event:
    """One event as stored; `epoch` orders it among decisions."""

    sequence: int
    event: str
    party_id: uuid.UUID
    other_id: uuid.UUID | None
    members: list[uuid.UUID]
    attributes: list[str]
    cause: str
    written_at: datetime
    epoch: int
    release: int | None


def tell_lineage(place: LakePlace, config: HubConfig, name: str) -> dict[str, Any]:
    """Return the events of the party that an id or SOURCE:RECORD names, up to the release that readers see.

    An id that ever was a party's is that party, even if it is gone: `today` says which one it means now. The id of
    a record that never named a party means the party of today.

    Raises:
        NotFoundError: no party ever had the id.
    """
    with read_release(place) as (con, release):
        asked = identify(config, name)
        today = _today(con, asked)
        events = _events(con, asked, release.lineage_seq)
        party = asked
        if not any(event.party_id == asked for event in events):
            if today is None:
                raise unknown_party()
            party = today
            events = _events(con, party, release.lineage_seq)
        return {
            "party_id": str(party),
            "today": None if today is None else str(today),
            "release": release.number,
            "events": _told(con, party, events),
        }


def _today(con: duckdb.DuckDBPyConnection, asked: uuid.UUID) -> uuid.UUID | None:
    try:
        return resolve_party(con, asked)
    except NotFoundError:
        return None


def _events(con: duckdb.DuckDBPyConnection, party: uuid.UUID, last: int) -> list[_Event]:
    rows = con.execute(load_sql(__package__, "lineage_events.sql"), {"id": party, "last": last}).fetchall()
    return [_Event(*row) for row in rows]


def _told(con: duckdb.DuckDBPyConnection, party: uuid.UUID, events: list[_Event]) -> list[dict[str, Any]]:
    named = {
        record for event in events for record in (*event.members, event.party_id, event.other_id) if record
    }
    keys = _keys(con, named)
    decisions = _decisions(con, named)
    members: set[uuid.UUID] = set()
    told = []
    for event in events:
        own = event.party_id == party
        after = members
        if (
            own and event.event != "UPDATED"
        ):  # every other event of its own tells all members, none if it is gone
            after = set(event.members)
        earlier = [e.epoch for e in events if e.epoch < event.epoch and e.event != "UPDATED"]
        told_until = max(earlier, default=0)  # decisions up to there caused what was told before
        concerned = {party, event.party_id, *event.members, *members}
        told.append({
            "sequence": event.sequence, "event": event.event, "party_id": str(event.party_id),
            "other_id": None if event.other_id is None else str(event.other_id),
            "joined": sorted(keys.get(r, str(r)) for r in after - members),
            "left": sorted(keys.get(r, str(r)) for r in members - after),
            "attributes": event.attributes, "cause": event.cause, "release": event.release,
            "written_at": event.written_at.isoformat(timespec="seconds"),
            "decisions": [
                shown for epoch, ends, shown in decisions
                if event.cause == "decision" and told_until < epoch <= event.epoch and ends & concerned
            ],
        })  # fmt: skip
        members = after
    return told


def _keys(con: duckdb.DuckDBPyConnection, records: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = con.execute(
        "select record_id, source || ':' || source_record_id from lake.source_parties"
        " where list_contains($r::uuid[], record_id)",
        {"r": list(records)},
    ).fetchall()
    return dict(rows)


def _decisions(
    con: duckdb.DuckDBPyConnection, records: set[uuid.UUID]
) -> list[tuple[int, set[uuid.UUID], dict[str, Any]]]:
    rows = con.execute(load_sql(__package__, "lineage_decisions.sql"), {"records": list(records)})
    names = [column[0] for column in rows.description or []]
    found = []
    for row in rows.fetchall():
        held = dict(zip(names, row, strict=True))
        shown = {
            "decision_id": str(held["decision_id"]), "verdict": held["verdict"], "left": held["left_key"],
            "right": held["right_key"], "attribute": held["attribute"], "author": held["author"],
            "reason": held["reason"], "decided_at": held["decided_at"].isoformat(timespec="seconds"),
        }  # fmt: skip
        found.append((held["epoch"], {held["left_id"], held["right_id"]} - {None}, shown))
    return found
