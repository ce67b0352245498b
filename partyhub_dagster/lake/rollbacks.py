"""Rolling back: readers see an earlier release again at once, and no new one is made until somebody lifts the hold.

Nothing is rewritten: a rollback is a row of `rollbacks`, and a release counts unless it was rolled back. What has no
row there is not rolled back, so the pointer that readers follow is the newest release that counts.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from partyhub_dagster.errors import GateError, NotFoundError
from partyhub_dagster.lake.releases import Release, newest_release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.snapshots import snapshot_is_kept
from partyhub_dagster.lake.tables import ROLLBACKS
from partyhub_dagster.lake.write import WriteTransaction, write_transaction


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback whose hold nobody has lifted."""

    release: int
    newest_release: int
    author: str
    reason: str
    written_at: datetime


def counting(con: duckdb.DuckDBPyConnection, until: datetime | None = None) -> str:
    """Return the SQL condition on `releases` that a release counts: the last rollback that could, let it stand.

    `until` asks how it was then.
    """
    if not _has_rollbacks(con):
        return "true"
    bound = "" if until is None else f" and b.written_at <= '{until.isoformat()}'::timestamptz"
    return (
        "coalesce((select max_by(b.release, b.sequence) from lake.rollbacks as b"
        f" where b.action = 'ROLLBACK' and b.newest_release >= releases.number{bound}), number) >= number"
    )


def shown_release(con: duckdb.DuckDBPyConnection, at: datetime | None = None) -> Release | None:
    """Return the release that readers see, or saw at a time; None when there is, or was, none."""
    bound = "" if at is None else f" and released_at <= '{at.isoformat()}'::timestamptz"
    return newest_release(con, where=f"{counting(con, at)}{bound}")


def standing_rollback(con: duckdb.DuckDBPyConnection) -> Rollback | None:
    """Return the rollback that holds new releases, or None."""
    if not _has_rollbacks(con):
        return None
    row = con.execute(
        "select action, release, newest_release, author, reason, written_at from lake.rollbacks"
        " order by sequence desc limit 1"
    ).fetchone()
    return None if row is None or row[0] == "LIFT" else Rollback(*row[1:])


def roll_back(session: Session, number: int, author: str, reason: str) -> Release:
    """Let readers see release `number` again, and hold new ones; return it. Twice the same writes once.

    Works while a run is under way: the run builds the head and then finds the hold.

    Raises:
        NotFoundError: there is no such release, or upkeep has let it go.
        GateError: readers see it already and nothing is held; or no author or reason is given.
    """
    _require_person(author, reason)
    con = session.con
    with write_transaction(session) as transaction:
        con.execute(ROLLBACKS.create_statement())  # a hub of before there were rollbacks
        release, newest, shown = newest_release(con, number), newest_release(con), shown_release(con)
        if release is None or newest is None or shown is None:
            raise NotFoundError(
                f"There is no release {number}; nothing was rolled back.",
                remedy="`partyhub status` names the release that readers see; lower numbers are earlier ones.",
            )
        if not snapshot_is_kept(con, release.snapshot):
            raise NotFoundError(
                f"Release {number} is no longer kept; nothing was rolled back.",
                remedy="Take a later release; `upkeep` in hub.yaml says how many are kept.",
            )
        standing = standing_rollback(con)
        if shown.number == number and standing is None:
            raise GateError(
                f"Release {number} is what readers see; nothing was rolled back.",
                remedy="Name an earlier release.",
            )
        if standing is None or standing.release != number:
            _append(session, transaction, "ROLLBACK", number, newest.number, author, reason)
    return release


def lift(session: Session, author: str, reason: str) -> Rollback:
    """End the hold: new releases are made again. Until one is, readers see what they saw. Return what was lifted.

    Raises:
        GateError: nothing is held.
    """
    with write_transaction(session) as transaction:
        standing = standing_rollback(session.con)
        if standing is None:
            raise GateError(
                "No rollback holds releases; nothing was lifted.",
                remedy="`partyhub release` releases the head if its checks allow it.",
            )
        _append(session, transaction, "LIFT", None, standing.newest_release, author, reason)
    return standing


def refuse_while_held(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse to release while a rollback stands.

    Raises:
        GateError: it does; whatever was built stays at the head.
    """
    standing = standing_rollback(con)
    if standing is not None:
        raise GateError(
            f"Releases are held: the hub was rolled back to release {standing.release} by {standing.author}"
            f" at {standing.written_at.isoformat(timespec='seconds')}. The head is built and is not released.",
            remedy="When what was wrong is put right: `partyhub release --lift`.",
        )


def _require_person(author: str, reason: str) -> None:
    if not author.strip() or not reason.strip():
        raise GateError(
            "Nothing was rolled back: an author and a reason are required.",
            remedy='Say why: partyhub release --rollback RELEASE --reason "...".',
        )


def _append(
    session: Session,
    transaction: WriteTransaction,
    action: str,
    release: int | None,
    newest: int,
    author: str,
    reason: str,
) -> None:
    session.con.execute(
        "create or replace temp table rollback_row as select"
        " (select coalesce(max(sequence), 0) + 1 from lake.rollbacks) as sequence, $action as action,"
        " $release::bigint as release, $newest::bigint as newest_release, $author as author, $reason as reason,"
        " now() as written_at",
        {"action": action, "release": release, "newest": newest, "author": author, "reason": reason},
    )
    transaction.append(ROLLBACKS, "rollback_row")
    session.drop("rollback_row")


def _has_rollbacks(con: duckdb.DuckDBPyConnection) -> bool:
    try:
        con.execute("select 1 from lake.rollbacks limit 0")
    except duckdb.CatalogException:
        return False
    return True
