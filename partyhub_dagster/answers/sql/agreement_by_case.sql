-- Grain: one row per hard case: pairs of which at least one record carries the case.
with true_pairs as (
    select a.record_id as l, b.record_id as r from labelled as a join labelled as b
        on a.entity_id = b.entity_id and a.record_id < b.record_id
),
found_pairs as (
    select a.record_id as l, b.record_id as r from labelled as a join labelled as b
        on a.party_id = b.party_id and a.record_id < b.record_id
),
pairs as (
    select coalesce(t.l, f.l) as l, coalesce(t.r, f.r) as r, t.l is not null as is_true, f.l is not null as is_found
    from true_pairs as t full join found_pairs as f on t.l = f.l and t.r = f.r
),
cases as (
    select p.*, a.hard_case from pairs as p join labelled as a on a.record_id = p.l where a.hard_case <> ''
    union
    select p.*, b.hard_case from pairs as p join labelled as b on b.record_id = p.r where b.hard_case <> ''
),
records as (select hard_case, count(*) as n from labelled where hard_case <> '' group by hard_case)
select
    r.hard_case, r.n,
    count(*) filter (where c.is_true) as true_pairs,
    count(*) filter (where c.is_found) as found_pairs,
    count(*) filter (where c.is_true and c.is_found) as common_pairs
from records as r left join cases as c using (hard_case)
group by r.hard_case, r.n
order by r.hard_case
