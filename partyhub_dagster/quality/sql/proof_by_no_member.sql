-- Grain: one row per party and record that proves a value of it without being a member. A pinned value stays with
-- the party after its record was deleted.
with proofs as (
    select
        party_id,
        unnest(list_distinct(list_transform(
            flatten(map_values(provenance)),
            lambda proof: struct_pack(record_id := proof.record_id, pinned := proof.rule = 'pinned')
        )), recursive := true)
    from golden_parties
)
select party_id as id
from proofs
anti join party_clusters using (party_id, record_id)
where not pinned or record_id is null or record_id in (select record_id from party_clusters)
