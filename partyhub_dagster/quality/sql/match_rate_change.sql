-- Grain: one row. The release before: the newest one older than the last change of party_clusters, so that
-- releasing a state does not change what is said of it.
with present as (
    select
        count(*) as records, count(distinct party_id) as parties,
        greatest(
            coalesce(max(epoch), 0),
            (select coalesce(max(epoch), 0) from removed_keys where table_name = 'party_clusters')
        ) as changed_in
    from party_clusters
),
before as (
    select arg_max(json_extract(counts, '$.records')::double / nullif(json_extract(counts, '$.parties')::double, 0), number)
        as rate
    from releases
    where head_epoch < (select changed_in from present)
)
select
    parties as rows_checked,
    0::bigint as rows_failed,
    abs(records / nullif(parties, 0) / nullif(rate, 0) - 1) as measured,
    []::uuid[] as sample
from present, before
