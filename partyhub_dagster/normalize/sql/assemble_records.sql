-- Grain: one row per record. The columns of normalized_parties, but epoch.
with entries as (
    select rid, attribute, list({'value': value, 'valid': valid} order by position) as v
    from (
        select rid, attribute, value, max(valid) as valid, min(slot * 1000000 + pos) as position
        from normalize_singles
        where value is not null
        group by rid, attribute, value
    )
    group by rid, attribute
),
entry_lists as (
    select rid, list({'k': attribute, 'v': v}) as entries
    from entries
    group by rid
),
singles as (
    select
        rid,
        list(key) filter (where type = 'phone') as phones,
        list(key) filter (where type = 'email') as emails,
        list(key) filter (where type = 'website') as websites,
        list(key) filter (where is_identifier and valid is distinct from false) as ids,
        list(key) filter (where is_identifier and valid = false) as weak_ids,
        list(key) filter (where is_identifier and exclusive and valid) as exclusive_ids,
        arg_min(key, slot * 1000000 + pos) filter (where type = 'date_of_birth' and key is not null) as birth_date,
        arg_min(key, slot * 1000000 + pos) filter (where type = 'country' and key is not null) as country,
        count(*) filter (where placeholder) as placeholders,
        count(*) filter (where valid = false) as invalid_values
    from normalize_singles
    group by rid
)
select
    w.record_id, w.source, w.source_record_id, w.kind, w.party_type, w.first_seen, w.recency, w.event_time,
    map_from_entries(list_sort(list_concat(
        coalesce(e.entries, []), coalesce(/*person_entries*/, []), coalesce(/*organization_entries*/, []),
        coalesce(/*address_entries*/, [])
    ))) as "values",
    coalesce(p.name_full, o.name_full) as name_full,
    p.name_given, p.name_middle, p.name_family, p.name_suffix, p.name_root,
    coalesce(p.name_initials, o.name_initials) as name_initials,
    coalesce(p.name_phonetic, o.name_phonetic) as name_phonetic,
    coalesce(p.name_tokens, o.name_tokens, []) as name_tokens,
    coalesce(p.names, o.names, []) as names,
    o.legal_form, o.name_numbers, o.name_acronym,
    s.birth_date::date as birth_date,
    a.address_full,
    coalesce(a.addresses, []) as addresses,
    a.street, a.house_number, a.unit, a.city, a.region, a.postcode,
    coalesce(a.country, s.country, case when a.unit_key is not null then /*default_country*/ end) as country,
    coalesce(list_sort(list_distinct(s.phones)), []) as phones,
    coalesce(list_sort(list_distinct(s.emails)), []) as emails,
    coalesce(list_sort(list_distinct(s.websites)), []) as websites,
    coalesce(list_sort(list_distinct(s.ids)), []) as ids,
    coalesce(list_sort(list_distinct(s.weak_ids)), []) as weak_ids,
    coalesce(list_sort(list_distinct(s.exclusive_ids)), []) as exclusive_ids,
    (coalesce(p.placeholders, 0) + coalesce(o.placeholders, 0) + coalesce(a.placeholders, 0)
        + coalesce(s.placeholders, 0))::integer as placeholders,
    coalesce(s.invalid_values, 0)::integer as invalid_values
from normalize_wide w
left join normalize_person p on p.unit_key = w.person_unit
left join normalize_organization o on o.unit_key = w.organization_unit
left join normalize_address a on a.unit_key = w.address_unit
left join entry_lists e on e.rid = w.rid
left join singles s on s.rid = w.rid
