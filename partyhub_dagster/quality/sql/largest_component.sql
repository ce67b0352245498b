-- Grain: one row. A component counts by kind, for a SAME can tie a person and an organisation together.
with sizes as (
    select c.component_id, n.kind, count(*) as records
    from party_clusters as c
    join normalized_parties as n using (record_id)
    group by all
),
shares as (
    select
        component_id, records,
        case when records >= $large then records / sum(records) over (partition by kind) else 0 end as share
    from sizes
)
select
    count(*) as rows_checked,
    count(*) filter (share > $threshold) as rows_failed,
    max(share) as measured,
    coalesce(min(component_id, $sample_size) filter (share > $threshold), []::uuid[]) as sample
from shares
