-- Grain: one row per record. The country that its address or a country column names, else empty.
create temp table normalize_countries as
select w.rid, coalesce(upper(a.country), c.country, '') as country
from normalize_wide w
left join normalize_address a on a.unit_key = w.address_unit
left join (
    select c.rid, arg_min(r.value, c.slot * 1000000 + c.pos) as country
    from normalize_cells c
    join normalize_slots s using (slot)
    join normalize_results r on r.cleaning = s.cleaning and r.raw = c.raw
    where r.valid
    group by c.rid
) c using (rid)
