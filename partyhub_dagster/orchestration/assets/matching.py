"""match_model/<kind>, blocking_keys and match_edges/<kind>: which records look alike."""

from typing import Any

import dagster as dg

from partyhub_dagster.hub import Run
from partyhub_dagster.lake.tables import BLOCKING_KEYS, MATCH_EDGES, MATCH_MODELS
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.orchestration.lake_asset import AssetShape, counts_of, lake_asset


def matching_assets(kinds: list[Kind]) -> list[dg.AssetsDefinition]:
    """List the assets of matching for the kinds that a hub masters."""
    return [*(_model(kind) for kind in kinds), _blocking_keys(kinds), *(_edges(kind) for kind in kinds)]


def _model(kind: Kind) -> dg.AssetsDefinition:
    shape = AssetShape(
        key=("match_model", kind),
        promise=f"A frozen model weighs pairs of kind {kind}: shipped weights first, trained once there are records"
        " enough, then kept until somebody activates another.",
        table=MATCH_MODELS,
        group="matching",
        deps=["normalized_parties"],
        package="matching",
        kinds=frozenset({"ducklake", "splink"}),
        rows=f"(from match_models where kind = '{kind}')",
    )

    def ensure(run: Run) -> dict[str, Any]:
        stored = run.ensure_model(kind)
        return {
            "version": stored.model.version,
            "origin": stored.origin,
            "trained_records": stored.trained_records,
        }

    return lake_asset(shape, ensure)


def _blocking_keys(kinds: list[Kind]) -> dg.AssetsDefinition:
    shape = AssetShape(
        key=("blocking_keys",),
        promise="Records that share a key are compared; full runs, deltas and questions take their pairs from here.",
        table=BLOCKING_KEYS,
        group="matching",
        deps=["normalized_parties", *(dg.AssetKey(["match_model", kind]) for kind in kinds)],
        package="matching",
    )

    def block(run: Run) -> dict[str, int]:
        return {f"{kind}/{name}": n for kind in kinds for name, n in counts_of(run.block(kind)).items()}

    return lake_asset(shape, block)


def _edges(kind: Kind) -> dg.AssetsDefinition:
    shape = AssetShape(
        key=("match_edges", kind),
        promise=f"Every pair of kind {kind} at or above `keep`, with its weight in 1/1000 bit.",
        table=MATCH_EDGES,
        group="matching",
        deps=["blocking_keys", "normalized_parties", dg.AssetKey(["match_model", kind])],
        package="matching",
        kinds=frozenset({"ducklake", "splink"}),
        rows=f"(from match_edges where kind = '{kind}')",
    )
    return lake_asset(shape, lambda run: run.score(kind))
