-- Grain: one row per load since the newest release, unless a newer load took its place: one of the same file, or,
-- where a file is the whole source, one of the same source. The release: the newest one older than the last change
-- of load_audit, so that releasing a state does not change what is said of it. Replayed rows have no file
-- of the source, thus no size, and take nobody's place.
select *
from load_audit
where status = 'loaded' and epoch > coalesce(
    (select max(head_epoch) from releases where head_epoch < (select max(epoch) from load_audit)), 0
)
qualify row_number() over (
    partition by source, case when source in ($snapshots) and file_size is not null then '' else file end
    order by load_order desc
) = 1
