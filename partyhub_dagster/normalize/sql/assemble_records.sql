-- Grain: one row per record. The columns of normalized_parties, but epoch.
with distinct_values as (
    select rid, attribute, value, max(valid) as valid, min(slot * 1000000 + pos) as position
    from normalize_singles
    where value is not null
    group by rid, attribute, value
),
lists as (
    select rid/*value_lists*/
    from distinct_values
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
    /*values*/ as "values",
    coalesce(person_unit.name_full, organization_unit.name_full) as name_full,
    person_unit.name_given, person_unit.name_middle, person_unit.name_family, person_unit.name_suffix, person_unit.name_root,
    coalesce(person_unit.name_initials, organization_unit.name_initials) as name_initials,
    coalesce(person_unit.name_phonetic, organization_unit.name_phonetic) as name_phonetic,
    coalesce(person_unit.name_tokens, organization_unit.name_tokens, []) as name_tokens,
    coalesce(person_unit.names, organization_unit.names, []) as names,
    organization_unit.legal_form, organization_unit.name_numbers, organization_unit.name_acronym,
    s.birth_date::date as birth_date,
    address_unit.address_full,
    coalesce(address_unit.addresses, []) as addresses,
    address_unit.street, address_unit.house_number, address_unit.unit, address_unit.city, address_unit.region, address_unit.postcode,
    coalesce(address_unit.country, s.country, case when address_unit.unit_key is not null then /*default_country*/ end) as country,
    coalesce(list_sort(list_distinct(s.phones)), []) as phones,
    coalesce(list_sort(list_distinct(s.emails)), []) as emails,
    coalesce(list_sort(list_distinct(s.websites)), []) as websites,
    coalesce(list_sort(list_distinct(s.ids)), []) as ids,
    coalesce(list_sort(list_distinct(s.weak_ids)), []) as weak_ids,
    coalesce(list_sort(list_distinct(s.exclusive_ids)), []) as exclusive_ids,
    (coalesce(person_unit.placeholders, 0) + coalesce(organization_unit.placeholders, 0) + coalesce(address_unit.placeholders, 0)
        + coalesce(s.placeholders, 0))::integer as placeholders,
    coalesce(s.invalid_values, 0)::integer as invalid_values
from normalize_wide w
left join normalize_person person_unit on person_unit.unit_key = w.person_unit
left join normalize_organization organization_unit on organization_unit.unit_key = w.organization_unit
left join normalize_address address_unit on address_unit.unit_key = w.address_unit
left join lists on lists.rid = w.rid
left join singles s on s.rid = w.rid
