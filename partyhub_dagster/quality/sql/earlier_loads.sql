-- Grain: one row per load that the newest release knew of, the last ten of each source.
select *
from load_audit
where status = 'loaded' and epoch <= (
    select max(head_epoch) from releases where head_epoch < (select max(epoch) from load_audit)
)
qualify row_number() over (partition by source order by load_order desc) <= 10
