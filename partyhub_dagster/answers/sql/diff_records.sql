-- Grain: one row per record whose party differs between two releases; null where it was not there.
-- Reads the history rows that begin or end between the two, so that its cost follows the change.
with touched as (
    select record_id, party_id, valid_from_release as begins, coalesce(valid_to_release, 9223372036854775807) as ends
    from lake.membership_history
    where (valid_from_release > $low and valid_from_release <= $high)
        or (valid_to_release > $low and valid_to_release <= $high)
),
before as (select record_id, party_id from touched where begins <= $before and ends > $before),
after as (select record_id, party_id from touched where begins <= $after and ends > $after),
paired as (
    select record_id, b.party_id as party_before, a.party_id as party_after
    from before as b full join after as a using (record_id)
    where b.party_id is distinct from a.party_id
)
select p.*, s.source, s.source_record_id, s.first_seen
from paired as p left join lake.source_parties as s using (record_id)
