"""What a row says of itself: its key, its version, its time, whether it deletes; and why it may be no record."""

from dataclasses import dataclass

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.ids import record_id_sql
from partyhub_dagster.lake.metadata import quote_text

_TIME_TEXT = "'%Y-%m-%dT%H:%M:%S.%f'"
OF_COLUMNS = "^(key|version|event time|kind) column "
"""How reasons begin that depend on hub.yaml; the others say that the row could not be read as it came."""
_CUT = "'[0-9](\\.[0-9]+)?E\\+[0-9]{2,}'"
_STRUCTURED = ("json", "jsonl", "parquet", "avro")
_BLANKS = " \t\r\n\v\f\u00a0\u2007\u200b\u202f\u3000\ufeff"


@dataclass(frozen=True, slots=True)
class Told:
    """What stands beside a row, such as in an event: columns of its relation, as text; they hold over the row's own.

    Where one is null, the row speaks for itself.
    """

    key: str = "null::varchar"
    version: str = "null::varchar"
    event_time: str = "null::varchar"
    deletion: str = "false"


def json_pointer(column: str) -> str:
    """Return where a column stands in a payload."""
    return "/" + column.replace("~", "~0").replace("/", "~1")


def column_text(column: str, payload: str = "payload") -> str:
    """Return the SQL that takes a column out of a payload, as text; blank counts as missing."""
    return f"nullif(trim(json_extract_string({payload}, {quote_text(json_pointer(column))})), '')"


def refuse_foreign_file(source: Source, columns: list[str] | None) -> None:
    """Refuse a file that lacks a column without which no row of it can be a record.

    Raises:
        SourceError: the key or an ordering column, or every mapped column, is missing.
    """
    if columns is None:
        return
    needed = [*source.key]
    needed += [
        part.column for part in (source.version, source.event_time, source.deleted) if part is not None
    ]
    missing = sorted({c for c in needed if c not in columns})
    mapped = {m.column for m in source.mappings if m.column is not None}
    if missing:
        raise SourceError(
            f"The file lacks the column(s) {', '.join(missing)}, which key, version or delete marker need;"
            " nothing of it was loaded.",
            remedy="Have the file delivered with them, or correct the source in hub.yaml.",
        )
    if mapped and not mapped & set(columns):
        raise SourceError(
            f"None of the {len(mapped)} mapped columns is in the file; nothing of it was loaded.",
            remedy="Check that the file belongs to this source, and `columns` of the source in hub.yaml.",
        )


def describe_rows(
    con: duckdb.DuckDBPyConnection,
    name: str,
    source: Source,
    rows: str,
    out: str,
    told: Told | None = None,
) -> None:
    """Create temp table `out` from the rows as read: what each says of itself, and every reason against it.

    Grain: one row per row of `rows`. Columns: position, payload, source_record_id, record_id, version_order,
    event_time, deleted, content_hash, reasons (empty: it is a record).
    """
    beside = Told() if told is None else told
    version, version_given, version_type = _version(source, beside)
    event_time, time_given = _event_time(source, beside)
    order = version if source.version is not None else f"strftime(event_time, {_TIME_TEXT})"
    if source.version is None and source.event_time is None and told is not None:
        order = f"coalesce({_whole_number('version_text')}, {order})"
    reasons = [
        "case when reason is not null then reason end",
        f"case when reason is null and source_record_id is null then {quote_text(_key_reason(source))} end",
        _cut_key_reason(source),
        _structured_key_reason(source),
        "case when told_key <> own_key then 'source_record_id is not the key that the payload has' end",
    ]
    if source.version is not None:
        reasons.append(
            "case when reason is null and version_text is null then"
            f" {quote_text(f'version column {source.version.column} is empty')}"
            f" when version_text is not null and version_order is null then"
            f" {quote_text(f'version column {source.version.column} is not {version_type}')} end"
        )
    if source.event_time is not None:
        reasons.append(
            "case when time_text is not null and event_time is null then"
            f" {quote_text(f'event time column {source.event_time.column} is not a {source.event_time.type}')}"
            + (
                ""
                if source.version is not None
                else " when reason is null and time_text is null then"
                f" {quote_text(f'event time column {source.event_time.column} is empty')}"
            )
            + " end"
        )
    if (kind_reason := _kind_reason(source)) is not None:
        reasons.append(f"case when reason is null and not is_deletion then {kind_reason} end")
    con.execute(
        f"""
        create or replace temp table {out} as
        with keys as (
            select *, {beside.key} as told_key, case when reason is null then {_key(source)} end as own_key from {rows}
        ),
        fields as (
            select
                position, payload, reason, told_key, own_key,
                case when reason is null then coalesce(told_key, own_key) end as source_record_id,
                case when reason is null then {version_given} end as version_text,
                case when reason is null then {time_given} end as time_text,
                case when reason is null then {event_time} end as event_time,
                case when reason is null then {beside.deletion} or {_deletion(source)} else false end as is_deletion,
                case when reason is null then payload end as record,
                case when {beside.deletion} then payload || ' deleted' else payload end as content
            from keys
        ),
        ordered as (
            select *, {order} as version_order from fields
        )
        select
            position, payload, source_record_id,
            case when source_record_id is not null
                then {record_id_sql(quote_text(name), "source_record_id")} end as record_id,
            version_order, event_time, is_deletion as deleted,
            md5(content)::uuid as content_hash,
            list_filter([{", ".join(reasons)}], lambda r: r is not null) as reasons
        from ordered
        """
    )


