-- Grain: one row per party of the newest release that ended or fell apart: what = merged, split or retired.
-- Merged: the record that it is named after is in another party now. Split: a record of it now names a party of
-- its own. Retired: none of its records lives.
with moved as (
    select record_id, party_id from party_clusters where epoch > (select head_epoch from released)
),
gone as (
    select key::uuid as record_id
    from removed_keys
    where table_name = 'party_clusters' and epoch > (select head_epoch from released)
    and key::uuid not in (select record_id from moved)
),
before as (
    from released_party_clusters
    semi join (select record_id from moved union all select record_id from gone) using (record_id)
    select record_id, party_id
),
ended as (
    select party_id
    from before
    where record_id = party_id and record_id in (select record_id from gone)
)
select before.party_id, 'merged' as what
from before
join moved using (record_id)
where record_id = before.party_id and moved.party_id <> before.party_id
union all
select distinct before.party_id, 'split' as what
from before
join moved using (record_id)
where record_id = moved.party_id and moved.party_id <> before.party_id
union all
select r.party_id, 'retired' as what
from released_party_clusters as r
semi join ended using (party_id)
left join party_clusters as n on n.record_id = r.record_id
group by r.party_id
having count(n.record_id) = 0
