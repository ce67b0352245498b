"""The three suites as asset checks: one step per suite, one result per rule."""

import re
from collections.abc import Iterator

import dagster as dg

from partyhub_dagster.config import HubConfig
from partyhub_dagster.orchestration.lake_asset import LAKE_POOL
from partyhub_dagster.orchestration.resources import HubResource
from partyhub_dagster.orchestration.scrubber import attempt
from partyhub_dagster.quality.results import RuleResult
from partyhub_dagster.quality.rule import SUITES, Rule, Suite
from partyhub_dagster.quality.suites import suite_rules

_LAST_ASSET = {"source": "source_parties", "mastering": "party_clusters", "golden": "golden_parties"}
"""Suite -> the asset after which it is evaluated.

Only a check on that asset can block inside a run: one on an earlier asset would hold up the assets that the suite
itself waits for. The gate of the release looks at all of them.
"""


def suite_checks(config: HubConfig) -> list[dg.AssetChecksDefinition]:
    """List the multi-asset check of every suite."""
    return [_suite_check(config, suite) for suite in SUITES]


def check_name(rule: str) -> str:
    """Return a rule's name as Dagster takes it: key_is_unique:source_parties is key_is_unique__source_parties."""
    return re.sub("[^A-Za-z0-9_]", "_", rule.replace(":", "__"))


def _suite_check(config: HubConfig, suite: Suite) -> dg.AssetChecksDefinition:
    rules = suite_rules(config, suite)

    @dg.multi_asset_check(
        name=f"{suite}_suite",
        specs=[spec for rule in rules for spec in _specs(config, rule)],
        description=f"Evaluates the {suite} suite and records its results in dq_results.",
        can_subset=True,
        pool=LAKE_POOL,
    )
    def evaluate(context: dg.AssetCheckExecutionContext, hub: HubResource) -> Iterator[dg.AssetCheckResult]:
        results = attempt(hub, f"check {suite}", lambda run: run.check(suite))
        failed = sum(not result.passed for result in results)
        context.log.info("%s suite: %d rules hold, %d do not", suite, len(results) - failed, failed)
        by_name = {check_name(result.rule): result for result in results}
        for key in sorted(context.selected_asset_check_keys, key=lambda k: (k.asset_key.path, k.name)):
            yield _shown(key, by_name[key.name])

    return evaluate


def _asset_keys(config: HubConfig, rule: Rule) -> list[dg.AssetKey]:
    if rule.asset == "match_edges":  # one table, an asset per kind
        return [dg.AssetKey([rule.asset, kind]) for kind in config.kinds]
    return [dg.AssetKey(rule.asset)]


def _specs(config: HubConfig, rule: Rule) -> list[dg.AssetCheckSpec]:
    holds_back = rule.severity == "block"
    return [
        dg.AssetCheckSpec(
            check_name(rule.name),
            asset=key,
            description=f"{rule.description} {'Holds back a release.' if holds_back else 'Warns only.'}",
            blocking=holds_back and rule.asset == _LAST_ASSET[rule.suite],
            metadata={
                "suite": rule.suite,
                "severity": rule.severity,
                "rule": rule.name,
                "reads": list(rule.reads),
            },
        )
        for key in _asset_keys(config, rule)
    ]


def _shown(key: dg.AssetCheckKey, result: RuleResult) -> dg.AssetCheckResult:
    """Return what Dagster shows of a result: counts and ids. A failure that a person accepted warns only."""
    blocks = result.severity == "block" and not result.accepted
    bounds = {"measured": result.measured, "threshold": result.threshold}
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description=None if result.passed else _remedy(result),
        metadata={
            "rows_checked": result.rows_checked,
            "rows_failed": result.rows_failed,
            "accepted": result.accepted,
            "evaluated_in_run": result.run_id,
            **{name: figure for name, figure in bounds.items() if figure is not None},
            **({"parts": _parts(result)} if result.parts else {}),
            **({"sample": ", ".join(str(id_) for id_ in result.sample)} if result.sample else {}),
        },
    )


def _parts(result: RuleResult) -> dg.TableMetadataValue:
    """Return what failed part by part: names of sources, columns and attributes, and counts."""
    columns = [dg.TableColumn("part"), *(dg.TableColumn(c, "int") for c in ("rows_failed", "rows_checked"))]
    return dg.TableMetadataValue(
        [
            dg.TableRecord({"part": p.part, "rows_failed": p.rows_failed, "rows_checked": p.rows_checked})
            for p in result.parts
        ],
        dg.TableSchema(columns),
    )


def _remedy(result: RuleResult) -> str:
    what = f"{result.rows_failed:,} of {result.rows_checked:,} rows break it."
    if result.accepted:
        return f"{what} A person accepted this state."
    if result.severity == "warn":
        return what
    return (
        f"{what} No release until it holds: `partyhub show ID` shows a record of the sample; correct the data or"
        f" hub.yaml and build again, or accept this state: `partyhub release --accept {result.rule} --reason TEXT`."
    )
