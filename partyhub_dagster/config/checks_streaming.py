"""Contradictions between sources and the events that feed them."""

from collections.abc import Iterator

from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mistakes import YamlPath, what_to_write
from partyhub_dagster.config.sources import Source

Finding = tuple[YamlPath, str, str]


def check_streaming(config: HubConfig) -> Iterator[Finding]:
    """Find sources that nothing feeds, and sources of files and events that nothing orders."""
    named = None if config.streaming is None else config.streaming.sources
    for name, source in config.sources.items():
        yield from _check_fed(config, name, source)
    for position, name in enumerate(named or ()):
        at: YamlPath = ("streaming", "sources", position)
        if name not in config.sources:
            yield at, f"there is no source `{name}`", what_to_write(name, config.sources)
        elif config.sources[name].path and config.sources[name].version is None:
            remedy = f"Give {name} a version: {{column: NAME, type: integer}}, or take away its path"
            yield at, f"files and events feed `{name}`, and nothing says which is newer", remedy


def _check_fed(config: HubConfig, name: str, source: Source) -> Iterator[Finding]:
    if source.path:
        return
    at: YamlPath = ("sources", name)
    if config.streaming is None:
        yield (
            at,
            "`path` is missing",
            "Add path: FILES, relative to hub.yaml; only events (streaming) need none",
        )
    elif config.streaming.sources is not None and name not in config.streaming.sources:
        yield (
            at,
            "neither files nor events feed the source",
            f"Add path: FILES, or {name} to streaming.sources",
        )
    elif source.feed == "snapshot":
        yield (*at, "feed"), "events are no snapshot: each speaks of one record", "Leave feed out"
