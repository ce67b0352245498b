"""The stage that keeps party_clusters, and tells in party_lineage what became of every party."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from partyhub_dagster.identity.affected import INPUTS, KIND_CODES, Affected, collect_affected
from partyhub_dagster.identity.arrays import ABSENT
from partyhub_dagster.identity.lineage import derive_events
from partyhub_dagster.identity.state import ClusterOutputs, cluster_affected
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster.lake.fingerprint import fingerprint_of
from partyhub_dagster.lake.lineage import append_lineage
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import read_delta, write_stage
from partyhub_dagster.lake.tables import CLUSTER_CONFLICTS, PARTY_CLUSTERS
from partyhub_dagster.lake.write import WriteTransaction, Written

STAGE = "party_clusters"


@dataclass(frozen=True, slots=True)
class ClusterChanges:
    """What one run of the stage did; sizes are of the affected records."""

    affected: int = 0
    changed: int = 0
    removed: int = 0
    events: int = 0
    largest_component: int = 0
    largest_part: int = 0
    conflicts: int = 0


def cluster_changed(session: Session, thresholds: Mapping[str, Thresholds]) -> ClusterChanges:
    """Cluster the components that records, pairs or decisions changed, and derive lineage from the outcome.

    Reads normalized_parties, match_edges, decisions. Writes party_clusters, cluster_conflicts, party_lineage,
    all in one transaction. `thresholds` by kind come from the active models.
    Guarantees: equal to clustering everything afresh; at most one event per party id and run.
    """
    stage_fingerprint = fingerprint_of(__package__, sorted(thresholds.items()))
    delta = read_delta(session, STAGE, stage_fingerprint, full=session.full)
    if delta.is_empty(INPUTS):
        return ClusterChanges()
    by_code = {KIND_CODES[kind]: limits for kind, limits in thresholds.items()}
    affected = collect_affected(session, delta, by_code)
    outputs = cluster_affected(affected.inputs)
    _register_clusters(session, outputs)
    conflicts = _register_conflicts(session, outputs)
    events = _register_events(session, affected, outputs)

    def write(transaction: WriteTransaction) -> list[Written]:
        scope = None if delta.everything else "affected"
        clusters = transaction.write_differences(PARTY_CLUSTERS, "clusters", scope)
        shown = transaction.write_differences(
            CLUSTER_CONFLICTS, "conflicts", None if scope is None else "conflict_scope"
        )
        append_lineage(transaction, session.run_id, "events")
        return [clusters, shown]

    written = write_stage(session, delta, write)
    size = session.count("affected")
    session.drop(
        "changed_records", "changed_ends", "decided", "same_pairs", "affected", "codes", "clusters", "conflicts",
        "conflict_scope", "events",
    )  # fmt: skip
    return ClusterChanges(
        size,
        written[0].changed,
        written[0].removed,
        events,
        outputs.largest_component,
        outputs.largest_part,
        conflicts,
    )


def _register_clusters(session: Session, outputs: ClusterOutputs) -> None:
    live = np.flatnonzero(outputs.party != ABSENT)
    size = np.bincount(outputs.party[live], minlength=len(outputs.party))
    weakest = np.where(
        np.isnan(outputs.weakest[live]), np.inf, outputs.weakest[live]
    )  # SAME alone is certain
    confidence = np.round(1 / (1 + np.exp2(-weakest / 1_000)), 6)
    table = pa.table({
        "code": live, "component": outputs.component[live], "party": outputs.party[live],
        "confidence": pa.array(confidence, mask=size[outputs.party[live]] == 1),
    })  # fmt: skip
    session.con.register("coded_clusters", table)
    session.con.execute(
        "create or replace temp table clusters as"
        " select k.record_id, m.record_id as component_id, p.record_id as party_id, c.confidence"
        " from coded_clusters as c join codes as k on k.code = c.code"
        " join codes as m on m.code = c.component join codes as p on p.code = c.party order by k.record_id"
    )
    session.con.unregister("coded_clusters")


def _register_conflicts(session: Session, outputs: ClusterOutputs) -> int:
    """Create temp tables `conflicts` and `conflict_scope`: what was overruled, and what that replaces."""
    con = session.con
    rows = [
        (str(o.decision_id), "decision", o.reason.value, None if o.by is None else str(o.by))
        for o in outputs.overruled
    ]
    rows += [(str(o.decision_id), "exclusive", "SAME", str(o.decision_id)) for o in outputs.overrides]
    con.execute(
        "create or replace temp table found (decision_id uuid, what varchar, reason varchar, by_id varchar)"
    )
    if rows:
        con.executemany("insert into found values (?, ?, ?, ?)", rows)
    con.execute(
        """
        create or replace temp table conflicts as
        select distinct
            md5(concat(f.what, f.decision_id, f.reason, coalesce(f.by_id, '')))::uuid as conflict_id,
            coalesce(l.component_id, r.component_id) as component_id, f.what, f.decision_id,
            concat_ws(' ', f.reason, f.by_id) as overruled_by
        from found as f join decisions as d using (decision_id)
        left join clusters as l on l.record_id = d.left_id
        left join clusters as r on r.record_id = d.right_id
        """
    )
    con.execute(
        """
        create or replace temp table conflict_scope as
        select conflict_id from cluster_conflicts join decisions as d using (decision_id)
        where d.left_id in (from affected) or d.right_id in (from affected)
        union select conflict_id from conflicts
        """
    )
    session.drop("found")
    return session.count("conflicts")


def _register_events(session: Session, affected: Affected, outputs: ClusterOutputs) -> int:
    """Create temp table `events`, ready for append_lineage; return how many there are."""
    con = session.con
    events = derive_events(
        affected.old_party, outputs.party, affected.inputs.first_seen, affected.was_party_id, affected.cause
    )
    names = (
        con.execute("select record_id::varchar as id from codes order by code")
        .to_arrow_table()["id"]
        .combine_chunks()
    )
    con.register("derived", events.to_arrow(names))
    con.execute(
        "create or replace temp table events as select row_number() over () as place, event_type as event,"
        " party_id::uuid as party_id, other_party_id::uuid as other_id,"
        " case when len(members) > 0 then members::uuid[] end as members, null::varchar[] as attributes,"
        " lower(cause) as cause from derived"
    )
    con.unregister("derived")
    return session.count("events")
