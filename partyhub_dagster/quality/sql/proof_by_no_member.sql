-- Grain: one row per party and record that proves a value of it without being a member. A pinned value stays with
-- the party after its record was deleted.
with parties as (
    select party_id, list(record_id) as records from party_clusters group by party_id
),
suspects as (
    select party_id, flatten(map_values(provenance)) as proofs
    from golden_parties
    left join parties using (party_id)
    where not coalesce(
        list_has_all(records, list_transform(
            proofs, lambda proof: ifnull(proof.record_id, '00000000-0000-0000-0000-000000000000'::uuid)  -- no member
        )),
        false
    )
),
strangers as (
    select distinct party_id, unnest(proofs, recursive := true)
    from suspects
)
select party_id as id
from strangers
anti join party_clusters using (party_id, record_id)
where rule <> 'pinned' or record_id is null or record_id in (select record_id from party_clusters)
