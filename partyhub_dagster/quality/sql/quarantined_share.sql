-- Grain: one row. Loads of fewer than 20 rows say nothing about a share. Only files are judged: a message that cannot
-- be used holds back none of the others.
with shares as (
    select load_id, rows_in, rows_quarantined, rows_quarantined / rows_in as share
    from ($standing)
    where rows_in >= 20 and file_size is not null
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
