"""SQL whose shape depends on the mappings of a source: pure functions to text."""

from collections.abc import Collection, Sequence
from collections.abc import Mapping as AnyMapping

from partyhub_dagster.config.mappings import Mapping
from partyhub_dagster.config.sources import KindChoice, PartyTypeChoice, Source
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.normalize.layout import Layout

_SLOT, _VALUE = "chr(30)", "chr(31)"
_VALUES_TYPE = 'map(varchar, struct("value" varchar, "valid" boolean)[])'


def extract_statement(source: Source, layout: Layout, raw: str) -> str:
    """Return the query that makes one row per record: its kind, and the units that go to the cleaners.

    Grain: one row per row of `raw`. A unit is the slots of its mappings, several values of a slot apart.
    """
    pointers = ", ".join(quote_text(_pointer(column)) for column in layout.columns)
    values = f"json_extract_string(payload, [{pointers}])" if layout.columns else "[]::varchar[]"
    texts = "".join(
        f",\n  {_text(f'cells[{i}]', _pointer(column))} as t{i}"
        for i, column in enumerate(layout.columns, start=1)
    )
    return f"""
with plain as (select * replace ({_without_separators("payload")} as payload) from {quote_name(raw)}),
cells as (select *, {values} as cells from plain),
texts as (select * exclude (cells, payload){texts} from cells),
kinds as (select *, {_choice(source.kind, layout, "null")} as kind from texts)
select
  row_number() over () as rid, record_id, source, source_record_id, first_seen, recency, event_time, kind,
  {_choice(source.party_type, layout, "case kind when 'person' then 'INDIVIDUAL' else 'ORGANIZATION' end")}
    as party_type,
  case when kind = 'person' then {_unit(layout.person_names, layout)} end as person_unit,
  case when kind = 'organization' then {_unit(layout.organization_names, layout)} end as organization_unit,
  {_unit(layout.addresses, layout)} as address_unit,
  [{", ".join(_slot(mapping, layout) for mapping in layout.singles)}]::varchar[] as singles
from kinds"""


def _pointer(column: str) -> str:
    return "/" + column.replace("~", "~0").replace("/", "~1")


def _without_separators(payload: str) -> str:
    """Make blanks of our separators, which JSON can only hold escaped."""
    blanked = f"regexp_replace({payload}, '\\\\u001[eEfF]', '\\\\u0020', 'g')"
    return f"case when contains({payload}, '\\u001') then {blanked} else {payload} end"


def _text(cell: str, pointer: str) -> str:
    """A scalar as text, an array as its elements apart."""
    return (
        f"case when starts_with({cell}, '[') and json_type(payload, {quote_text(pointer)}) = 'ARRAY'"
        f" then array_to_string(list_transform(json_extract_string({cell}, '$[*]'),"
        f" lambda x: coalesce(x, '')), {_VALUE}) else {cell} end"
    )


def _slot(mapping: Mapping, layout: Layout) -> str:
    constant = mapping.column is None
    text = quote_text(mapping.value or "") if constant else f"t{layout.columns.index(mapping.column) + 1}"
    return f"replace({text}, {quote_text(mapping.split)}, {_VALUE})" if mapping.split else text


def _unit(mappings: tuple[Mapping, ...], layout: Layout) -> str:
    if not mappings:
        return "null::varchar"
    slots = ", ".join(f"coalesce(trim({_slot(mapping, layout)}), '')" for mapping in mappings)
    columns = [_slot(mapping, layout) for mapping in mappings if mapping.column is not None]
    filled = " or ".join(f"trim({slot}) != ''" for slot in columns) or "true"
    joined = f"concat_ws({_SLOT}, {slots})" if len(mappings) > 1 else slots
    return f"case when {filled} then {joined} end"


def _choice(choice: KindChoice | PartyTypeChoice | None, layout: Layout, otherwise: str) -> str:
    if choice is None:
        return otherwise
    fallback = otherwise if choice.default is None else quote_text(choice.default)
    if choice.column is None or not choice.values:
        return fallback
    column = f"t{layout.columns.index(choice.column) + 1}"
    cases = " ".join(
        f"when {quote_text(key)} then {quote_text(value)}" for key, value in choice.values.items()
    )
    return f"coalesce(case trim({column}) {cases} end, {fallback})"


def split_statement(cleaned: str, columns: Sequence[str], lists: Collection[str], values: int) -> str:
    """Return the query that splits what a cleaner of units returned into columns.

    Grain: one row per unit_key. Columns: `columns`, placeholders, and v0, v1 ... for the display values.
    """
    items = []
    for i, column in enumerate((*columns, "placeholders", *(f"v{k}" for k in range(values))), start=1):
        if column == "placeholders":
            items.append(f"slots[{i}]::integer as {column}")
        elif column in lists:
            split = f"string_split(slots[{i}], {_VALUE})"
            items.append(f"case when slots[{i}] = '' then []::varchar[] else {split} end as {column}")
        else:
            items.append(f"nullif(slots[{i}], '') as {column}")
    rows = f"select unit_key, string_split(cleaned, {_SLOT}) as slots from {quote_name(cleaned)}"
    return f"select unit_key, {', '.join(items)} from ({rows})"


def values_expression(shown: AnyMapping[str, AnyMapping[str, str]], singles: Sequence[str]) -> str:
    """Return the `values` map: attributes by name, those of names and addresses from the columns `shown` names.

    `shown` is unit table -> attribute -> column; `singles` are the attributes whose lists `value_lists` makes.
    """
    sources: dict[str, list[str]] = {}
    for table, columns in shown.items():
        for attribute, column in columns.items():
            sources.setdefault(attribute, []).append(_shown_values(f"{table}_unit.{quote_name(column)}"))
    for i, attribute in enumerate(singles):
        sources.setdefault(attribute, []).append(_listed_values(f"lists.l{i}"))
    entries = ", ".join(
        f"{{'k': {quote_text(name)}, 'v': coalesce({', '.join(sources[name])})}}" for name in sorted(sources)
    )
    if not entries:
        return f"map()::{_VALUES_TYPE}"
    return f"map_from_entries(list_filter([{entries}], lambda x: x.v is not null))::{_VALUES_TYPE}"


def _shown_values(text: str) -> str:
    """The display values of a unit column."""
    return f"list_transform(string_split({text}, {_VALUE}), lambda x: {{'value': x, 'valid': null::boolean}})"


def _listed_values(values: str) -> str:
    """The values of a list with positions, in their order."""
    ordered = f"case when len({values}) > 1 then list_sort({values}) else {values} end"
    return f"list_transform({ordered}, lambda x: {{'value': x.value, 'valid': x.valid}})"


def value_lists(singles: Sequence[str]) -> str:
    """Return the select items that gather the values of each attribute with their positions."""
    return "".join(
        f",\n        list({{'p': position, 'value': value, 'valid': valid}})"
        f" filter (where attribute = {quote_text(name)}) as l{i}"
        for i, name in enumerate(singles)
    )
