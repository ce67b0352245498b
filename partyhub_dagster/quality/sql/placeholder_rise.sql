-- Grain: one row per source of which enough records were written since the release.
with written as (
    select
        source, count(*) as checked, count(*) filter (placeholders > 0) as failed,
        coalesce(min(record_id, $sample_size) filter (placeholders > 0), []::uuid[]) as sample
    from normalized_parties
    where epoch > (select head_epoch from released)
    group by source
    having failed >= $floor and checked >= $min_rows
),
before as (
    select source, count(*) filter (placeholders > 0) / count(*) as share
    from released_normalized_parties
    semi join written using (source)
    group by source
    having count(*) >= $min_rows
)
select source as part, checked, failed, failed / checked - share as share, sample
from written
join before using (source)
