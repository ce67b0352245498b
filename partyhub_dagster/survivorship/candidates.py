"""The values that stand for election: one row per value that a member record offers for a group.

Columns of a candidate: party, member (place of its record_id), record_id, source, event_time, recent (0 is the
latest), newest and oldest (event times of the party), place (within the record), validity, parts (filled),
size (length), and v0, v1 ... : the group's attributes, the leading one first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from partyhub_dagster.config import Attribute, HubConfig
from partyhub_dagster.config.survivorship import Rule
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.survivorship.rules import INVALID, PLACE_BITS, UNCHECKED, VALID

_RECORD = "party, member, record_id, source, event_time, recent, newest, oldest"


@dataclass(frozen=True, slots=True)
class Group:
    """Attributes that survive together, the leading one first, under one list of rules."""

    attributes: tuple[Attribute, ...]
    rules: tuple[Rule, ...]
    offset: int
    """Place of the leading attribute among all columns: member values lie in c<offset>, c<offset + 1> ..."""

    @property
    def lead(self) -> Attribute:
        """The leading attribute."""
        return self.attributes[0]

    @property
    def columns(self) -> list[str]:
        """Columns of the member table that hold the group's values."""
        return [f"c{self.offset + place}" for place in range(len(self.attributes))]

    @property
    def values(self) -> list[str]:
        """Columns of a candidate that hold the group's values."""
        return [f"v{place}" for place in range(len(self.attributes))]


def groups_of(config: HubConfig) -> list[Group]:
    """List the groups of a configuration with their rules."""
    found: list[Group] = []
    offset = 0
    for lead in config.attributes.values():
        if lead.group != lead.name:
            continue
        parts = [a for a in config.attributes.values() if a.group == lead.name and a.name != lead.name]
        attributes = (lead, *parts)
        found.append(Group(attributes, tuple(config.survivorship.rules_for(lead.name)), offset))
        offset += len(attributes)
    return found


def select_members(records: str, order: str, groups: Sequence[Group]) -> str:
    """Return the query for the member table: `order` (one row per member) with the values that each offers."""
    values = [
        f'r."values"[{quote_text(attribute.name)}] as {column}'
        for group in groups
        for attribute, column in zip(group.attributes, group.columns, strict=True)
    ]
    columns = ["o.*", "r.source", "r.kind", "r.party_type", *values]
    return (
        f"select {', '.join(columns)} from {quote_name(order)} as o"
        f" join {quote_name(records)} as r on r.record_id = o.record_id"
    )


def select_candidates(group: Group, members: str) -> str:
    """Return the query for the candidates of a group that survives from one record."""
    if len(group.attributes) > 1:
        return _whole_groups(group, quote_name(members))
    if group.lead.multiple:
        return _whole_lists(group, quote_name(members))
    # Beyond that number, places could no longer be told apart.
    return f"{select_elements(group, members)} and place < {2**PLACE_BITS}"


def select_elements(group: Group, members: str) -> str:
    """Return the query for single values: one row per element that a record lists for the leading attribute."""
    column = group.columns[0]
    value = "e.value" if group.lead.multiple else f"try_cast(e.value as {group.lead.sql_type})"
    return (
        f"select {_RECORD}, place, {value} as v0, {_validity(['e.valid'])} as validity, 1 as parts,"
        " length(e.value) as size"
        f" from (select {_RECORD}, unnest({column}) as e, generate_subscripts({column}, 1) as place"
        f" from {quote_name(members)}) where v0 is not null"
    )


def _whole_groups(group: Group, members: str) -> str:
    """First values only: parts belong to the record's first name or address."""
    firsts = [f"{column}[1]" for column in group.columns]
    values = [f"{first}.value as {name}" for first, name in zip(firsts, group.values, strict=True)]
    parts = " + ".join(f"({first}.value is not null)::bigint" for first in firsts)
    validity = _validity([f"{first}.valid" for first in firsts])
    return (
        f"select {_RECORD}, 1 as place, {', '.join(values)}, {validity} as validity, {parts} as parts,"
        f" coalesce(length({firsts[0]}.value), 0) as size from {members} where parts > 0"
    )


def _whole_lists(group: Group, members: str) -> str:
    """A list that one record offers as a whole, where the rules choose a record and not values."""
    column = group.columns[0]
    values = f"list_sort(list_distinct(list_transform({column}, lambda e: e.value)))"
    some_valid = f"list_bool_or(list_transform({column}, lambda e: e.valid))"
    return (
        f"select {_RECORD}, 1 as place, {values} as v0, {_validity([some_valid])} as validity,"
        f" len(v0) as parts, length(array_to_string(v0, '')) as size from {members} where len(v0) > 0"
    )


def _validity(flags: Sequence[str]) -> str:
    """One bad part makes a group invalid; else one good part makes it valid."""
    bad = " or ".join(f"not {flag}" for flag in flags)
    good = " or ".join(flags)
    return f"case when {bad} then {INVALID} when {good} then {VALID} else {UNCHECKED} end"
