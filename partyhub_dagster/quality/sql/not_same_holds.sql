-- Grain: one row per standing NOT_SAME inside one party that no conflict accounts for.
-- A decision stands until a newer standing REVOKE names it or its group. Revocations that have to do with other
-- revocations are settled newest first; they are few. What was decided after clustering is for the next run.
with recursive known as (
    from decisions
    where not coalesce(epoch > (select watermark from watermarks where stage = 'party_clusters'), false)
),
revocations as (
    select decision_id, group_id, revokes, sequence from known where verdict = 'REVOKE'
),
linked as (
    select newer.decision_id as newer_id, older.decision_id as older_id
    from revocations as newer
    join revocations as older
        on newer.revokes in (older.decision_id, older.group_id) and newer.sequence > older.sequence
),
numbered as (
    select *, row_number() over (order by sequence desc) as place
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
    select * from revocations
    where not list_contains((select arg_max(struck, place) from settled), decision_id)
),
standing as (
    select d.decision_id, d.left_id, d.right_id
    from known as d
    where d.verdict = 'NOT_SAME' and not exists (
        from standing_revocations as r
        where (r.revokes = d.decision_id or r.revokes = d.group_id) and r.sequence > d.sequence
    )
),
ends as (
    select decision_id, unnest([left_id, right_id]) as record_id
    from standing
    where decision_id not in (
        select decision_id from cluster_conflicts where what = 'decision' and decision_id is not null
    )
)
select min(party_id) as id
from ends
join party_clusters using (record_id)
group by decision_id
having count(*) = 2 and count(distinct party_id) = 1
