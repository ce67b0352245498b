-- Grain: one row per row of `good` that is a new version of its record. Reads good, held_current, held_versions.
-- With a version order, a row is known if the record has that version with that content already; without one,
-- if it repeats the content just before it. A full snapshot revives a record that an earlier snapshot lacked.
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
)
select
    record_id, source_record_id, payload, content_hash, version_order, event_time, deleted, position,
    coalesce(is_held and version_order < current_order, false) as is_late,
    row_number() over (order by position) as place
from placed
where case
    when version_order is null then content_hash is distinct from content_before
    when repetition > 1 then false
    when was_absent and $is_snapshot and version_order >= coalesce(current_order, '') then true
    else not is_known
end
