-- Grain: one row per party id that came or went, and per party whose members changed.
-- The rules are those of lineage: an id is its anchor's record_id, so that record tells where the id came from or went.
with ids as (
    select party_id, golden_before is null as came, golden_after is null as went from diff_golden
),
heirs as (
    select party_before as party_id, arg_min(party_after, first_seen) as heir
    from diff_records where party_before is not null and party_after is not null
    group by party_before
),
come_or_gone as (
    select
        i.party_id,
        case
            when i.came and r.party_before is null then 'CREATED'
            when i.came then 'SPLIT'
            when r.party_after is not null then 'MERGED'
            when h.heir is not null then 'RENAMED'
            else 'RETIRED'
        end as event,
        case when i.came then r.party_before else coalesce(r.party_after, h.heir) end as other_id
    from ids as i
    left join diff_records as r on r.record_id = i.party_id
    left join heirs as h on h.party_id = i.party_id
    where i.came or i.went
),
stayed as (
    select distinct party_id
    from (select party_before as party_id from diff_records union all select party_after from diff_records)
    where party_id is not null and party_id not in (select party_id from come_or_gone)
)
from come_or_gone
union all
select party_id, 'MEMBERS_CHANGED', null from stayed
