-- Grain: one row per party whose golden record differs between two releases; null where it was not there.
with touched as (
    select party_id, golden, valid_from_release as begins, coalesce(valid_to_release, 9223372036854775807) as ends
    from lake.golden_history
    where (valid_from_release > $low and valid_from_release <= $high)
        or (valid_to_release > $low and valid_to_release <= $high)
),
before as (select party_id, golden from touched where begins <= $before and ends > $before),
after as (select party_id, golden from touched where begins <= $after and ends > $after)
select party_id, b.golden as golden_before, a.golden as golden_after
from before as b full join after as a using (party_id)
where b.golden is distinct from a.golden
