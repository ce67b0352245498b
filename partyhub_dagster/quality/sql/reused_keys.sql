-- Grain: one row per source. A key is reused when its record has no name token of the release any more, another
-- date of birth or none to compare, and no phone, e-mail, identifier or address in common with the release.
with written as (
    select record_id, source, name_tokens, birth_date, phones, emails, ids, addresses
    from normalized_parties
    where epoch > (select head_epoch from released)
),
gate as (
    select 1 as opened where (select count(*) from written) >= $floor
),
compared as (
    select
        n.source, n.record_id,
        len(n.name_tokens) > 0 and len(o.name_tokens) > 0 and not list_has_any(n.name_tokens, o.name_tokens)
        and not coalesce(n.birth_date = o.birth_date, false)
        and not list_has_any(n.phones, o.phones) and not list_has_any(n.emails, o.emails)
        and not list_has_any(n.ids, o.ids) and not list_has_any(n.addresses, o.addresses) as is_reused
    from (from written, gate) as n
    join released_normalized_parties as o using (record_id)
),
reused as (
    select
        source, count(*) filter (is_reused) as failed,
        coalesce(min(record_id, $sample_size) filter (is_reused), []::uuid[]) as sample
    from compared
    group by source
),
held as (
    select source, count(*) as checked from released_normalized_parties, gate group by source
)
select source as part, checked, coalesce(failed, 0) as failed, failed / checked as share, coalesce(sample, []::uuid[]) as sample
from held
left join reused using (source)
