-- Grain: one row per decision on one of the records; of a revocation, the ends are those of what it revokes.
with ended as (
    select
        d.decision_id, d.verdict, d.author, d.reason, d.decided_at, d.epoch, d.attribute,
        coalesce(d.left_id, r.left_id) as left_id, coalesce(d.right_id, r.right_id) as right_id,
        coalesce(d.left_key, r.left_key) as left_key, coalesce(d.right_key, r.right_key) as right_key
    from lake.decisions as d
    left join lake.decisions as r
        on d.verdict = 'REVOKE' and d.revokes in (r.decision_id, r.group_id) and r.verdict <> 'REVOKE'
)
select * from ended
where list_contains($records::uuid[], left_id) or list_contains($records::uuid[], right_id)
order by decided_at, decision_id
