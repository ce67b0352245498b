-- Grain: one row per load whose rows do not add up, and per load of versions that has no audit.
with versions as (
    select load_id, count(*) as held from source_party_history group by load_id
),
rejected as (
    select load_id, count(*) as held from quarantine group by load_id
),
loads as (
    from load_audit
    full join versions using (load_id)
    full join rejected using (load_id)
    select
        coalesce(load_audit.load_id, versions.load_id, rejected.load_id) as load_id,
        rows_in is not distinct from rows_stored + rows_unchanged + rows_quarantined and rows_unchanged >= 0 as adds_up,
        coalesce(versions.held, 0) is not distinct from rows_stored + deletions as has_versions,
        coalesce(rejected.held, 0) is not distinct from rows_quarantined as has_quarantine
)
select null::uuid as id
from loads
where not coalesce(adds_up and has_versions and has_quarantine, false)
