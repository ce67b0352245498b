-- Grain: one row per file of which the newest load brought nothing in: it failed or was refused.
-- A file that was taken away (`withdrawn`) is waited for no more.
select null::uuid as id
from load_audit
group by source, file
having arg_max(status, load_order) in ('failed', 'refused')
