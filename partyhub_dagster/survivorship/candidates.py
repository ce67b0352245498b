"""The values that stand for election: one row per value that a member record offers for a group.

Columns of every candidate relation: party, record_id, place (where within the record), source, event_time, recency,
newest and oldest (only for trust), validity, parts, size, and v0, v1 ... : the group's attributes, leading first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from partyhub_dagster.config import Attribute, HubConfig
from partyhub_dagster.config.survivorship import Rule
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.survivorship.rules import INVALID, UNCHECKED, VALID, uses_trust


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


def select_members(members: str, records: str, ordinals: str, groups: Sequence[Group]) -> str:
    """Return the query for the member table: one row per member, one column of offered values per attribute."""
    values = [
        f'r."values"[{quote_text(attribute.name)}] as {column}'
        for group in groups
        for attribute, column in zip(group.attributes, group.columns, strict=True)
    ]
    fixed = ["o.party", "r.record_id", "r.source", "r.kind", "r.party_type", "r.event_time", "r.recency"]
    return (
        f"select {', '.join([*fixed, *values])} from {quote_name(members)} as m"
        f" join {quote_name(ordinals)} as o using (party_id)"
        f" join {quote_name(records)} as r on r.record_id = m.record_id"
    )


def select_candidates(group: Group, members: str, parties: str) -> str:
    """Return the query for the candidates of a group."""
    rows = _rows(group, members, parties)
    if len(group.attributes) > 1:
        return _whole_groups(group, rows)
    if group.lead.multiple:
        return _whole_lists(group, rows)
    return _single_values(group, rows)


def select_elements(group: Group, members: str, parties: str) -> str:
    """Return the query for the candidates of a group that takes all values: one row per element."""
    return _single_values(group, _rows(group, members, parties))


def _rows(group: Group, members: str, parties: str) -> str:
    source = quote_name(members)
    if uses_trust(group.rules):
        source = f"(select m.*, p.newest, p.oldest from {source} as m join {quote_name(parties)} as p using (party))"
    return source


def _kept(group: Group) -> str:
    trust = ["newest", "oldest"] if uses_trust(group.rules) else []
    return ", ".join(["party", "record_id", "source", "event_time", "recency", *trust])


def _single_values(group: Group, rows: str) -> str:
    column, kept = group.columns[0], _kept(group)
    value = "e.value" if group.lead.multiple else f"try_cast(e.value as {group.lead.sql_type})"
    return (
        f"select {kept}, place, {value} as v0, {_validity(['e.valid'])} as validity, 1 as parts,"
        f" length(e.value) as size"
        f" from (select {kept}, unnest({column}) as e, generate_subscripts({column}, 1) as place from {rows})"
        " where v0 is not null"
    )


def _whole_groups(group: Group, rows: str) -> str:
    """First values only: parts belong to the record's first name or address."""
    firsts = [f"{column}[1]" for column in group.columns]
    values = ", ".join(f"{first}.value as {name}" for first, name in zip(firsts, group.values, strict=True))
    parts = " + ".join(f"({first}.value is not null)::bigint" for first in firsts)
    return (
        f"select {_kept(group)}, 1 as place, {values}, {_validity([f'{first}.valid' for first in firsts])} as validity,"
        f" {parts} as parts, coalesce(length({firsts[0]}.value), 0) as size"
        f" from {rows} where parts > 0"
    )


def _whole_lists(group: Group, rows: str) -> str:
    """A list that one record offers as a whole, where the rules choose a record and not values."""
    column = group.columns[0]
    values = f"list_sort(list_distinct(list_transform({column}, lambda e: e.value)))"
    some_valid = f"list_bool_or(list_transform({column}, lambda e: e.valid))"
    return (
        f"select {_kept(group)}, 1 as place, {values} as v0, {_validity([some_valid])} as validity,"
        f" len(v0) as parts, length(array_to_string(v0, '')) as size from {rows} where len(v0) > 0"
    )


def _validity(flags: Sequence[str]) -> str:
    """One bad part makes a group invalid; else one good part makes it valid."""
    bad = " or ".join(f"not {flag}" for flag in flags)
    good = " or ".join(flags)
    return f"(case when {bad} then {INVALID} when {good} then {VALID} else {UNCHECKED} end)::bigint"
