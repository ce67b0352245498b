"""One party: which it is, what it is, and where each value comes from."""

import uuid
from collections.abc import Iterable
from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.ids import record_id
from partyhub_dagster.lake.metadata import quote_name
from partyhub_dagster.lake.readers import read_release


def show_party(place: LakePlace, config: HubConfig, name: str) -> dict[str, Any]:
    """Return the party that an id or SOURCE:RECORD means today, by the newest release.

    Raises:
        NotFoundError: no party ever had the id, or the party is gone with all its records.
    """
    with read_release(place) as (con, release):
        party = resolve_party(con, identify(config, name))
        names = [a for a in config.attributes if a in _columns(con)]
        columns = ", ".join(quote_name(a) for a in names)
        row = con.execute(
            f"select party_id, party_type, kind, members, confidence, provenance {',' if names else ''} {columns}"
            " from golden_parties where party_id = $p",
            {"p": party},
        ).fetchone()
        if row is None:
            raise unknown_party()
        members = con.execute(
            "select s.source, s.source_record_id, s.record_id::varchar from party_clusters as c"
            " join source_parties as s using (record_id) where c.party_id = $p order by s.first_seen",
            {"p": party},
        ).fetchall()
        keys = {uuid.UUID(member[2]): member[:2] for member in members}
        values = dict(zip(names, row[6:], strict=True))
        return {
            "party_id": str(row[0]),
            "party_type": row[1],
            "kind": row[2],
            "confidence": row[4],
            "release": release.number,
            "values": {
                a: explained_value(v, row[5].get(a, []), keys) for a, v in values.items() if v is not None
            },
            "members": [
                dict(zip(("source", "source_record_id", "record_id"), m, strict=True)) for m in members
            ],
        }


def example_party(place: LakePlace) -> str:
    """Return the id of a party worth looking at: the one of most sources, then of most records."""
    with read_release(place) as (con, _):
        row = con.execute(
            "select party_id::varchar from party_clusters join source_parties using (record_id) group by party_id"
            " order by count(distinct source) desc, count(*) desc, party_id limit 1"
        ).fetchone()
    return row[0] if row else ""


def identify(config: HubConfig, name: str) -> uuid.UUID:
    """Turn an id or SOURCE:RECORD into a record_id.

    Raises:
        NotFoundError: it is neither.
    """
    source, colon, key = name.partition(":")
    if colon and source in config.sources:
        return record_id(source, key)
    try:
        return uuid.UUID(name)
    except ValueError:
        raise NotFoundError(
            "That is neither an id nor SOURCE:RECORD.",
            remedy=f"Write the id of a party or record, or SOURCE:RECORD with one of: {', '.join(config.sources)}.",
        ) from None


def resolve_party(con: duckdb.DuckDBPyConnection, at: uuid.UUID) -> uuid.UUID:
    """Follow an id, however old, to the party it means today.

    Raises:
        NotFoundError: no party ever had it, or it was retired with its last record.
    """
    seen: set[uuid.UUID] = set()
    while at not in seen:
        seen.add(at)
        row = con.execute("select party_id from party_clusters where record_id = $a", {"a": at}).fetchone()
        if row is not None:
            return uuid.UUID(str(row[0]))
        row = con.execute(
            "select event, other_id from party_lineage where party_id = $a and event in ('RENAMED', 'RETIRED')"
            " order by sequence desc limit 1",
            {"a": at},
        ).fetchone()
        if row is None:
            raise unknown_party()
        if row[0] == "RETIRED":
            raise retired(at)
        at = uuid.UUID(str(row[1]))
    raise unknown_party()


def explained_value(
    value: Any, proofs: Iterable[dict[str, Any]], keys: dict[uuid.UUID, tuple[str, str]]
) -> dict[str, Any]:
    """Put beside a golden value, or each of a list, the record and the rule that it comes from."""
    proofs = list(proofs)
    elements = value if isinstance(value, list) else [value]
    each = []
    for element, proof in zip(elements, proofs, strict=False):
        source, key = keys.get(uuid.UUID(str(proof["record_id"])), (None, None))
        shown = element if isinstance(element, (str, int, float)) else str(element)
        each.append({"value": shown, "source": source, "source_record_id": key, "rule": proof["rule"]})
    if not isinstance(value, list):
        return each[0] if each else {"value": value, "source": None, "source_record_id": None, "rule": None}
    whole = {"value": [item["value"] for item in each]}
    first = each[0] if each else {"source": None, "source_record_id": None, "rule": None}
    return {**whole, **{k: first[k] for k in ("source", "source_record_id", "rule")}, "each": each}


def _columns(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in con.execute("describe golden_parties").fetchall()}


def unknown_party(release: int | None = None) -> NotFoundError:
    """Return the error that nobody has such an id or key, today or in an earlier release."""
    if release is not None:
        return NotFoundError(
            f"No party had this id and no record this key in release {release}.",
            remedy="`partyhub lineage ID` tells when the party came and went.",
        )
    return NotFoundError(
        "No live record has this key, and no party ever had this id, in the newest release.",
        remedy="Check the id; after loading new data run `partyhub build`.",
    )


def retired(party: uuid.UUID) -> NotFoundError:
    """Return the error that a party is gone with all its records."""
    return NotFoundError(
        f"Party {party} was retired: all its records were deleted.",
        remedy="`partyhub lineage ID` tells its story, `partyhub show ID --as-of TIME` what it was.",
    )
