"""From what a person says to lines of the ledger, or to what is wrong with it."""

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import DecisionError, NotFoundError
from partyhub_dagster.identity.decisions import DecisionKind
from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.ledger import Entry, Line, group_id_of, id_of_key, read_ledger, standing_ids
from partyhub_dagster.stewardship.pinning import value_to_pin
from partyhub_dagster.stewardship.references import Meant, kinds_of, members_of, records_meant

_MOST = 10_000
"""Decisions of one group: beyond it, two large parties are better kept apart by correcting what joins them."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who decides, why, and under which name the decisions can be taken back together."""

    author: str
    reason: str
    group: str | None = None

    def __post_init__(self) -> None:
        if not self.author.strip() or not self.reason.strip():
            raise DecisionError(
                "A decision needs its author and its reason; nothing was decided.",
                remedy="Say why with --reason TEXT, and who with --author NAME.",
            )
        if self.group is not None and not self.group.strip():
            raise DecisionError(
                "The name of the group is empty; nothing was decided.", remedy="Give it a name."
            )

    def entry(self, verdict: DecisionKind, group_id: UUID | None = None, **said: str | UUID | None) -> Entry:
        """Return a signed line."""
        given = {"verdict": verdict, "author": self.author.strip(), "reason": self.reason.strip(), **said}
        return Entry(**given, group_id=group_id or (group_id_of(self.group) if self.group else None))  # type: ignore[arg-type]


def draft_same(
    session: Session, config: HubConfig, names: Sequence[str], signature: Signature
) -> list[Entry]:
    """Bind records, and all members of parties, to one party: a chain from the first to the last.

    Raises:
        DecisionError: fewer than two records, one named twice, or a person and an organization.
    """
    keys = [key for meant in _all_meant(session, config, names) for key in meant.keys]
    _refuse_two_kinds(session, config, keys)
    return _grouped(signature, _chain(keys))


def draft_not_same(
    session: Session, config: HubConfig, one: str, other: str, signature: Signature
) -> list[Entry]:
    """Keep every record of one side apart from every record of the other.

    Raises:
        DecisionError: the two are one record or one party.
    """
    left, right = _all_meant(session, config, [one, other])
    return _grouped(signature, _apart(left.keys, right.keys))


def draft_split(
    session: Session, config: HubConfig, party: str, names: Sequence[str], signature: Signature
) -> list[Entry]:
    """Take records out of a party: they hold together, the rest holds together, and the two are kept apart.

    Raises:
        DecisionError: a record is no member, or nobody would be left.
    """
    whole = _party_meant(session, config, party)
    taken = list(dict.fromkeys(key for name in names for key in records_meant(session, config, name).keys))
    rest = [key for key in whole.keys if key not in taken]
    if set(taken) - set(whole.keys) or not rest or not taken:
        raise DecisionError(
            f"A split takes some members out of their party and leaves some; of {len(whole.keys)} members"
            f" {len(whole.keys) - len(rest)} were named, and {len(set(taken) - set(whole.keys))} records that are none."
            " Nothing was decided.",
            remedy="`partyhub show` lists the members; name those that belong elsewhere.",
        )
    return _grouped(signature, [*_apart(taken, rest), *_chain(taken), *_chain(rest)])


def draft_sides(
    left: Sequence[str], right: Sequence[str], signature: Signature, *, same: bool, hold_sides: bool
) -> list[Entry]:
    """Bind two sides to one party, or keep every record of one apart from every record of the other.

    `hold_sides`: of a party that is split, each side holds together, as with `draft_split`.
    """
    if same:
        return _grouped(signature, _chain([*left, *right]))
    held = [*_chain(left), *_chain(right)] if hold_sides else []
    return _grouped(signature, [*_apart(left, right), *held])


def draft_split_as_of(
    session: Session, config: HubConfig, party: str, release: int, signature: Signature
) -> list[Entry]:
    """Split a party into the parties that its members were in at an earlier release; who is newer stays free.

    Raises:
        DecisionError: its members were in one party then, or in none.
    """
    whole = _party_meant(session, config, party)
    ids = {id_of_key(key): key for key in whole.keys}
    rows = session.con.execute(
        "select party_id, list(record_id) from membership_history where record_id in (select unnest($ids::uuid[]))"
        " and valid_from_release <= $r and coalesce(valid_to_release > $r, true) group by party_id order by party_id",
        {"ids": [str(id_) for id_ in ids], "r": release},
    ).fetchall()
    sides = [[ids[id_] for id_ in sorted(members)] for _, members in rows]
    if len(sides) < 2:
        raise DecisionError(
            f"In release {release} the members of the party were in {len(sides)} parties, so there is nothing to split"
            " it into; nothing was decided.",
            remedy="Name an earlier release, or the records to take out.",
        )
    apart = [pair for one, other in itertools.combinations(sides, 2) for pair in _apart(one, other)]
    return _grouped(signature, [*apart, *(pair for side in sides for pair in _chain(side))])


