"""Choosing among candidates: one grouped pass by value, one by party.

By value first: the best record of each distinct value, and how many records hold it. By party then: the best value
and the runner-up, which is therefore always another value. The rule that tells the two apart is the one recorded.
Result: party, v0, v1 ..., and proof, a list of (record_id, rule): one for a single value, one per list element.
"""

from collections.abc import Sequence

from partyhub_dagster.config.survivorship import DEFAULT_RULES, Rule
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.survivorship.candidates import Group, select_candidates, select_elements
from partyhub_dagster.survivorship.rules import ALL, ONLY, TIE, SortKey, sort_keys, source_rank


def select_survivors(
    group: Group, members: str, parties: str, pins: str | None, sources: Sequence[str]
) -> str:
    """Return the query for the surviving values of a group.

    `pins` names the table of pins on the leading attribute, if there are any; `sources` are all, best first.
    """
    if any(rule.name == ALL for rule in group.rules):
        return _select_union(group, select_elements(group, members, parties), sources)
    candidates = select_candidates(group, members, parties)
    if pins is not None and len(group.attributes) > 1:
        candidates = _agreeing_with_pin(candidates, pins)
    return _select_best(group, candidates)


def _agreeing_with_pin(candidates: str, pins: str) -> str:
    """Parts must not contradict a pinned name or address: only records that say the same can give them."""
    return (
        f"select c.* from ({candidates}) as c left join {pins} as p using (party)"
        " where p.party is null or c.v0 = p.value"
    )


def _select_best(group: Group, candidates: str) -> str:
    keys = sort_keys(group.rules)
    values = ", ".join(group.values)
    votes = ", count(distinct record_id) as votes" if any(key.of_value for key in keys) else ""
    of_record = [f"k{n} := {key.expression}" for n, key in enumerate(keys) if not key.of_value]
    order = [
        f"k{n} := {key.expression}" if key.of_value else f"k{n} := best.k{n}" for n, key in enumerate(keys)
    ]
    record = ["record_id := best.record_id", "place := best.place"]
    chosen = [*order, *record, *(f"{value} := {value}" for value in group.values)]
    winners = ", ".join(f"two[1].{value} as {value}" for value in group.values)
    return f"""
        with candidates as ({candidates}),
        by_value as (
            select party, {values}, min(struct_pack({", ".join([*of_record, "record_id := record_id", "place := place"])})) as best{votes}
            from candidates group by party, {values}
        ),
        by_party as (
            select party, min(struct_pack({", ".join(chosen)}), 2) as two from by_value group by party
        )
        select party, {winners}, {_proof(group, keys)} as proof from by_party
    """


def _proof(group: Group, keys: Sequence[SortKey]) -> str:
    whens = [f"when two[1].k{n} <> two[2].k{n} then {quote_text(key.rule)}" for n, key in enumerate(keys)]
    rule = f"case when len(two) = 1 then '{ONLY}' {' '.join(whens)} else '{TIE}' end"
    proof = f"struct_pack(record_id := two[1].record_id, rule := {rule})"
    if group.lead.multiple:
        return f"list_transform(range(len(two[1].v0)), lambda n: {proof})"
    return f"[{proof}]"


def _select_union(group: Group, candidates: str, sources: Sequence[str]) -> str:
    """Take all values. Rules before `all` leave only the records, or values, that they rank first."""
    keys = sort_keys(group.rules)
    if any(key.of_value for key in keys):
        votes = "count(distinct record_id) over (partition by party, v0) as votes"
        candidates = f"select *, {votes} from ({candidates})"
    if keys:
        tier = ", ".join(f"k{n} := {key.expression}" for n, key in enumerate(keys))
        candidates = f"""
            select * from (select *, struct_pack({tier}) as tier from ({candidates}))
            qualify tier = min(tier) over (partition by party)
        """
    best = ", ".join(f"k{n} := {key.expression}" for n, key in enumerate(sort_keys(_default_rules(sources))))
    return f"""
        with by_value as (
            select party, v0, min(struct_pack({best}, record_id := record_id)).record_id as record_id
            from ({candidates}) group by party, v0
        )
        select party, list(v0 order by v0) as v0,
            list(struct_pack(record_id := record_id, rule := '{ALL}') order by v0) as proof
        from by_value group by party
    """


def _default_rules(sources: Sequence[str]) -> list[Rule]:
    """Which of the records that hold a value of a list stands behind it: the hub's default order of records."""
    return [rule.model_copy(update={"sources": tuple(sources)}) for rule in DEFAULT_RULES]


def party_type_order(sources: Sequence[str]) -> str:
    """Return the sort key of party types: the most specific, then source priority, then record_id.

    A legal entity is an organisation that somebody registered, so one record that knows it is enough.
    """
    return (
        "struct_pack(k0 := case party_type when 'LEGAL_ENTITY' then 0 else 1 end,"
        f" k1 := {source_rank(sources)}, record_id := record_id)"
    )
