"""What each stage reads of hub.yaml, as one hash: a stage recomputes when its own part changes."""

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from partyhub_dagster.config.hub import HubConfig

_WHEN_EXPORTED = {"refresh", "rows_per_file", "keep_hours"}
_CHANGE_NO_ANSWER: dict[str, Any] = {
    "publish": _WHEN_EXPORTED,
    "hub": {
        "root": True,
        "upkeep": True,
        "verify": True,
        "review": True,
        "streaming": True,
        "publish": _WHEN_EXPORTED,
    },
}
"""Keys that say when and how something is kept; what is kept does not depend on them."""
SECTIONS = (
    "normalize", "normalize:SOURCE", "sources:SOURCE", "matching:KIND", "survivorship", "quality", "publish",
    "hub",
)  # fmt: skip


def fingerprint(config: "HubConfig", section: str) -> str:
    """Hash one section of SECTIONS. Where hub.yaml lies and how it is laid out do not matter.

    Raises:
        KeyError: there is no such section, source or kind.
    """
    text = json.dumps(_content(config, section), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(config: "HubConfig", section: str) -> Any:
    stage, _, part = section.partition(":")
    match stage, part:
        case "normalize", "":
            return {name: _normalizing(config, name) for name in config.sources}
        case "normalize", source:
            return _normalizing(config, source)
        case "sources", source if source:
            return _loading(config, source)
        case "survivorship", "":
            return _surviving(config)
        case _:
            return _written(config, section)


def _written(config: "HubConfig", section: str) -> Any:
    """The sections that are read as they are written."""
    models: dict[str, BaseModel] = {
        "matching:person": config.matching.person,
        "matching:organization": config.matching.organization,
        "quality": config.quality,
        "publish": config.publish,
        "hub": config,
    }
    return models[section].model_dump(mode="json", exclude=_CHANGE_NO_ANSWER.get(section))


def _loading(config: "HubConfig", source: str) -> Any:
    """How rows become versions of records; where the files lie and what columns mean is no part of it."""
    fields = {
        "key",
        "version",
        "event_time",
        "deleted",
        "kind",
        "format",
        "csv",
        "feed",
        "json_",
        "excel",
        "fixed_width",
    }
    return config.sources[source].model_dump(mode="json", include=fields)


def _normalizing(config: "HubConfig", source: str) -> Any:
    found = config.sources[source]
    fed = {mapping.attribute for mapping in found.mappings}
    return {
        "mappings": [asdict(mapping) for mapping in found.mappings],
        "kind": found.kind.model_dump(mode="json"),
        "party_type": None if found.party_type is None else found.party_type.model_dump(mode="json"),
        "attributes": [
            {"name": name, "part": attribute.part, "type": attribute.type,
             "multiple": attribute.multiple, "exclusive": attribute.exclusive}
            for name, attribute in sorted(config.attributes.items())
            if attribute.group in fed
        ],
    }  # fmt: skip


def _surviving(config: "HubConfig") -> Any:
    chosen = config.survivorship
    return {
        "sources": chosen.sources,
        "rules": {
            group: [rule.model_dump(mode="json") for rule in rules] for group, rules in chosen.rules.items()
        },
        "attributes": {
            name: [attribute.group, attribute.multiple, attribute.sql_type]
            for name, attribute in config.attributes.items()
        },
    }
