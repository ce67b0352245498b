-- Grain: one row per party that is not named after a member, or not after the one first seen earliest.
select c.party_id as id
from party_clusters as c
join normalized_parties as n using (record_id)
group by c.party_id
having min(n.first_seen) is distinct from min(n.first_seen) filter (c.record_id = c.party_id)
