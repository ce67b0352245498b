-- Grain: one row per standing PIN that applies to a live record: (record_id, field, value, sequence, decision_id).
-- A decision stands until a newer standing REVOKE names it or its group. Revocations that have to do with other
-- revocations are settled newest first; they are few. What is decided after $head belongs to the next delta.
-- A pin whose record was deleted follows to where that record's id answers now.
with recursive revocations as (
    select decision_id, group_id, revokes, sequence
    from decisions
    where verdict = 'REVOKE' and epoch <= $head
),
linked as (
    select newer.decision_id as newer_id, older.decision_id as older_id
    from revocations as newer
    join revocations as older
        on newer.revokes in (older.decision_id, older.group_id) and newer.sequence > older.sequence
),
numbered as (
    select *, row_number() over (order by sequence desc, decision_id desc) as place
    from revocations
    where decision_id in (select newer_id from linked union select older_id from linked)
),
settled as (
    select 0::bigint as place, []::uuid[] as named, []::uuid[] as struck
    union all
    select
        n.place,
        case when list_has_any(s.named, [n.decision_id, n.group_id]) then s.named
            else list_append(s.named, n.revokes) end,
        case when list_has_any(s.named, [n.decision_id, n.group_id]) then list_append(s.struck, n.decision_id)
            else s.struck end
    from settled as s
    join numbered as n on n.place = s.place + 1
),
standing_revocations as (
    from revocations
    where not list_contains((select arg_max(struck, place) from settled), decision_id)
),
standing as (
    select p.decision_id, p.left_id, p.attribute, p.value, p.sequence
    from decisions as p
    where p.verdict = 'PIN' and p.epoch <= $head
        and not exists (
            from standing_revocations as r where r.revokes = p.decision_id and r.sequence > p.sequence
        )
        and not exists (
            from standing_revocations as r where r.revokes = p.group_id and r.sequence > p.sequence
        )
),
redirect as (
    select party_id, arg_max_null(other_id, sequence) as other_id -- RETIRED, which names nobody, must win if it is newer
    from party_lineage
    where event in ('RENAMED', 'RETIRED')
    group by party_id
),
followed as (
    select decision_id, left_id as at_id, 0 as steps from standing
    union all
    select f.decision_id, r.other_id, f.steps + 1
    from followed as f
    join redirect as r on r.party_id = f.at_id
    where f.at_id not in (select record_id from party_clusters) and r.other_id is not null and f.steps < 1000
)
select c.record_id, s.attribute as field, s.value, s.sequence, s.decision_id
from followed as f
join party_clusters as c on c.record_id = f.at_id
join standing as s using (decision_id)
