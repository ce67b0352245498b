-- Grain: one row per record. The columns of normalized_parties, but epoch.
-- What depends on the mappings takes the place of the marked nulls, and of the mark behind rid.
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
        list(key) filter (where type = 'phone' and key is not null) as phones,
        list(key) filter (where type = 'email' and key is not null) as emails,
        list(key) filter (where type = 'website' and key is not null) as websites,
        list(key) filter (where is_identifier and key is not null and valid is distinct from false) as ids,
        list(key) filter (where is_identifier and key is not null and valid = false) as weak_ids,
        list(key) filter (where is_identifier and key is not null and exclusive and valid) as exclusive_ids,
        arg_min(key, slot * 1000000 + pos) filter (where type = 'date_of_birth' and key is not null) as birth_date,
        arg_min(key, slot * 1000000 + pos) filter (where type = 'country' and key is not null) as country,
        count(*) filter (where placeholder) as placeholders,
        count(*) filter (where valid = false) as invalid_values
    from normalize_singles
    group by rid
)
select
    w.record_id, w.source, w.source_record_id, w.kind, w.party_type, w.first_seen, w.recency, w.event_time,
    null /*values*/ as "values",
    coalesce(person_unit.name_full, organization_unit.name_full) as name_full,
    person_unit.name_given, person_unit.name_middle, person_unit.name_family, person_unit.name_suffix,
    person_unit.name_root,
    coalesce(person_unit.name_initials, organization_unit.name_initials) as name_initials,
    coalesce(person_unit.name_phonetic, organization_unit.name_phonetic) as name_phonetic,
    coalesce(person_unit.name_tokens, organization_unit.name_tokens, []) as name_tokens,
    coalesce(person_unit.names, organization_unit.names, []) as names,
    organization_unit.legal_form, organization_unit.name_numbers, organization_unit.name_acronym,
    s.birth_date::date as birth_date,
    address_unit.address_full,
    coalesce(address_unit.addresses, []) as addresses,
    address_unit.street, address_unit.house_number, address_unit.unit,
    address_unit.city, address_unit.region, address_unit.postcode,
    coalesce(
        address_unit.country, s.country, case when address_unit.unit_key is not null then null /*default_country*/ end
    ) as country,
    coalesce(case when len(s.phones) > 1 then list_sort(list_distinct(s.phones)) else s.phones end, []) as phones,
    coalesce(case when len(s.emails) > 1 then list_sort(list_distinct(s.emails)) else s.emails end, []) as emails,
    coalesce(case when len(s.websites) > 1 then list_sort(list_distinct(s.websites)) else s.websites end, []) as websites,
    coalesce(case when len(s.ids) > 1 then list_sort(list_distinct(s.ids)) else s.ids end, []) as ids,
    coalesce(case when len(s.weak_ids) > 1 then list_sort(list_distinct(s.weak_ids)) else s.weak_ids end, []) as weak_ids,
    coalesce(case when len(s.exclusive_ids) > 1 then list_sort(list_distinct(s.exclusive_ids)) else s.exclusive_ids end, []) as exclusive_ids,
    (
        coalesce(person_unit.placeholders, 0) + coalesce(organization_unit.placeholders, 0)
        + coalesce(address_unit.placeholders, 0) + coalesce(s.placeholders, 0)
    )::integer as placeholders,
    coalesce(s.invalid_values, 0)::integer as invalid_values
from normalize_wide w
left join normalize_person person_unit on person_unit.unit_key = w.person_unit
left join normalize_organization organization_unit on organization_unit.unit_key = w.organization_unit
left join normalize_address address_unit on address_unit.unit_key = w.address_unit
left join lists on lists.rid = w.rid
left join singles s on s.rid = w.rid
