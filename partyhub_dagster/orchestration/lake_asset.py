"""What every asset of the lake has in common: how it is described, run and reported."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import dagster as dg

from partyhub_dagster.hub import Run
from partyhub_dagster.lake.fingerprint import fingerprint_of
from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.orchestration.resources import HubResource
from partyhub_dagster.orchestration.schemas import table_schema
from partyhub_dagster.orchestration.scrubber import attempt

LAKE_POOL = "lake"
ENGINEERING, STEWARDSHIP = "team:data-engineering", "team:stewardship"

Stage = Callable[[Run], Any]


@dataclass(frozen=True, slots=True)
class AssetShape:
    """An asset in the graph: its place, its table and who answers for it."""

    key: tuple[str, ...]
    promise: str
    table: Table
    group: str
    deps: Sequence[dg.AssetKey | str]
    package: str
    """The domain package whose code makes it."""
    owner: str = ENGINEERING
    kinds: frozenset[str] = frozenset({"ducklake"})
    rows: str = ""
    """Relation whose rows are this asset's; left out: the whole table."""
    schema: dg.TableSchema | None = None
    lineage: dg.TableColumnLineage | None = None
    priority: int = 0
    """Of steps that could run next, the one with the highest runs."""
    observed: Callable[[Run], dg.AssetObservation] | None = None
    """What the step saw of an input that people write."""


def lake_asset(shape: AssetShape, stage: Stage) -> dg.AssetsDefinition:
    """Make the asset that `stage` brings up to date; what the stage returns is shown as counts."""

    @step_of(shape)
    def step(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        def work(run: Run) -> dict[str, Any]:
            began = time.monotonic()
            outcome = stage(run)
            counts = {**counts_of(outcome), "seconds": round(time.monotonic() - began, 3)}
            if "dagster/row_count" in counts:
                return counts
            return {"dagster/row_count": run.session.count(shape.rows or shape.table.name), **counts}

        found = attempt(hub, "/".join(shape.key), work)
        if shape.observed is not None:
            context.log_event(shape.observed(hub.run()))
        listed = ", ".join(f"{name.removeprefix('dagster/')} {figure}" for name, figure in found.items())
        context.log.info("%s: %s", "/".join(shape.key), listed)
        lineage = {} if shape.lineage is None else {"dagster/column_lineage": shape.lineage}
        return dg.MaterializeResult(metadata={**found, **lineage})

    return step


def step_of(shape: AssetShape) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Return the decorator that makes a function the step of an asset."""
    return dg.asset(
        key=dg.AssetKey(shape.key),
        deps=shape.deps,
        description=_description(shape),
        group_name=shape.group,
        kinds=set(shape.kinds),
        owners=[shape.owner],
        code_version=fingerprint_of(f"partyhub_dagster.{shape.package}")[:12],
        pool=LAKE_POOL,
        op_tags={"dagster/priority": str(shape.priority)},
        metadata=_definition_metadata(shape),
    )


def lake_input(shape: AssetShape) -> dg.AssetSpec:
    """Describe a table that people write, not a stage."""
    return dg.AssetSpec(
        dg.AssetKey(shape.key),
        description=_description(shape),
        group_name=shape.group,
        kinds=set(shape.kinds),
        owners=[shape.owner],
        metadata=_definition_metadata(shape),
    )


def counts_of(outcome: Any) -> dict[str, Any]:
    """Return the figures of a stage's outcome: numbers, and ids that are no personal data."""
    held: Mapping[str, Any] = (
        asdict(outcome) if is_dataclass(outcome) and not isinstance(outcome, type) else outcome
    )
    return dict(held or {})


def _description(shape: AssetShape) -> str:
    return f"{shape.promise}\n\nGrain: {shape.table.grain}. Key: {', '.join(shape.table.key)}."


def _definition_metadata(shape: AssetShape) -> dict[str, Any]:
    schema = table_schema(shape.table) if shape.schema is None else shape.schema
    found = {"dagster/table_name": shape.table.name, "dagster/column_schema": schema}
    return found if shape.lineage is None else {**found, "dagster/column_lineage": shape.lineage}
