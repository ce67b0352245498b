-- Grain: one row per (record, party) that only one of lineage and party_clusters knows.
-- The last event about members of an id says what it holds; MERGED, RENAMED and RETIRED end it.
with last_word as (
    select max(sequence) as sequence
    from party_lineage
    where event <> 'UPDATED'
    group by party_id
),
replayed as (
    select party_id, unnest(members) as record_id
    from party_lineage
    semi join last_word using (sequence)
    where event in ('CREATED', 'SPLIT', 'MEMBERS_CHANGED')
)
select coalesce(r.party_id, c.party_id) as id
from replayed as r
full join party_clusters as c using (party_id, record_id)
where r.record_id is null or c.component_id is null
