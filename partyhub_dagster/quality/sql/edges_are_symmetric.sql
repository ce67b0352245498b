-- Grain: one row per direction of a pair that lacks its mirror image, joins a record to itself, or whose record
-- is not live or of another kind.
with mirrored as (
    select other_id as record_id, record_id as other_id, kind, weight from match_edges
)
select record_id as id from match_edges anti join mirrored using (record_id, other_id, kind, weight)
union all
select record_id as id from match_edges where record_id = other_id
union all
select record_id as id from match_edges anti join normalized_parties using (record_id, kind)
