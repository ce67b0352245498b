-- Grain: one row.
select
    count(*) as rows_checked,
    count(*) filter (records > $threshold) as rows_failed,
    max(records) as measured,
    coalesce(min(party_id, $sample_size) filter (records > $threshold), []::uuid[]) as sample
from (select party_id, count(*) as records from party_clusters group by party_id)