def draft_pin(
    session: Session,
    config: HubConfig,
    name: str,
    attribute: str,
    values: Sequence[str],
    signature: Signature,
) -> list[Entry]:
    """Set a golden value by hand; no value at all blanks the attribute. It follows its record from party to party.

    Raises:
        DecisionError: hub.yaml has no such attribute, or the value is none of its type.
    """
    key = records_meant(session, config, name).keys[0]
    value = value_to_pin(config, key.partition(":")[0], attribute, values)
    return [signature.entry(DecisionKind.PIN, left=key, attribute=attribute, value=value)]


def draft_revoke(
    session: Session, names: Sequence[str], group: str | None, signature: Signature
) -> list[Entry]:
    """Take decisions back by id, or all of a group. What they overruled holds again.

    Raises:
        NotFoundError: there is no such decision or group.
        DecisionError: it is revoked already.
    """
    lines = read_ledger(session.con)
    standing = standing_ids(lines) | _standing_revocations(lines)
    if group is not None:
        id_ = group_id_of(group)
        held = [line for line in lines if line.entry.group_id == id_]
        _refuse_unknown(len(held), "group")
        _refuse_revoked([line for line in held if line.entry.decision_id in standing])
        return [signature.entry(DecisionKind.REVOKE, revokes=id_)]
    entries = []
    for name in names:
        found = [line for line in lines if str(line.entry.decision_id).startswith(name.strip().lower())]
        _refuse_unknown(len(found) if name.strip() else 0, "decision")
        _refuse_revoked([line for line in found if line.entry.decision_id in standing])
        entries.append(signature.entry(DecisionKind.REVOKE, revokes=found[0].entry.decision_id))
    if not entries:
        raise DecisionError(
            "It is not said what to revoke; nothing was decided.",
            remedy="Name decisions by id, or a group with --group NAME; `partyhub decide list` has both.",
        )
    return entries


def _standing_revocations(lines: Sequence[Line]) -> set[UUID]:
    """Collect the revocations that no newer one took back."""
    revoked: set[UUID | None] = set()
    standing = set()
    for line in reversed(lines):
        if line.entry.verdict is DecisionKind.REVOKE and line.entry.decision_id not in revoked:
            standing.add(line.entry.decision_id)
            revoked.add(line.entry.revokes)
    return standing


def _refuse_unknown(found: int, what: str) -> None:
    if found == 0 or (found > 1 and what == "decision"):
        raise NotFoundError(
            f"The ledger has {found} {what}s that this can mean; nothing was decided.",
            remedy="`partyhub decide list --all` lists decisions with their ids and groups.",
        )


def _refuse_revoked(standing: Sequence[Line]) -> None:
    if not standing:
        raise DecisionError(
            "It is revoked already; nothing was decided.",
            remedy="To take a revocation back, revoke it by its own id: `partyhub decide list --all` has it.",
        )


def _all_meant(session: Session, config: HubConfig, names: Sequence[str]) -> list[Meant]:
    found = [records_meant(session, config, name) for name in names]
    keys = [key for meant in found for key in meant.keys]
    if len(set(keys)) < max(2, len(keys)):
        raise DecisionError(
            f"{len(names)} names stand for {len(set(keys))} different records, and a record or party is named twice"
            " or alone; nothing was decided.",
            remedy="Name at least two different records or parties, each once.",
        )
    return found


def _party_meant(session: Session, config: HubConfig, name: str) -> Meant:
    """Return the whole party, also where SOURCE:RECORD names one of its members."""
    meant = records_meant(session, config, name)
    if meant.party_id is not None:
        return meant
    row = session.con.execute(
        "select party_id from party_clusters where record_id = $id", {"id": id_of_key(meant.keys[0])}
    ).fetchone()
    return meant if row is None else Meant(members_of(session, row[0]), row[0])


def _refuse_two_kinds(session: Session, config: HubConfig, keys: Sequence[str]) -> None:
    kinds = kinds_of(session, config, keys)
    if len(set(kinds.values())) > 1:
        raise DecisionError(
            "A person and an organization cannot be one party; nothing was decided.",
            remedy="Name records of one kind. If a kind is wrong, correct it in its source or in hub.yaml.",
        )


Said = tuple[DecisionKind, str, str]


def _chain(keys: Sequence[str]) -> list[Said]:
    return [(DecisionKind.SAME, one, other) for one, other in itertools.pairwise(keys)]


def _apart(one: Sequence[str], other: Sequence[str]) -> list[Said]:
    return [(DecisionKind.NOT_SAME, left, right) for left in one for right in other]


def _grouped(signature: Signature, said: Sequence[Said]) -> list[Entry]:
    """Sign the lines; several are a group, so that they are taken back together."""
    if len(said) > _MOST:
        raise DecisionError(
            f"That would be {len(said):,} decisions, more than {_MOST:,}; nothing was decided.",
            remedy="Parties this large come from what joins their records: see `partyhub explain` for a pair of them.",
        )
    group_id = None if signature.group or len(said) == 1 else uuid.uuid4()
    return [signature.entry(verdict, group_id, left=left, right=right) for verdict, left, right in said]
