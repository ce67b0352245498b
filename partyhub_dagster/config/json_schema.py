"""The JSON Schema of hub.yaml, by which editors complete and check it while it is written."""

import json
from typing import Any

from pydantic import BaseModel

from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.shape import NOT_WRITTEN
from partyhub_dagster.config.sources import Source

SCHEMA_URL = "https://json-schema.org/draft/2020-12/schema"
_TOLD_FROM_ELSEWHERE: dict[type[BaseModel], frozenset[str]] = {Source: frozenset({"format"})}
"""Fields without a default that the reader can fill in."""

_FILES_WITHOUT_EVENTS: dict[str, Any] = {
    "if": {"not": {"required": ["streaming"]}},
    "then": {"properties": {"sources": {"additionalProperties": {"required": ["path"]}}}},
}
"""Only events feed a source without files."""


def hub_schema() -> dict[str, Any]:
    """Return the schema: every key with its meaning, short forms included.

    Guarantees: what `partyhub config check` finds valid is valid by it. The reverse does not hold: references
    between sections are beyond a schema.
    """
    schema = HubConfig.model_json_schema(by_alias=True, mode="validation")
    for model, hidden in NOT_WRITTEN.items():
        section = schema if model is HubConfig else schema["$defs"][model.__name__]
        filled = hidden | _TOLD_FROM_ELSEWHERE.get(model, frozenset())
        section["properties"] = {k: v for k, v in section["properties"].items() if k not in hidden}
        section["required"] = [key for key in section["required"] if key not in filled]
    _drop(schema, "title")
    schema |= _FILES_WITHOUT_EVENTS
    return {"$schema": SCHEMA_URL, "title": "hub.yaml", **schema}


def schema_text() -> str:
    """Return the schema as it lies in docs/hub.schema.json."""
    return json.dumps(hub_schema(), indent=2, ensure_ascii=False) + "\n"


def _drop(node: Any, key: str) -> None:
    """Take a generated annotation out of every schema below; properties of that name stay."""
    if isinstance(node, list):
        for item in node:
            _drop(item, key)
    elif isinstance(node, dict):
        if isinstance(node.get(key), str):
            del node[key]
        for item in node.values():
            _drop(item, key)
