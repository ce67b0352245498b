-- Grain: one row per lineage event that a party, or another one that came from or went to it, had up to a release.
select
    e.sequence, e.event, e.party_id, e.other_id, coalesce(e.members, []) as members,
    coalesce(e.attributes, []) as attributes, lower(e.cause) as cause, e.written_at, e.epoch,
    (select min(r.number) from lake.releases as r where r.lineage_seq >= e.sequence) as release
from lake.party_lineage as e
where (e.party_id = $id or e.other_id = $id) and e.sequence <= $last
order by e.sequence
