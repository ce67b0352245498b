-- Grain: one row per row of `good` that is a new version of its record. Reads good, held_current, held_versions.
-- With a version order, a row is known if the record has that version with that content already. Without one, the
-- rows of a record are known as far as they repeat the end of its history, so that a file that was fed before, or
-- one that has only grown, brings nothing old again. What is sent revives a record that a snapshot lacked.
with placed as (
    select
        g.*,
        c.record_id is not null as is_held,
        c.version_order as current_order,
        coalesce(c.deleted_by = 'absence', false) as was_absent,
        row_number() over (
            partition by g.record_id, g.version_order, g.content_hash order by g.position
        ) as repetition,
        lag(g.content_hash, 1, c.content_hash) over (partition by g.record_id order by g.position) as content_before,
        h.record_id is not null as is_known
    from good as g
    left join held_current as c on c.record_id = g.record_id
    left join held_versions as h
        on h.record_id = g.record_id and h.version_order = g.version_order and h.content_hash = g.content_hash
),
unordered as (
    select *, row_number() over (partition by record_id order by position) as nth
    from (
        select
            record_id, position, content_hash,
            lag(content_hash) over (partition by record_id order by position) as before
        from good
        where version_order is null
    )
    where content_hash is distinct from before
),
sequences as (
    select record_id, list(content_hash order by nth) as sent
    from unordered
    group by record_id
    having count(*) > 1
),
repeated as (
    select
        s.record_id,
        list_max(list_filter(
            range(1, least(len(s.sent), len(h.held)) + 1), lambda k: s.sent[:k] = h.held[len(h.held) - k + 1:]
        )) as known
    from sequences as s
    join (
        select record_id, list(content_hash order by ingest_seq) as held
        from source_party_history
        semi join sequences using (record_id)
        group by record_id
    ) as h using (record_id)
)
select
    record_id, source_record_id, payload, content_hash, version_order, event_time, deleted, position,
    coalesce(is_held and version_order < current_order, false) as is_late,
    row_number() over (order by position) as place
from placed
left join (select record_id, position, nth from unordered) as u using (record_id, position)
left join repeated as r using (record_id)
where case
    when version_order is null and coalesce(r.known, 0) > 0 then nth > r.known
    when version_order is null then content_hash is distinct from content_before
    when repetition > 1 then false
    when was_absent and version_order >= coalesce(current_order, '') then true
    else not is_known
end
