"""Pins: values that a person set. They hold whatever the rules say, as every decision does.

The newest pin among the party's members wins. A null pin blanks the attribute. A pin on a leading attribute leaves
its parts to the records that say the same; a pin on a part corrects that part alone.
"""

from collections.abc import Sequence

from partyhub_dagster.config import Attribute
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.survivorship.rules import PINNED


def select_newest_pins(pins: str, members: str, attributes: Sequence[Attribute]) -> str:
    """Return the query for the pin in force by party and field; pins that the attribute cannot hold are left out."""
    readable = " or ".join(_readable(attribute) for attribute in attributes) or "false"
    return f"""
        select m.party, p.field, unnest(max(struct_pack(
            sequence := p.sequence, record_id := p.record_id, value := p.value
        )))
        from {quote_name(pins)} as p join {quote_name(members)} as m using (record_id)
        where {readable} group by m.party, p.field
    """


def select_pins_of(attribute: Attribute, newest: str) -> str:
    """Return the query for the pins of one attribute, the value in the attribute's type."""
    return (
        f"select party, {_typed(attribute)} as value, record_id from {quote_name(newest)}"
        f" where field = {quote_text(attribute.name)}"
    )


def proof_of_pin(attribute: Attribute, pin: str) -> str:
    """Return the provenance of a pinned value; `pin` is the alias of its row."""
    proof = f"struct_pack(record_id := {pin}.record_id, rule := '{PINNED}')"
    if attribute.multiple:
        return f"list_transform({pin}.value, lambda v: {proof})"
    return f"[{proof}]"


def _readable(attribute: Attribute) -> str:
    named = f"p.field = {quote_text(attribute.name)}"
    if attribute.sql_type in ("DATE", "DOUBLE"):
        return f"({named} and (p.value is null or try_cast(p.value as {attribute.sql_type}) is not null))"
    return f"({named})"


def _typed(attribute: Attribute) -> str:
    if not attribute.multiple:
        return f"try_cast(nullif(trim(value), '') as {attribute.sql_type})"
    listed = """try(from_json(value, '["VARCHAR"]'))"""
    is_list = "json_valid(value) and json_type(value) = 'ARRAY'"
    whole = f"case when value is null then null when {is_list} then {listed} else [value] end"
    filled = f"list_filter({whole}, lambda v: v is not null and trim(v) <> '')"
    return f"nullif(list_sort(list_distinct({filled})), [])"
