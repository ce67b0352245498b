-- Who was in which party after the first $sequence events of lineage, replayed from nothing.
-- Grain: one row per (party_id, record_id).
with last as (
    select party_id, max_by({'event': event, 'members': members}, sequence) as told
    from lake.party_lineage
    where sequence <= $sequence and event <> 'UPDATED'
    group by party_id
)
select party_id::varchar as party_id, unnest(told.members)::varchar as record_id
from last
where told.event in ('CREATED', 'SPLIT', 'MEMBERS_CHANGED')
