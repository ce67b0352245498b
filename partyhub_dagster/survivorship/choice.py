"""Choosing among candidates: one grouped pass by value, one by party.

By value first: the best record of each distinct value, and how many records hold it. By party then: the best value
and the runner-up, which is therefore always another value. The rule that tells the two apart is the one recorded.
Result: party, v0, v1 ..., and proof: one (record_id, rule) for a single value, a list of them for a list.
"""

from collections.abc import Sequence

from partyhub_dagster.config.survivorship import DEFAULT_RULES, Rule
from partyhub_dagster.survivorship.candidates import Group, select_candidates, select_elements
from partyhub_dagster.survivorship.rules import ALL, Extent, Ranking, rank, source_rank, uses


def select_survivors(
    group: Group, members: str, pins: str | None, sources: Sequence[str], extent: Extent
) -> str:
    """Return the query for the surviving values of a group.

    `pins` is the query for the pins on the leading attribute, if there are any; `sources` are all, best first.
    """
    if uses(group.rules, ALL):
        return _select_union(group, select_elements(group, members), sources, extent)
    candidates = select_candidates(group, members)
    if pins is not None and len(group.attributes) > 1:
        candidates = _agreeing_with_pin(candidates, pins)
    return _select_best(group, candidates, rank(group.rules, extent))


def _agreeing_with_pin(candidates: str, pins: str) -> str:
    """Parts must not contradict a pinned name or address: only records that say the same can give them."""
    return (
        f"select c.* from ({candidates}) as c left join ({pins}) as p using (party)"
        " where p.party is null or c.v0 = p.value"
    )


def _select_best(group: Group, candidates: str, ranking: Ranking) -> str:
    values = ", ".join(group.values)
    votes = "count(distinct member)" if uses(group.rules, "most_frequent") else "0"
    proof = f"struct_pack(record_id := record_id, rule := {ranking.decided('rank', 'next')})"
    if group.lead.multiple:
        proof = f"list_transform(v0, lambda v: {proof})"
    return f"""
        with ranked as (select *, {ranking.packed(of_value=False)} as rank from ({candidates})),
        by_value as (
            select party, {values}, arg_min(record_id, rank) as record_id, min(rank) as rank, {votes} as votes
            from ranked group by party, {values}
        ),
        counted as (select * replace (rank + {ranking.packed(of_value=True)} as rank) from by_value),
        by_party as (
            select *, lead(rank) over (partition by party order by rank) as next
            from counted qualify row_number() over (partition by party order by rank) = 1
        )
        select party, {values}, {proof} as proof from by_party
    """


def _select_union(group: Group, candidates: str, sources: Sequence[str], extent: Extent) -> str:
    """Take all values. Rules before `all` leave only those that they rank first; they do not order the rest."""
    if any(rank(group.rules, extent).comparisons[:-2]):
        candidates = _first_tier(candidates, group.rules, extent)
    standing = rank(_default_rules(sources), extent).packed(of_value=False)
    return f"""
        with by_value as (
            select party, v0, arg_min(record_id, {standing}) as record_id from ({candidates}) group by party, v0
        ),
        listed as (
            select party, list_sort(list(struct_pack(v0 := v0, record_id := record_id))) as elements
            from by_value group by party
        )
        select party, list_transform(elements, lambda e: e.v0) as v0,
            list_transform(elements, lambda e: struct_pack(record_id := e.record_id, rule := '{ALL}')) as proof
        from listed
    """


def _first_tier(candidates: str, rules: Sequence[Rule], extent: Extent) -> str:
    ranking = Ranking(rank(rules, extent).comparisons[:-2])
    if uses(rules, "most_frequent"):
        votes = "count(distinct record_id) over (partition by party, v0)"
        candidates = f"select *, {votes} as votes from ({candidates})"
    tier = f"{ranking.packed(of_value=False)} + {ranking.packed(of_value=True)}"
    return f"select *, {tier} as tier from ({candidates}) qualify tier = min(tier) over (partition by party)"


def _default_rules(sources: Sequence[str]) -> list[Rule]:
    """Which of the records that hold an element stands behind it: the best by the hub's default rules."""
    return [rule.model_copy(update={"sources": tuple(sources)}) for rule in DEFAULT_RULES]


def party_type_rank(sources: Sequence[str], extent: Extent) -> str:
    """Return the rank of a member's party type: the most specific, then source priority, then record_id.

    A legal entity is an organisation that somebody registered, so one record that knows it is enough.
    """
    places = len(sources) + 1
    specific = "case party_type when 'LEGAL_ENTITY' then 0 else 1 end"
    return f"(({specific}) * {places} + {source_rank(sources)}) * {2**extent.member}::bigint + member"
