"""What decisions would do to the head: computed on copies, by the code that clusters and masters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np

from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.identity.affected import KIND_CODES, Affected, collect_components
from partyhub_dagster.identity.arrays import ABSENT, IntArray
from partyhub_dagster.identity.lineage import derive_events
from partyhub_dagster.identity.state import ClusterOutputs, cluster_affected
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import DECISIONS
from partyhub_dagster.lake.write import head_epoch
from partyhub_dagster.stewardship.ledger import Entry, entries_table, id_of_key, read_ledger, standing_ids
from partyhub_dagster.stewardship.overruling import contradictions
from partyhub_dagster.stewardship.references import missing_of
from partyhub_dagster.stewardship.values import changed_values
from partyhub_dagster.survivorship.stage import collect_pins


def preview_entries(hub: Hub, session: Session, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what the entries would change if they were written now, and the next run took them up.

    Compared are two outcomes of clustering and mastering the components concerned, as the head holds their records
    and pairs: under the ledger as it is, and under the ledger with the entries. So decisions that wait for the next
    run are in both. Must be called inside `reading`: it hides the table `decisions` behind a longer copy until
    `forget_preview`.
    """
    head = head_epoch(session.con)
    before_lines = read_ledger(session.con)
    _extend_ledger(session, entries, head + 1)
    after_lines = read_ledger(session.con)
    pinned = _collect_both_pins(session, head)
    standing = standing_ids(after_lines)
    moved = standing_ids(before_lines) ^ standing
    lines = {line.entry.decision_id: line.entry for line in after_lines}
    touched = {id_of_key(key) for id_ in moved for key in lines[id_].keys} | pinned
    thresholds = {KIND_CODES[kind]: limits for kind, limits in _thresholds(hub, session).items()}
    affected = collect_components(session, sorted(touched), thresholds)
    new = {entry.decision_id for entry in entries}
    old = [decision for decision in affected.inputs.decisions if decision.decision_id not in new]
    before = cluster_affected(replace(affected.inputs, decisions=old))
    after = cluster_affected(affected.inputs)
    _register_parties(session, before, after)
    return {
        "parties": _events(session, affected, before, after),
        "values": changed_values(session, hub.config),
        **contradictions(session, before, after, lines, standing),
        "waiting": missing_of(session, [key for entry in entries for key in entry.keys]),
    }


def forget_preview(session: Session) -> None:
    """Drop what a preview left; `decisions` is again the table of the lake."""
    session.drop(
        "decisions", "preview_parties", "pins", "pins_before", "pins_after", "codes", "affected", "decided",
        "changed_records", "changed_ends", "same_pairs",
    )  # fmt: skip


def _extend_ledger(session: Session, entries: Sequence[Entry], epoch: int) -> None:
    con = session.con
    columns = ", ".join(DECISIONS.column_names)
    typed = ", ".join(
        f"{column.name}::{column.sql_type} as {column.name}"
        for column in DECISIONS.columns
        if column.name not in {"sequence", "decided_at"}
    )
    con.register("preview_entries", entries_table(entries))
    con.execute(f"create or replace temp view preview_typed as select place, {typed} from preview_entries")
    con.execute(  # in one statement: DuckDB can lose a large insert into a table that the same transaction made
        f"create or replace temp table decisions as select {columns}, epoch from lake.decisions union all by name"
        f" select * exclude (place), {epoch} as epoch, now() as decided_at,"
        " (select coalesce(max(sequence), 0) from lake.decisions) + 1 + place as sequence from preview_typed"
    )
    con.execute("drop view preview_typed")
    con.unregister("preview_entries")


def _collect_both_pins(session: Session, head: int) -> set[UUID]:
    """Create temp tables `pins_before` and `pins_after`; return the records on which they differ."""
    for when, epoch in (("before", head), ("after", head + 1)):
        collect_pins(session, epoch)
        session.con.execute(f"create or replace temp table pins_{when} as from pins")
    rows = session.con.execute(
        "select record_id from (from pins_before except from pins_after)"
        " union select record_id from (from pins_after except from pins_before)"
    ).fetchall()
    return {row[0] for row in rows}


def _thresholds(hub: Hub, session: Session) -> Mapping[str, Thresholds]:
    if not session.count("match_models"):
        return {}  # never built: there are no parties yet
    return Run(hub, session).thresholds()


def _register_parties(session: Session, before: ClusterOutputs, after: ClusterOutputs) -> None:
    """Create temp table `preview_parties` (record_id, before_id, after_id) of the live records concerned."""
    import pyarrow as pa

    live = np.flatnonzero(after.party != ABSENT)
    table = pa.table({"code": live, "before": before.party[live], "after": after.party[live]})
    session.con.register("preview_codes", table)
    session.con.execute(
        "create or replace temp table preview_parties as"
        " select k.record_id, b.record_id as before_id, a.record_id as after_id from preview_codes as p"
        " join codes as k on k.code = p.code join codes as b on b.code = p.before join codes as a on a.code = p.after"
    )
    session.con.unregister("preview_codes")


def _events(
    session: Session, affected: Affected, before: ClusterOutputs, after: ClusterOutputs
) -> list[dict[str, Any]]:
    """List what would become of party ids, in the words of lineage, with members by key."""
    names = session.con.execute(
        "select k.record_id::varchar, s.source || ':' || s.source_record_id from codes as k"
        " left join source_parties as s using (record_id) order by k.code"
    ).fetchall()
    inputs = affected.inputs
    events = derive_events(before.party, after.party, inputs.first_seen, affected.was_party_id)
    told = events.to_arrow(_array([row[0] for row in names])).to_pylist()
    keys = dict(names)
    return [
        {
            "event": event["event_type"],
            "party_id": event["party_id"],
            "other_id": event["other_party_id"],
            "members": sorted(keys[id_] for id_ in event["members"]),
            "members_before": _members(before.party, names, event["party_id"]),
        }
        for event in told
    ]


def _members(party: IntArray, names: list[tuple[str, str]], party_id: str) -> list[str]:
    code = next(code for code, row in enumerate(names) if row[0] == party_id)
    return sorted(names[member][1] for member in np.flatnonzero(party == code).tolist())


def _array(values: list[str]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())
