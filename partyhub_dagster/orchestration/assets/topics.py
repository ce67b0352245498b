"""Topics as external assets: where each partition stands, seen by the sensor, as metadata."""

from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from partyhub_dagster.config import HubConfig
from partyhub_dagster.orchestration.lake_asset import ENGINEERING
from partyhub_dagster.orchestration.observing import DATA_VERSION_TAG
from partyhub_dagster.streaming.looking import TopicLook

_EVERY = timedelta(seconds=30)
"""How often a topic in motion is observed; one that does not move is not."""
_PLOTTED = 32
"""Partitions whose lag has a curve of its own; the table has all."""


def topic_key(topic: str) -> dg.AssetKey:
    """Return the key of a topic's asset."""
    return dg.AssetKey(["kafka", topic])


def topic_assets(config: HubConfig) -> list[dg.AssetSpec]:
    """List the topics that the hub reads."""
    told = config.streaming
    return [] if told is None else [_topic_asset(topic) for topic in told.topics]


def _topic_asset(topic: str) -> dg.AssetSpec:
    columns = [
        dg.TableColumn(
            "partition", "int", "Partition.", constraints=dg.TableColumnConstraints(nullable=False)
        ),
        dg.TableColumn(
            "message_offset", "int", "Offset.", constraints=dg.TableColumnConstraints(nullable=False)
        ),
        dg.TableColumn("key", "bytes", "source:source_record_id.", tags={"pii": ""}),
        dg.TableColumn(
            "value", "bytes", "The event: upsert or delete of a source's record.", tags={"pii": ""}
        ),
    ]
    return dg.AssetSpec(
        topic_key(topic),
        description=f"Events of sources on Kafka: upserts and deletes of records. The sensor of {topic} observes what"
        " waits to be read.\n\nGrain: one row per message. Key: partition, message_offset.",
        group_name="sources",
        kinds={"kafka"},
        owners=[ENGINEERING],
        metadata={"dagster/table_name": topic, "dagster/column_schema": dg.TableSchema(columns)},
    )


def observe_topic(instance: dg.DagsterInstance, looked: TopicLook, plan: str, now: datetime) -> None:
    """Record where a topic stands if that has changed; often enough to follow, not with every tick."""
    version = _version(looked)
    newest = _newest(instance, looked.topic)
    seen = None if newest is None else newest.asset_observation
    if seen is not None and seen.data_version == version:
        return
    if looked.lag and not is_due(instance, looked.topic, now):
        return
    instance.report_runless_asset_event(
        dg.AssetObservation(
            asset_key=topic_key(looked.topic),
            description=f"{looked.lag:,} offsets wait.",
            metadata=_metadata(looked, plan),
            tags={DATA_VERSION_TAG: version},
        )
    )


def is_due(instance: dg.DagsterInstance, topic: str, now: datetime) -> bool:
    """Tell whether the last observation of a topic is old enough for another one."""
    newest = _newest(instance, topic)
    return newest is None or now.timestamp() - newest.timestamp >= _EVERY.total_seconds()


def _newest(instance: dg.DagsterInstance, topic: str) -> dg.EventLogRecord | None:
    return next(iter(instance.fetch_observations(topic_key(topic), limit=1).records), None)


def _version(looked: TopicLook) -> str:
    """Return what changes whenever something comes or is read: the sums of what came and of what waits."""
    return f"{sum(s.high for s in looked.partitions)}-{looked.lag}"


def _metadata(looked: TopicLook, plan: str) -> dict[str, Any]:
    figures = ("partition", "stored", "low", "high", "lag")
    columns = [dg.TableColumn(name, "int") for name in figures]
    rows = [
        dg.TableRecord(
            {"partition": s.partition, "stored": -1 if s.stored is None else s.stored, "low": s.low, "high": s.high,
             "lag": s.lag}
        )
        for s in looked.partitions
    ]  # fmt: skip
    return {
        "lag": looked.lag,
        "plan": plan,
        "partitions": dg.TableMetadataValue(rows, dg.TableSchema(columns)),
        **{f"lag/{s.partition}": s.lag for s in looked.partitions[:_PLOTTED]},
    }
