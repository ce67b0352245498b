-- Grain: one row per value of a record: (rid, slot, pos).
create temp table normalize_cells as
select rid, slot, unnest(string_split(v, chr(31))) as raw,
    generate_subscripts(string_split(v, chr(31)), 1) as pos
from (select rid, unnest(singles) as v, generate_subscripts(singles, 1) as slot from normalize_wide)
where v is not null and trim(v) != ''
