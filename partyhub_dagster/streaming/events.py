"""What an event says, and every reason why a message is none. The published schema is docs/event.schema.json.

Names beside the known ones are kept: unknown fields of an event in stream_messages, unknown columns of its payload
with the record.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

import duckdb

from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.sources.reading.json_text import record_reason, reject_deep
from partyhub_dagster.sources.rows import utc_sql

SCHEMA_VERSION = 1
_MAX_ID = 200
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|z|[+-][0-9]{2}:?[0-9]{2})?"
)
_NOT_BLANK = r"\S"
EVENT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Party event",
    "description": "A source's record came about, changed or was deleted. The key of the message is"
    " source:source_record_id, so that events of a record stay in order.",
    "type": "object",
    "required": ["event_id", "op", "source", "source_record_id", "event_time", "schema_version"],
    "properties": {
        "event_id": {
            "type": "string", "minLength": 1, "maxLength": _MAX_ID, "pattern": _NOT_BLANK,
            "description": "Names the event for ever: an event that is sent again has the same.",
        },
        "op": {"enum": ["upsert", "delete"], "description": "upsert: the record is as the payload says."},
        "source": {"type": "string", "minLength": 1, "description": "Name of the source in hub.yaml."},
        "source_record_id": {
            "type": "string", "minLength": 1, "pattern": _NOT_BLANK,
            "description": "Key of the record in its source; of several key columns joined by |, with \\ before a | or"
            " \\ in a value.",
        },
        "event_time": {
            "type": "string", "pattern": f"^{_TIME}$",
            "description": "When it happened in the source (ISO 8601); without an offset it is UTC.",
        },
        "version": {
            "type": ["integer", "string", "null"], "minimum": -(2**63), "maximum": 2**64 - 1,
            "description": "Version of the record: the higher is the newer. Left out: the version column of the"
            " payload, where hub.yaml names one.",
        },
        "schema_version": {"const": SCHEMA_VERSION, "description": "Version of this schema."},
        "payload": {
            "type": ["object", "null"],
            "description": "The record in the columns of its source, as hub.yaml maps them; whole, not what changed.",
        },
    },
    "if": {"properties": {"op": {"const": "upsert"}}, "required": ["op"]},
    "then": {"required": ["payload"], "properties": {"payload": {"type": "object"}}},
    "additionalProperties": True,
}  # fmt: skip
"""What a message of a topic of events holds, as JSON Schema."""


def schema_text() -> str:
    """Return the schema as it lies in docs/event.schema.json."""
    return json.dumps(EVENT_SCHEMA, indent=2) + "\n"


def understand_messages(
    con: duckdb.DuckDBPyConnection,
    sources: Iterable[str],
    fed: Iterable[str],
    *,
    max_bytes: int,
    checks_key: bool = True,
) -> None:
    """Create temp table `events` from `messages`: what each says, and every reason against it.

    Grain: one row per message, `position` in the order of topic, partition and offset. `sources` are those of
    hub.yaml, `fed` those of them that events may speak of. A key that was written by a registry's serializer is not
    looked into (`checks_key` false), nor is one that nobody has any more.
    """
    con.execute(
        f"""
        create or replace temp table texts as
        select
            row_number() over (order by topic, partition, message_offset) as position, m.*,
            coalesce(decoded, try(decode(message_value))) as payload,
            case when message_value is null then 'message has no value: a deletion is an event with op delete'
                when octet_length(message_value) > {max_bytes} then 'message is larger than {max_bytes} bytes'
                when undecoded is not null then undecoded
                when payload is null then 'message is not text in UTF-8'
                else {record_reason("payload", "message")} end as reason
        from messages as m
        """
    )
    reject_deep(con, "texts")
    con.execute(
        f"""
        create or replace temp table events as
        with fields as (
            select * exclude (payload, reason, decoded, undecoded), payload as text, reason as unreadable,
                case when reason is null then payload end as event
            from texts
        ),
        said as (
            select *,
                {_text("event_id")} as event_id, {_text("op")} as op, {_text("source")} as source,
                {_text("source_record_id")} as told_key, {_text("event_time")} as told_time,
                json_extract_string(event, '/version') as told_version,
                op = 'delete' as told_deletion,
                case when json_type(event, '/payload') = 'OBJECT'
                    then json_extract(event, '/payload')::varchar end as payload,
                {_unknown_fields()} as unknown_fields,
                try(decode(message_key)) as key_text
            from fields
        )
        select * exclude (event, unreadable, text),
            coalesce(text, 'base64:' || to_base64(message_value), '') as message,
            {utc_sql("told_time")} as event_time,
            case when unreadable is not null then [unreadable]
                else list_filter([{", ".join(_reasons(sources, fed, checks_key=checks_key))}], lambda r: r is not null)
                end as reasons
        from said
        """
    )
    con.execute("drop table texts")


def _text(field: str) -> str:
    return (
        f"case when json_type(event, '/{field}') = 'VARCHAR' then json_extract_string(event, '/{field}') end"
    )


def _unknown_fields() -> str:
    known = ", ".join(quote_text(name) for name in EVENT_SCHEMA["properties"])
    pointer = "'/' || replace(replace(k, '~', '~0'), '/', '~1')"
    member = f"to_json(k)::varchar || ':' || json_extract(event, {pointer})::varchar"
    members = (
        f"list_transform(list_filter(json_keys(event), lambda k: k not in ({known})), lambda k: {member})"
    )
    return f"case when len({members}) > 0 then '{{' || array_to_string({members}, ',') || '}}' end"


def _reasons(sources: Iterable[str], fed: Iterable[str], *, checks_key: bool) -> list[str]:
    """Return the SQL of each reason against an event that could be read; none quotes a value."""
    known, taken = (", ".join(map(quote_text, names)) or "null" for names in (sources, fed))
    version_type = "coalesce(json_type(event, '/version'), 'NULL')"
    schema_version = "json_extract(event, '/schema_version')::varchar"
    conditions = {
        "event_id is missing, blank, no text or too long": "not coalesce(regexp_matches(event_id, '\\S')"
        f" and length(event_id) <= {_MAX_ID}, false)",
        "op is neither upsert nor delete": "not coalesce(op in ('upsert', 'delete'), false)",
        "source is missing or no text": "source is null",
        "source is not in hub.yaml": f"source not in ({known})",
        "source takes no events: give it a version in hub.yaml or name it in streaming.sources": f"source in ({known})"
        f" and source not in ({taken})",
        "source_record_id is missing, blank or no text": "not coalesce(regexp_matches(told_key, '\\S'), false)",
        "event_time is missing or no ISO 8601 time": "told_time is null"
        f" or not regexp_full_match(told_time, {quote_text(_TIME)}) or {utc_sql('told_time')} is null",
        "version is neither a whole number nor text": f"{version_type} not in"
        " ('NULL', 'VARCHAR', 'BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT')",
        f"schema_version is not {SCHEMA_VERSION}": f"{schema_version} is distinct from '{SCHEMA_VERSION}'",
        "payload is no object": "coalesce(json_type(event, '/payload'), 'NULL') not in ('OBJECT', 'NULL')"
        " or (op = 'upsert' and payload is null)",
    }
    if checks_key:
        conditions |= {
            "message has no key: it is source:source_record_id": "message_key is null",
            "message key is not source:source_record_id": "message_key is not null and source is not null"
            " and told_key is not null and key_text is distinct from source || ':' || told_key",
        }
    return [f"case when {broken} then {quote_text(reason)} end" for reason, broken in conditions.items()]


if __name__ == "__main__":
    sys.stdout.write(schema_text())
