-- Grain: one row. Pairs of labelled records by truth, by party and by both; B-cubed precision and recall.
with labelled as (from {labelled}),
sizes as (
    select
        record_id, party_id, entity_id,
        count(*) over (partition by party_id) as in_party,
        count(*) over (partition by entity_id) as in_entity,
        count(*) over (partition by party_id, entity_id) as in_both
    from labelled
)
select
    count(*) as records,
    count(distinct entity_id) as entities,
    count(distinct party_id) as parties,
    coalesce(sum(in_entity - 1) // 2, 0)::bigint as true_pairs,
    coalesce(sum(in_party - 1) // 2, 0)::bigint as found_pairs,
    coalesce(sum(in_both - 1) // 2, 0)::bigint as common_pairs,
    avg(in_both / in_party) as b_precision,
    avg(in_both / in_entity) as b_recall
from sizes
