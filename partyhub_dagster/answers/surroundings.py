"""Records with all that clustering looks at when it decides about them, under the names that people know."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np

from partyhub_dagster.config import HubConfig
from partyhub_dagster.identity.affected import KIND_CODES, collect_components
from partyhub_dagster.identity.arrays import ABSENT
from partyhub_dagster.identity.decisions import Decision, DecisionKind
from partyhub_dagster.identity.state import ClusterInputs, ClusterOutputs, cluster_affected
from partyhub_dagster.lake.session import Session
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.matching.registry import require_model
from partyhub_dagster.merging import thresholds_of

Side = tuple[int, ...]
_HYPOTHETICAL = UUID(int=0)
_NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Whole components, clustered anew: what stands in party_clusters, with the way to it.

    `ids` and `keys` (SOURCE:RECORD) are by key code, `schemes` the exclusive ones by their code.
    """

    inputs: ClusterInputs
    outputs: ClusterOutputs
    ids: tuple[UUID, ...]
    keys: tuple[str, ...]
    schemes: tuple[str, ...]

    def code(self, record: UUID) -> int:
        """Return the key code of a record."""
        return self.ids.index(record)

    def members(self, code: int) -> Side:
        """Return the members of a record's party, by code."""
        return tuple(np.flatnonzero(self.outputs.cluster == self.outputs.cluster[code]).tolist())

    def asked(self, one: Side, other: Side) -> int:
        """Return the mean weight, in millibits, that merging two sides of one kind needs."""
        limits = self.inputs.thresholds[int(self.inputs.kind[one[0]])]
        return limits.asked(len(one), len(other))

    def named(self, codes: Side) -> list[str]:
        """Return SOURCE:RECORD of each."""
        return [self.keys[code] for code in codes]

    def parties_under(self, decision: Decision, codes: Side) -> list[list[str]]:
        """Return the parties that these records and their fellows would be in under one decision more."""
        decisions = [*self.inputs.decisions, decision]
        return self.parties_given(replace(self.inputs, decisions=decisions), codes)

    def parties_without(self, decision_ids: set[UUID], codes: Side) -> list[list[str]]:
        """Return the parties that these records and their fellows would be in without some decisions."""
        kept = [held for held in self.inputs.decisions if held.decision_id not in decision_ids]
        return self.parties_given(replace(self.inputs, decisions=kept), codes)

    def parties_when_gone(self, code: int, codes: Side) -> list[list[str]]:
        """Return the parties that the others would be in if one record were deleted."""
        live = self.inputs.live.copy()
        live[code] = False
        kind = np.where(live, self.inputs.kind, ABSENT)
        others = tuple(other for other in codes if other != code)
        return self.parties_given(replace(self.inputs, live=live, kind=kind), others)

    def parties_given(self, inputs: ClusterInputs, codes: Side) -> list[list[str]]:
        """Return the parties that these records and their fellows would be in if all were as in `inputs`."""
        cluster = cluster_affected(inputs).cluster
        wanted = list(dict.fromkeys(int(cluster[code]) for code in codes))
        return [self.named(tuple(np.flatnonzero(cluster == label).tolist())) for label in wanted]


def decision_between(kind_of: DecisionKind, left: int, right: int) -> Decision:
    """Make a decision that nobody took, newer than all: to see what it would do."""
    return Decision(_HYPOTHETICAL, _NEWEST, kind_of, left, right)


def surroundings_of(session: Session, config: HubConfig, records: list[UUID]) -> Surroundings:
    """Collect the whole components of some records from the tables that the session sees, and cluster them.

    Creates the temp tables of `collect_components`, `codes` among them.
    """
    kinds: list[Kind] = [kind for kind in ("person", "organization") if kind in config.kinds]
    thresholds = {KIND_CODES[kind]: thresholds_of(require_model(session, kind)) for kind in kinds}
    inputs = collect_components(session, records, thresholds).inputs
    rows = session.con.execute(
        "select k.record_id, coalesce(s.source || ':' || s.source_record_id, k.record_id::varchar) from codes as k"
        " left join source_parties as s using (record_id) order by k.code"
    ).fetchall()
    schemes = session.con.execute(
        "select distinct split_part(x, ':', 1) as scheme from codes join normalized_parties as n using (record_id),"
        " unnest(n.exclusive_ids) as t(x) order by scheme"
    ).fetchall()
    return Surroundings(
        inputs,
        cluster_affected(inputs),
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        tuple(row[0] for row in schemes),
    )


def told_records(session: Session, config: HubConfig, records: list[UUID]) -> list[dict[str, Any]]:
    """Return live records as people see them: names, party, cleaned values by attribute; in the order given.

    Parts, such as the city of an address, are told where the whole is not known.
    """
    rows = session.con.execute(
        "select n.record_id, n.source, n.source_record_id, c.party_id, n.values from normalized_parties as n"
        " left join party_clusters as c using (record_id)"
        " where n.record_id in (select unnest($ids::uuid[]))",
        {"ids": [str(id_) for id_ in records]},
    ).fetchall()
    told = {
        row[0]: {
            "record_id": str(row[0]),
            "source": row[1],
            "source_record_id": row[2],
            "key": f"{row[1]}:{row[2]}",
            "party_id": None if row[3] is None else str(row[3]),
            "values": _told_values(config, row[4] or {}),
        }
        for row in rows
    }
    return [told[id_] for id_ in records if id_ in told]


def _told_values(config: HubConfig, held: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {
        name: [value["value"] for value in held[name]]
        for name, attribute in config.attributes.items()
        if held.get(name) and (attribute.group == name or not held.get(attribute.group))
    }
