"""What a party was: members and golden values as readers saw them at an earlier release, kept or not."""

import json
import uuid
from typing import Any

import duckdb

from partyhub_dagster.answers.moments import release_at
from partyhub_dagster.answers.parties import explained_value, identify, retired, unknown_party
from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.releases import Release

HELD_AT = "valid_from_release <= {number} and (valid_to_release is null or valid_to_release > {number})"
"""SQL condition that a history row held at a release."""
_NO_ATTRIBUTES = frozenset({"party_id", "party_type", "kind", "members", "confidence", "provenance"})


def show_party_as_of(place: LakePlace, config: HubConfig, name: str, moment: str) -> dict[str, Any]:
    """Return the party that an id or SOURCE:RECORD meant at a release, or at the time when readers saw it.

    Reads the histories, so that it answers for releases that are no longer kept, too.

    Raises:
        NotFoundError: there was no such party then, or no release.
    """
    with place.connect(read_only=True) as con:
        release = release_at(con, moment)
        held = HELD_AT.format(number=release.number)
        party = _resolve(con, identify(config, name), release, held)
        row = con.execute(
            f"select golden from golden_history where party_id = $p and {held}", {"p": party}
        ).fetchone()
        if row is None:
            raise unknown_party(release.number)
        golden = json.loads(row[0])
        members = con.execute(
            "select s.source, s.source_record_id, s.record_id::varchar from membership_history as m"
            f" join source_parties as s using (record_id) where m.party_id = $p and {held} order by s.first_seen",
            {"p": party},
        ).fetchall()
        keys = {uuid.UUID(member[2]): member[:2] for member in members}
        proofs = golden["provenance"]
        return {
            "party_id": str(party),
            "party_type": golden["party_type"],
            "kind": golden["kind"],
            "confidence": golden["confidence"],
            "release": release.number,
            "released_at": release.released_at.isoformat(timespec="seconds"),
            "values": {
                attribute: explained_value(value, proofs.get(attribute, []), keys)
                for attribute, value in golden.items()
                if attribute not in _NO_ATTRIBUTES and value is not None
            },
            "members": [
                dict(zip(("source", "source_record_id", "record_id"), m, strict=True)) for m in members
            ],
        }


def _resolve(con: duckdb.DuckDBPyConnection, at: uuid.UUID, release: Release, held: str) -> uuid.UUID:
    """Follow an id to the party that it meant at the release."""
    seen: set[uuid.UUID] = set()
    while at not in seen:
        seen.add(at)
        row = con.execute(
            f"select party_id from membership_history where record_id = $a and {held}", {"a": at}
        ).fetchone()
        if row is not None:
            return uuid.UUID(str(row[0]))
        row = con.execute(
            "select event, other_id from party_lineage where party_id = $a and event in ('RENAMED', 'RETIRED')"
            " and sequence <= $s order by sequence desc limit 1",
            {"a": at, "s": release.lineage_seq},
        ).fetchone()
        if row is None:
            break
        if row[0] == "RETIRED":
            raise retired(at)
        at = uuid.UUID(str(row[1]))
    raise unknown_party(release.number)
