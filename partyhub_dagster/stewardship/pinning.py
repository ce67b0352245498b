"""What may be pinned: a value that the attribute can hold and that passes the check of its type."""

import json
from collections.abc import Sequence

from partyhub_dagster.config import Attribute, HubConfig
from partyhub_dagster.config.semantics import MEANINGS
from partyhub_dagster.errors import DecisionError

_SHOWN_AS_THEY_ARE = ("name", "address")


def value_to_pin(config: HubConfig, source: str, attribute: str, values: Sequence[str]) -> str | None:
    """Return what the ledger holds for a pin: the value as a golden record shows it; a JSON list for many; null: blank.

    `source` is that of the record: dates and phones are read as they are in it.

    Raises:
        DecisionError: hub.yaml has no such attribute, it takes one value only, or a value is none of its type.
    """
    found = config.attributes.get(attribute)
    if found is None:
        raise DecisionError(
            "hub.yaml has no attribute of that name; nothing was decided.",
            remedy=f"Pin one of: {', '.join(config.attributes)}.",
        )
    if not values:
        return None
    if len(values) > 1 and not found.multiple:
        raise DecisionError(
            f"{attribute} has one value, and {len(values)} were given; nothing was decided.",
            remedy="Give one value. Put a value with blanks in quotes.",
        )
    cleaned = [_cleaned(config, source, found, value) for value in values]
    return json.dumps(cleaned, ensure_ascii=False) if found.multiple else cleaned[0]


def _cleaned(config: HubConfig, source: str, attribute: Attribute, raw: str) -> str:
    from partyhub_dagster.normalize.singles import cleaner_of
    from partyhub_dagster.normalize.text import tidy

    text = tidy(raw)
    if not text:
        raise DecisionError(
            f"The value for {attribute.name} is empty; nothing was decided.",
            remedy="`--blank` pins that it has no value. To take a pin back, `partyhub decide revoke ID`.",
        )
    if attribute.type in _SHOWN_AS_THEY_ARE:
        return text
    scheme, country = _reading(config, source, attribute)
    found = cleaner_of((attribute.type, scheme, country), "")(raw)
    if found.value is None or found.valid is False:
        raise DecisionError(
            f"The value for {attribute.name} is no valid {attribute.type.replace('_', ' ')}; nothing was decided.",
            remedy="Check it for slips. A pin must pass the check that values of its type have.",
        )
    return found.value


def _reading(config: HubConfig, source: str, attribute: Attribute) -> tuple[str | None, str | None]:
    """Return the scheme and country by which the attribute's values are read, in the source or else in any."""
    feeding = [
        (name != source, mapping.scheme, mapping.country)
        for name, held in config.sources.items()
        for mapping in held.mappings
        if mapping.attribute == attribute.name
    ]
    if feeding:
        _, scheme, country = min(feeding, key=lambda found: found[0])
        return scheme, country
    usual = [meaning.scheme for meaning in MEANINGS.values() if meaning.attribute_type == attribute.type]
    is_identifier = any(m.is_identifier for m in MEANINGS.values() if m.attribute_type == attribute.type)
    return (usual[0] or attribute.name if is_identifier else None), None


def value_of_cell(config: HubConfig, source: str, attribute: str, cell: str) -> str | None:
    """Return what the ledger holds for a pin written in one cell: a value, a JSON list of values, or `[]` for blank.

    Raises:
        DecisionError: as `value_to_pin` does, or the list is none.
    """
    found = config.attributes.get(attribute)
    if cell == "[]":
        return value_to_pin(config, source, attribute, [])
    is_list = found is not None and found.multiple and cell.startswith("[")
    return value_to_pin(config, source, attribute, _list_of(cell, attribute) if is_list else [cell])


def _list_of(stored: str, attribute: str) -> list[str]:
    try:
        values = json.loads(stored)
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise DecisionError(
            f"The value for {attribute} is no list of texts; nothing was decided.",
            remedy='Write several values as a JSON list: ["+12125550134"].',
        )
    return values
