-- Grain: one row per key of a record that is not live, or not of the key's kind.
select record_id as id
from blocking_keys
anti join normalized_parties using (record_id, kind)
