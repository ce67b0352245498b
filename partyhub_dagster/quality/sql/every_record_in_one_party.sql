-- Grain: one row per live record without a party, record in a party that is not live, and record in a second party.
select coalesce(s.record_id, c.record_id) as id
from (select record_id from source_parties where not deleted) as s
full join party_clusters as c using (record_id)
where s.record_id is null or c.party_id is null
union all
select record_id as id from party_clusters group by record_id having count(distinct party_id) > 1
