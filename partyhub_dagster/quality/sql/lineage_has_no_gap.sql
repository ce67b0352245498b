-- Grain: one row per event that does not follow the one before it.
select party_id as id
from (
    select party_id, sequence, lag(sequence, 1, 0) over (order by sequence) as before
    from party_lineage
)
where sequence <> before + 1
