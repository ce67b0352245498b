-- Grain: one row per column and load since the release, beside the same column in the loads before it.
with later as (
    select l.source, l.rows_in, p.*
    from load_profiles as p
    join ($standing) as l using (load_id)
    where p.sampled >= $min_rows
),
earlier as (
    select
        l.source, p.column_name, sum(p.sampled) as sampled, sum(p.filled) as filled, sum(p.commonest) as commonest,
        sum(p.mails) as mails, sum(p.dates) as dates, sum(p.numbers) as numbers, sum(p.words) as words
    from load_profiles as p
    join ($earlier) as l using (load_id)
    group by all
    having sum(p.sampled) >= $min_rows
)
select
    n.source, n.column_name, n.rows_in,
    o.filled / o.sampled - n.filled / n.sampled as fill_drop,
    n.commonest / n.sampled as commonest,
    n.commonest / n.sampled - o.commonest / o.sampled as commonest_rise,
    case
        when n.filled >= 30 and o.filled >= 30
        then greatest(n.mails / n.filled - o.mails / o.filled, 0) + greatest(n.dates / n.filled - o.dates / o.filled, 0)
            + greatest(n.numbers / n.filled - o.numbers / o.filled, 0) + greatest(n.words / n.filled - o.words / o.filled, 0)
            + greatest(
                (o.mails + o.dates + o.numbers + o.words) / o.filled - (n.mails + n.dates + n.numbers + n.words) / n.filled,
                0
            )
    end as shape_moved
from later as n
join earlier as o using (source, column_name)
