"""Whom a person means: SOURCE:RECORD is that record, there or not; an id is the whole party that it answers for."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from partyhub_dagster.answers.parties import resolve_party
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import DecisionError, NotFoundError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.ledger import id_of_key


@dataclass(frozen=True, slots=True)
class Meant:
    """What one reference means: records by key, the anchor of a party first."""

    keys: tuple[str, ...]
    party_id: UUID | None = None


def key_meant(config: HubConfig, name: str) -> str:
    """Return SOURCE:RECORD if that is what it is.

    Raises:
        DecisionError: the source is not in hub.yaml, or the key is empty.
    """
    source, colon, record = name.partition(":")
    if not colon or source not in config.sources:
        raise DecisionError(
            "A record is named by a source that hub.yaml does not have, or by none; nothing was decided.",
            remedy=f"Write SOURCE:RECORD, with one of the sources {', '.join(config.sources)}; or the id of a party.",
        )
    if not record.strip():
        raise DecisionError(
            f"A record of source {source} is named without its key; nothing was decided.",
            remedy="Write SOURCE:RECORD with the key as the source has it.",
        )
    return name


def records_meant(session: Session, config: HubConfig, name: str) -> Meant:
    """Return the records that a reference stands for: one for SOURCE:RECORD, all members for the id of a party.

    Raises:
        DecisionError: it names no source of hub.yaml.
        NotFoundError: it is an id that the hub does not know.
    """
    try:
        id_ = UUID(name.strip())
    except ValueError:
        return Meant((key_meant(config, name),))
    try:
        party = resolve_party(session.con, id_)
    except NotFoundError:
        return Meant((_key_of_record(session, id_),))
    return Meant(members_of(session, party), party)


def members_of(session: Session, party: UUID) -> tuple[str, ...]:
    """List the members of a party at head, first seen first: so its anchor leads."""
    rows = session.con.execute(
        "select s.source || ':' || s.source_record_id from party_clusters as c"
        " join source_parties as s using (record_id) where c.party_id = $p order by s.first_seen, s.record_id",
        {"p": party},
    ).fetchall()
    return tuple(row[0] for row in rows)


def _key_of_record(session: Session, id_: UUID) -> str:
    row = session.con.execute(
        "select source || ':' || source_record_id from source_parties where record_id = $id", {"id": id_}
    ).fetchone()
    if row is None:
        raise NotFoundError(
            "No record and no party of the hub has this id; nothing was decided.",
            remedy="Check the id, or name a record that is still to come as SOURCE:RECORD.",
        )
    return str(row[0])


def missing_of(session: Session, keys: Iterable[str]) -> list[str]:
    """List the keys that no live record has: decisions on them wait."""
    wanted = {id_of_key(key): key for key in keys}
    rows = session.con.execute(
        "select record_id from source_parties where not deleted and record_id in (select unnest($ids::uuid[]))",
        {"ids": [str(id_) for id_ in wanted]},
    ).fetchall()
    live = {row[0] for row in rows}
    return [key for id_, key in wanted.items() if id_ not in live]


def kinds_of(session: Session, config: HubConfig, keys: Iterable[str]) -> dict[str, str]:
    """Return the kind of each record as far as it is known: as loaded, else as its source always has it."""
    wanted = {id_of_key(key): key for key in keys}
    kinds = {}
    for key in wanted.values():
        possible = (
            config.sources[key.partition(":")[0]].kinds if key.partition(":")[0] in config.sources else []
        )
        if len(possible) == 1:
            kinds[key] = str(possible[0])
    rows = session.con.execute(
        "select record_id, kind from normalized_parties where record_id in (select unnest($ids::uuid[]))",
        {"ids": [str(id_) for id_ in wanted]},
    ).fetchall()
    return kinds | {wanted[id_]: kind for id_, kind in rows}
