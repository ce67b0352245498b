-- Grain: one row per party without a golden record, and per golden record without a party.
select coalesce(c.party_id, g.party_id) as id
from (select distinct party_id from party_clusters) as c
full join golden_parties as g using (party_id)
where c.party_id is null or g.members is null