def _key(source: Source) -> str:
    parts = [_key_text(column) for column in source.key]
    if len(parts) == 1:
        return parts[0]
    whole = " and ".join(f"{part} is not null" for part in parts)
    escaped = ", ".join(f"replace(replace({part}, '\\', '\\\\'), '|', '\\|')" for part in parts)
    return f"case when {whole} then concat_ws('|', {escaped}) end"


def _key_text(column: str) -> str:
    """As `column_text`, but any blank counts: a key that only looks empty would be a record nobody can name."""
    return f"nullif(trim({column_text(column)}, {quote_text(_BLANKS)}), '')"


def _key_reason(source: Source) -> str:
    return f"key column {', '.join(source.key)} is empty"


def _cut_key_reason(source: Source) -> str:
    """Spreadsheets write long numbers so, and take their last digits away: many keys become one."""
    cut = " or ".join(f"regexp_full_match({column_text(c, 'record')}, {_CUT})" for c in source.key)
    reason = f"key column {', '.join(source.key)} is in scientific notation, as spreadsheets cut long numbers"
    return f"case when {cut} then {quote_text(reason)} end"


def _structured_key_reason(source: Source) -> str:
    if source.format not in _STRUCTURED:
        return "null"
    found = " or ".join(
        f"json_type(record, {quote_text(json_pointer(c))}) in ('ARRAY', 'OBJECT')" for c in source.key
    )
    reason = f"key column {', '.join(source.key)} is a list or an object"
    return f"case when {found} then {quote_text(reason)} end"


def _version(source: Source, told: Told) -> tuple[str, str, str]:
    """Return the sortable version over `version_text`, the text itself, and what it should be."""
    if source.version is None:
        return "null::varchar", told.version, ""
    text = f"coalesce({told.version}, {column_text(source.version.column)})"
    match source.version.type:
        case "integer":
            return _whole_number("version_text"), text, "an integer"
        case "timestamp" | "date":
            return f"strftime({utc_sql('version_text')}, {_TIME_TEXT})", text, f"a {source.version.type}"
        case _:
            return "version_text", text, "text"


def _whole_number(text: str) -> str:
    """Shift a number into the positive and pad it, so that text order is number order."""
    whole = f"regexp_full_match({text}, '[+-]?[0-9]+(\\.0*)?')"  # a cast alone would round 3.7 to 4
    shifted = f"(case when {whole} then try_cast({text} as bigint) end::hugeint + 10000000000000000000)"
    return f"lpad({shifted}::varchar, 20, '0')"


def _event_time(source: Source, told: Told) -> tuple[str, str]:
    """Return the time and the text that it stands in."""
    if source.event_time is None:
        return utc_sql(told.event_time), told.event_time
    text = column_text(source.event_time.column)
    own = utc_sql(text)
    if source.event_time.format is not None:
        own = f"try_strptime({text}, {quote_text(source.event_time.format)})::timestamp"
    return f"coalesce({utc_sql(told.event_time)}, {own})", f"coalesce({told.event_time}, {text})"


def utc_sql(text: str) -> str:
    """Return the SQL of a text's time in UTC, null if it is none.

    Years of other than four digits, and infinity, would not sort as text; 2/3/20 is no day in the year 2.
    """
    time = f"(try_cast({text} as timestamptz) at time zone 'UTC')"
    sortable = f"{time} >= timestamp '0001-01-01' and {time} < timestamp '9999-12-31 23:59:59.999999'"
    return f"(case when regexp_matches({text}, '^[0-9]{{4}}[-/]') and {sortable} then {time} end)"


def _deletion(source: Source) -> str:
    if source.deleted is None:
        return "false"
    values = ", ".join(quote_text(value) for value in source.deleted.values)
    return f"coalesce({column_text(source.deleted.column)} in ({values}), false)"


def _kind_reason(source: Source) -> str | None:
    """A record whose kind is unknown cannot be compared with anything."""
    kind = source.kind
    if kind.column is None or kind.default is not None:
        return None
    known = ", ".join(quote_text(value) for value in kind.values)
    reason = quote_text(f"kind column {kind.column} is empty or holds a value that hub.yaml does not list")
    return f"case when {column_text(kind.column, 'record')} in ({known}) then null else {reason} end"
