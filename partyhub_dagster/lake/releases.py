"""Releases: publishing is moving one pointer to a checked, consistent snapshot, and readers see nothing else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from partyhub_dagster.errors import InvariantError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import Delta
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.lake.tables import (
    GOLDEN_HISTORY,
    MATCH_MODELS,
    MEMBERSHIP_HISTORY,
    NORMALIZED_PARTIES,
    PARTY_CLUSTERS,
    PARTY_LINEAGE,
    RELEASES,
    SOURCE_PARTIES,
    golden_table,
)
from partyhub_dagster.lake.write import WriteTransaction, write_transaction

_RELEASED = (
    SOURCE_PARTIES,
    NORMALIZED_PARTIES,
    MATCH_MODELS,
    PARTY_CLUSTERS,
    PARTY_LINEAGE,
    golden_table([]),
)


@dataclass(frozen=True, slots=True)
class Release:
    """One row of `releases`."""

    number: int
    snapshot: int
    head_epoch: int
    lineage_seq: int
    run_id: str
    models: dict[str, str]
    config_hash: str
    checks_passed: int
    checks_failed: int
    counts: dict[str, Any]
    released_at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What a release records about itself beyond the state of the lake."""

    models: Mapping[str, str]
    config_hash: str
    checks_passed: int
    checks_failed: int


def newest_release(
    con: duckdb.DuckDBPyConnection, number: int | None = None, *, where: str = "true"
) -> Release | None:
    """Return the newest release made, or the one of a given number; None when there is none.

    What readers see is `rollbacks.shown_release`: the two differ after a rollback.
    """
    condition = "" if number is None else f" and number = {number}"
    names = ", ".join(RELEASES.column_names)
    row = con.execute(
        f"select {names} from lake.releases as releases where {where}{condition} order by number desc limit 1"
    ).fetchone()
    if row is None:
        return None
    held = dict(zip(RELEASES.column_names, row, strict=True))
    held["models"], held["counts"] = json.loads(held["models"]), json.loads(held["counts"])
    return Release(**held)


def needs_release(session: Session, last: Release | None, config_hash: str) -> bool:
    """Tell whether the head differs from the release that readers see in anything that they see."""
    if last is None or last.config_hash != config_hash:
        return True
    changes = session.changes()
    return any(changes.newest.get(table.name, 0) > last.head_epoch for table in _RELEASED)


def make_release(
    session: Session, approve: Callable[[], ReleaseFacts], finish: Callable[[WriteTransaction], None]
) -> Release:
    """Write the histories and the release in one transaction; `approve` raises if a check stands against it.

    `finish` writes what else belongs to the end of a run.
    Guarantees: open history rows are the state; the recorded snapshot is the state that was checked.

    Raises:
        GateError: by `approve`; nothing was written and the last release stays.
    """
    con = session.con
    now = datetime.now(UTC)
    with write_transaction(session) as transaction:
        facts = approve()
        last = newest_release(con)
        number = 1 if last is None else last.number + 1
        delta = _since(last, transaction.epoch)
        churn = _write_histories(transaction, delta, number, now)
        snapshot = _current_snapshot(con) + 1  # the gate is held: the next snapshot is ours
        _write_release(session, transaction, facts, number, snapshot, now, churn)
        finish(transaction)
    release = newest_release(con, number)
    if release is None or not _shows_itself(con, release):
        raise InvariantError(
            f"Release {number} names another snapshot than the one it was written in.",
            remedy="Run `partyhub build` again; if it repeats, report it.",
        )
    return release


def _since(last: Release | None, head: int) -> Delta:
    if last is None:
        return Delta("release", "", 0, head, everything=True, watermark=None)
    return Delta("release", "", last.head_epoch, head, everything=False, watermark=None)


def _current_snapshot(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select id from lake.current_snapshot()").fetchone()
    return int(row[0]) if row else 0


def _shows_itself(con: duckdb.DuckDBPyConnection, release: Release) -> bool:
    """Tell whether the release is in the snapshot that it names; others may have written since."""
    row = con.execute(
        f"select count(*) from lake.releases at (version => {release.snapshot}) where number = {release.number}"
    ).fetchone()
    return row is not None and row[0] == 1


def _write_histories(transaction: WriteTransaction, delta: Delta, number: int, now: datetime) -> int:
    """Close what no longer holds and open what holds now; return how many records changed their party."""
    con = transaction.con
    golden = golden_table([])
    parts = (
        (MEMBERSHIP_HISTORY, PARTY_CLUSTERS, "record_id", "party_id", "party_id"),
        (GOLDEN_HISTORY, golden, "party_id", "golden", "to_json(g)::varchar"),
    )
    churn = 0
    for history, table, key, content, expression in parts:
        changed = delta.changed(table, key).replace("as record_id", f"as {key}")
        statement = load_sql(__package__, "diff_history.sql")
        for name, text in {
            "{history}": history.name, "{key}": key, "{content}": content, "{expression}": expression,
            "{current}": f"(select * exclude (epoch) from {table.name})", "{changed}": changed,
        }.items():  # fmt: skip
            statement = statement.replace(name, text)
        con.execute(
            f"create or replace temp table history_rows as {statement}",
            {"number": number, "now": now.isoformat()},
        )
        row = con.execute("select count(*) from history_rows where valid_to is not null").fetchone()
        transaction.upsert(history, "history_rows")
        churn = int(row[0]) if history is MEMBERSHIP_HISTORY and row else churn
        con.execute("drop table history_rows")
    return churn


def _write_release(
    session: Session,
    transaction: WriteTransaction,
    facts: ReleaseFacts,
    number: int,
    snapshot: int,
    now: datetime,
    churn: int,
) -> None:
    counts = {
        "records": session.count("normalized_parties"),
        "quarantined": session.count("(from quarantine where replay_state = 'open')"),
        "edges": session.count("match_edges") // 2,
        "parties": session.count("golden_parties"),
        "parties_of_several_sources": session.count(
            "(select party_id from party_clusters join source_parties using (record_id)"
            " group by party_id having count(distinct source) > 1)"
        ),
        "records_that_changed_party": churn,
    }
    row = {
        "number": number, "snapshot": snapshot, "head_epoch": transaction.epoch,
        "lineage_seq": session.count("party_lineage"), "run_id": session.run_id,
        "models": json.dumps(dict(facts.models), sort_keys=True), "config_hash": facts.config_hash,
        "checks_passed": facts.checks_passed, "checks_failed": facts.checks_failed,
        "counts": json.dumps(counts, sort_keys=True), "released_at": now.isoformat(),
    }  # fmt: skip
    types = {column.name: column.sql_type for column in RELEASES.columns}
    selected = ", ".join(f"${name}::{types[name]} as {name}" for name in row)
    transaction.con.execute(f"create or replace temp table release_row as select {selected}", row)
    transaction.append(RELEASES, "release_row")
    transaction.con.execute("drop table release_row")
