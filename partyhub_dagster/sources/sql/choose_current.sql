-- Grain: one row per record that got a version; its newest version by (version order, acceptance).
-- first_seen is the first acceptance ever and outlives deletion.
with candidates as (
    select * exclude (first_seen, epoch), first_seen from held_current_rows
    union all by name
    select *, null::bigint as first_seen from new_versions
),
ranked as (
    select
        *,
        coalesce(
            max(first_seen) over (partition by record_id), min(ingest_seq) over (partition by record_id)
        ) as seen,
        row_number() over (
            partition by record_id order by coalesce(version_order, '') desc, ingest_seq desc
        ) as newness
    from candidates
)
select * exclude (first_seen, seen, newness), seen as first_seen
from ranked
where newness = 1
