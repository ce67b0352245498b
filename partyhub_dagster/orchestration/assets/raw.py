"""raw/<source> and source_parties: what came in."""

import dagster as dg

from partyhub_dagster.config import HubConfig, Source
from partyhub_dagster.hub import Run
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.tables import SOURCE_PARTIES
from partyhub_dagster.orchestration.assets.topics import topic_assets
from partyhub_dagster.orchestration.lake_asset import AssetShape, lake_asset
from partyhub_dagster.orchestration.schemas import source_schema


def raw_assets(config: HubConfig) -> list[dg.AssetsDefinition]:
    """List the assets of all sources, then the table that they make together."""
    sources = list(config.sources.values())
    # The order of loading is part of the input: it decides who was first seen. It is that of hub.yaml.
    loads = [_raw(config, source, priority=len(sources) - n) for n, source in enumerate(sources)]
    return [*loads, _source_parties(config)]


def _raw(config: HubConfig, source: Source, priority: int) -> dg.AssetsDefinition:
    feed = "each file is the whole source" if source.feed == "snapshot" else "a file holds what changed"
    shape = AssetShape(
        key=("raw", source.name),
        promise=f"Every row of {source.name} ({', '.join(source.path) or 'events'}; {feed}) is stored as received,"
        " recognised as unchanged, or in quarantine with its reasons.",
        table=SOURCE_PARTIES,
        group="sources",
        deps=[],
        package="sources",
        kinds=frozenset({"ducklake", source.format}),
        rows=f"(from source_parties where source = {quote_text(source.name)})",
        schema=source_schema(source, config.attributes),
        priority=priority,
    )
    return lake_asset(shape, lambda run: run.load(source.name))


def _source_parties(config: HubConfig) -> dg.AssetsDefinition:
    shape = AssetShape(
        key=("source_parties",),
        promise="All source records, each in its current version; records that a source deleted stay as tombstones.",
        table=SOURCE_PARTIES,
        group="sources",
        deps=[
            *(dg.AssetKey(["raw", name]) for name in config.sources),
            *(spec.key for spec in topic_assets(config)),
        ],
        package="sources",
    )
    return lake_asset(shape, _count)


def _count(run: Run) -> dict[str, int]:
    run.refuse_unknown_sources()
    return {
        "sources_without_files": len(run.sources_without_files()),
        "live": run.session.count("(from source_parties where not deleted)"),
        "deleted": run.session.count("(from source_parties where deleted)"),
        "quarantined": run.session.count("(from quarantine where replay_state = 'open')"),
    }
