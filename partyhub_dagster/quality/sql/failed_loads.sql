-- Grain: one row per file whose newest load failed.
select null::uuid as id
from load_audit
group by source, file
having arg_max(status, load_order) = 'failed'
