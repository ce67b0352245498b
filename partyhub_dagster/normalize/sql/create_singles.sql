-- Grain: one row per value of a record, cleaned: (rid, slot, pos).
create temp table normalize_singles as
select c.rid, c.slot, c.pos, s.attribute, s.type, s.is_identifier, s.exclusive,
    r.value, r.key, r.valid, r.placeholder
from normalize_cells c
join normalize_slots s using (slot)
join normalize_countries n using (rid)
join normalize_results r
    on r.cleaning = s.cleaning and r.raw = c.raw and r.hint = case when s.hinted then n.country else '' end
