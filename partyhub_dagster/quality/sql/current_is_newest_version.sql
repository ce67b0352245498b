-- Grain: one row per record whose current version is not the newest of its history, or that only one table has.
with newest as (
    select
        record_id,
        arg_max(ingest_seq, struct_pack(version := coalesce(version_order, ''), seq := ingest_seq)) as ingest_seq,
        min(ingest_seq) as first_seen
    from source_party_history
    group by record_id
),
wanted as (
    select n.record_id, n.ingest_seq, n.first_seen, h.content_hash, h.deleted
    from newest as n
    join source_party_history as h using (record_id, ingest_seq)
)
select coalesce(w.record_id, s.record_id) as id
from wanted as w
full join source_parties as s using (record_id)
where
    w.ingest_seq is distinct from s.ingest_seq
    or w.first_seen is distinct from s.first_seen
    or w.content_hash is distinct from s.content_hash
    or w.deleted is distinct from s.deleted
