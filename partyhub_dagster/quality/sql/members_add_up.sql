-- Grain: one row per golden record that counts other members than its party has.
select g.party_id as id
from golden_parties as g
left join (select party_id, count(*) as records from party_clusters group by party_id) as c using (party_id)
where g.members is distinct from c.records
