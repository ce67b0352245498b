-- Grain: one row per history row to write: an open row that ends, or a new open row.
-- {history} keeps versions of {content} by {key}; {current} is the state, {changed} the keys to look at.
with keys as ({changed}),
held as (
    select * exclude (epoch) from {history} semi join keys using ({key}) where valid_to is null
),
now_held as (
    select g.{key}, {expression} as {content} from {current} as g semi join keys using ({key})
),
ended as (
    select h.* replace ($now::timestamptz as valid_to, $number::bigint as valid_to_release)
    from held as h left join now_held as n using ({key})
    where n.{key} is null or n.{content} is distinct from h.{content}
),
begun as (
    select
        n.{key}, n.{content}, $now::timestamptz as valid_from, null::timestamptz as valid_to,
        $number::bigint as valid_from_release, null::bigint as valid_to_release
    from now_held as n left join held as h using ({key})
    where h.{key} is null or n.{content} is distinct from h.{content}
)
from ended
union all by name
from begun
