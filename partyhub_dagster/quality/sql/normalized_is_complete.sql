-- Grain: one row per record that is live and not normalised, normalised and not live, or of an older version.
select coalesce(s.record_id, n.record_id) as id
from (select record_id, ingest_seq from source_parties where not deleted) as s
full join normalized_parties as n using (record_id)
where s.ingest_seq is distinct from n.recency
