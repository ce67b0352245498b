"""Why the members of a party are together, which link is weakest, what would split it, and who was kept out."""

from typing import Any
from uuid import UUID

import duckdb

from partyhub_dagster.answers.decided import decisions_about
from partyhub_dagster.answers.pairs import (
    bits_of,
    pair_answer,
    thresholds_answer,
    told_margin,
    told_merge,
    verdict_answer,
)
from partyhub_dagster.answers.parties import identify, resolve_party
from partyhub_dagster.answers.surroundings import (
    Side,
    Surroundings,
    decision_between,
    surroundings_of,
    told_records,
)
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.identity.decisions import DecisionKind
from partyhub_dagster.identity.merges import Merge, PartyMerges, merges_of, pairs_across, weakest_of
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.matching.explain import explain_pair
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.registry import require_model

_MOST = 2_000
"""Members of a party whose merges are replayed; of a larger one the answer would be no help either."""
_NEIGHBOURS = 10
"""Parties that it was not merged with, the nearest first."""
_REMOVED_ONE_BY_ONE = 30
"""Members of a party for which it is tried what each holds together."""


def explain_party(place: LakePlace, config: HubConfig, name: str) -> dict[str, Any]:
    """Explain the party that an id or SOURCE:RECORD means, by the newest release.

    Raises:
        NotFoundError: there is no such party, or it has too many members to tell their merges.
    """
    with read_release(place) as (con, release):
        party = resolve_party(con, identify(config, name))
        members = [row[0] for row in con.execute(_MEMBERS, {"p": party}).fetchall()]
        if len(members) > _MOST:
            raise NotFoundError(
                f"The party has {len(members):,} members, more than the {_MOST:,} whose merges are told.",
                remedy="Explain a pair of its members: `partyhub explain A B`.",
            )
        session = Session(place, con, run_id="explain")
        neighbours = [row[0] for row in con.execute(_NEAREST, {"p": party, "n": _NEIGHBOURS}).fetchall()]
        around = surroundings_of(session, config, [*members, *neighbours])
        codes = tuple(around.code(member) for member in members)
        model = require_model(session, _kind(con, members))
        cluster = around.outputs.cluster
        made = merges_of(around.inputs, cluster, cluster == cluster[codes[0]])
        return {
            "party_id": str(party),
            "release": release.number,
            "members": told_records(session, config, members),
            "bound_by_decisions": [around.named(group) for group in made.bound],
            "merges": [told_merge(around, merge) for merge in made.merges],
            "weakest": _weakest(con, around, model, made),
            "to_split": _to_split(around, made, codes),
            "links": _links(around, codes),
            "not_merged": [_neighbour(around, codes, around.code(other)) for other in neighbours],
            "decisions": decisions_about(con, members),
            "thresholds": thresholds_answer(model),
            "model": model.version[:12],
        }


_MEMBERS = (
    "select record_id from party_clusters join source_parties using (record_id) where party_id = $p"
    " order by first_seen, record_id"
)
_NEAREST = """
    select arg_max(o.record_id, (e.weight, o.record_id)) from party_clusters as c
    join match_edges as e on e.record_id = c.record_id
    join party_clusters as o on o.record_id = e.other_id
    where c.party_id = $p and o.party_id <> $p
    group by o.party_id order by max(e.weight) desc, o.party_id limit $n
"""


def _kind(con: duckdb.DuckDBPyConnection, members: list[UUID]) -> Any:
    row = con.execute(
        "select kind from normalized_parties where record_id = $id", {"id": members[0]}
    ).fetchone()
    return row[0] if row else "person"


def _weakest(
    con: duckdb.DuckDBPyConnection, around: Surroundings, model: MatchModel, made: PartyMerges
) -> dict[str, Any] | None:
    """Tell the weakest merge, and of its pairs the strongest, which holds it, by comparison."""
    merge = weakest_of(made)
    if merge is None:
        return None
    answer: dict[str, Any] = told_merge(around, merge)
    strongest = pairs_across(around.inputs, merge.left, merge.right).strongest
    if strongest is not None:
        one, other = (str(around.ids[code]) for code in strongest)
        answer["pair"] = pair_answer(explain_pair(con, model, "normalized_parties", one, other))
    return answer


def _to_split(around: Surroundings, made: PartyMerges, codes: Side) -> dict[str, Any] | None:
    """Tell what would take the party apart: bits lost, a decision, or a record gone."""
    merge = weakest_of(made)
    if merge is None:
        return None
    one, other = _dearest(around, merge)
    return {
        **told_margin(around, merge),
        "decision": ["NOT_SAME", *around.named((one, other))],
        "parties_then": around.parties_under(decision_between(DecisionKind.NOT_SAME, one, other), codes),
        "held_together_by": _held_together_by(around, codes),
    }


def _dearest(around: Surroundings, merge: Merge) -> tuple[int, int]:
    """Name the pair that stands for a merge: its strongest, or the first of each side if none was scored."""
    strongest = pairs_across(around.inputs, merge.left, merge.right).strongest
    return (merge.left[0], merge.right[0]) if strongest is None else strongest


def _held_together_by(around: Surroundings, codes: Side) -> list[dict[str, Any]]:
    """List the members without whom the others would be several parties."""
    if not 3 <= len(codes) <= _REMOVED_ONE_BY_ONE:
        return []
    tried = ((code, around.parties_when_gone(code, codes)) for code in codes)
    return [{"record": around.keys[code], "parties_then": left} for code, left in tried if len(left) > 1]


def _links(around: Surroundings, codes: Side) -> list[dict[str, Any]]:
    """List the scored pairs among the members, strongest first."""
    wanted = set(codes)
    pairs = around.inputs.pairs
    rows = zip(pairs.left.tolist(), pairs.right.tolist(), pairs.weight.tolist(), strict=True)
    held = [(weight, one, other) for one, other, weight in rows if one in wanted and other in wanted]
    return [
        {"pair": around.named((one, other)), "weight": bits_of(weight)}
        for weight, one, other in sorted(held, key=lambda row: (-row[0], row[1:]))
    ]


def _neighbour(around: Surroundings, codes: Side, other: int) -> dict[str, Any]:
    """Tell a party that pairs lead to and that was kept apart, and what refused the merge."""
    theirs = around.members(other)
    across = pairs_across(around.inputs, codes, theirs)
    asked = around.asked(codes, theirs)
    verdict = verdict_answer(around, codes[0], other)
    return {
        **verdict,
        "party_id": str(around.ids[int(around.outputs.party[other])]),
        "members": around.named(theirs),
        "mean_weight": bits_of(across.mean),
        "pairs_scored": across.scored,
        "pairs_between": across.pairs,
        "missing_bits": bits_of(max(asked - across.mean, 0.0)),
        "strongest": None
        if across.strongest is None
        else {"pair": around.named(across.strongest), "weight": bits_of(across.strongest_weight)},
    }
