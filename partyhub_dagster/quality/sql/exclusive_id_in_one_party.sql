-- Grain: one row per exclusive identifier that more than one party holds.
select min(party_id) as id
from (
    select unnest(n.exclusive_ids) as held, c.party_id
    from normalized_parties as n
    join party_clusters as c using (record_id)
    where len(n.exclusive_ids) > 0
)
group by held
having count(distinct party_id) > 1
