-- Grain: one row per golden value that a party, there in both releases, gained or lost.
-- A golden record is JSON: a value or a list per attribute, and beside each list its proofs in the same order.
with sides as (
    select party_id, 'before' as side, golden_before as golden from diff_golden where golden_after is not null
    union all
    select party_id, 'after', golden_after from diff_golden where golden_before is not null
),
attributes as (
    select party_id, side, golden, unnest(json_keys(golden)) as attribute
    from sides where golden is not null
),
lists as (
    select
        party_id, side, attribute, golden -> ('$."' || attribute || '"') as held,
        from_json(golden -> ('$.provenance."' || attribute || '"'), '[{"record_id": "UUID", "rule": "VARCHAR"}]') as proofs
    from attributes
    where attribute not in ('party_id', 'kind', 'members', 'confidence', 'provenance')
),
elements as (
    select
        party_id, side, attribute,
        unnest(case json_type(held) when 'ARRAY' then from_json(held, '["JSON"]') else [held] end) as value,
        unnest(proofs) as proof
    from lists
    where json_type(held) <> 'NULL'
),
valued as (
    select party_id, side, attribute, value ->> '$' as value, proof.record_id as record_id, proof.rule as rule
    from elements where value is not null
),
differing as (
    select case v.side when 'after' then 'GAINED' else 'LOST' end as change, v.*
    from valued as v
    anti join valued as o
        on v.party_id = o.party_id and v.attribute = o.attribute and v.value = o.value and v.side <> o.side
)
select d.party_id, d.attribute, d.change, d.value, d.record_id, d.rule, s.source
from differing as d left join lake.source_parties as s using (record_id)
