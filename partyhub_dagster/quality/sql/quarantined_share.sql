-- Grain: one row. Sources whose newest load has fewer than 20 rows say nothing about a share.
with newest as (
    select source, arg_max(struct_pack(load_id, rows_in, rows_quarantined), load_order) as load
    from load_audit
    where status = 'loaded'
    group by source
),
shares as (
    select
        load.load_id as load_id, load.rows_in as rows_in, load.rows_quarantined as rows_quarantined,
        load.rows_quarantined / load.rows_in as share
    from newest
    where load.rows_in >= 20
)
select
    coalesce(sum(rows_in), 0)::bigint as rows_checked,
    coalesce(sum(rows_quarantined) filter (share > $threshold), 0)::bigint as rows_failed,
    max(share) as measured,
    coalesce(
        (
            select min(record_id, $sample_size)
            from quarantine
            where record_id is not null and load_id in (select load_id from shares where share > $threshold)
        ),
        []::uuid[]
    ) as sample
from shares
