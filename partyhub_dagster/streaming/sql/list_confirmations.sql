-- What is sent of lineage: one row per event in ($after, $upto], in order, as the key and value of its message.
-- Grain: one row per sequence. Every value is an id, a name of a column or a number; none is a record's.
with events as (
    select
        l.sequence,
        l.event,
        l.party_id,
        l.other_id,
        l.members,
        l.attributes,
        l.cause,
        l.run_id,
        l.written_at,
        r.number as release_number,
        r.released_at,
    from party_lineage as l
    -- the first release that shows the event
    asof join (
        select lineage_seq, min(number) as number, min(released_at) as released_at
        from releases
        group by lineage_seq
    ) as r on r.lineage_seq >= l.sequence
    where l.sequence > $after and l.sequence <= $upto
),
shown as (select number, head_epoch, lag(head_epoch, 1, 0) over (order by number) as since from releases),
-- messages that a release was the first to show; those out of quarantine too
taken as (
    select m.event_id, m.record_id, s.number
    from stream_messages as m
    join (from shown where number in (select release_number from events)) as s
        on m.epoch > s.since and m.epoch <= s.head_epoch
    where m.outcome in ('stored', 'replayed') and m.event_id is not null and m.record_id is not null
),
-- the parties of their records, before and after
answered as (
    select distinct t.number, h.party_id, t.event_id
    from taken as t
    join membership_history as h
        on h.record_id = t.record_id
        and h.valid_from_release <= t.number
        and (h.valid_to_release is null or h.valid_to_release >= t.number)
),
answers as (
    select e.sequence, list(distinct a.event_id order by a.event_id) as event_ids
    from events as e
    join answered as a on a.number = e.release_number and a.party_id in (e.party_id, e.other_id)
    group by e.sequence
)
select
    e.sequence,
    e.party_id::varchar as message_key,
    to_json({
        'schema_version': 1,
        'hub': $hub,
        'generation': $generation::bigint,
        'sequence': e.sequence,
        'event': e.event,
        'party_id': e.party_id,
        'old_party_id': case
            when e.event = 'CREATED' then null
            when e.event = 'SPLIT' then e.other_id
            else e.party_id
        end,
        'new_party_id': case
            when e.event in ('MERGED', 'RENAMED') then e.other_id
            when e.event = 'RETIRED' then null
            else e.party_id
        end,
        'members': e.members,
        'attributes': e.attributes,
        'cause': e.cause,
        'answers': coalesce(a.event_ids, []),
        'release': e.release_number,
        'released_at': strftime(e.released_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'),
        'run_id': e.run_id,
        'written_at': strftime(e.written_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')
    })::varchar as message_value,
from events as e
left join answers as a using (sequence)
order by e.sequence
