"""The newest result of every rule, and whether it still speaks of the hub as it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.session import Session
from partyhub_dagster.quality.rule import CheckedAsset, Rule, Severity, Suite
from partyhub_dagster.quality.rules import all_rules
from partyhub_dagster.quality.suites import stage_name, suite_fingerprint


@dataclass(frozen=True, slots=True)
class ResultPart:
    """What a rule measured in one part: a source, SOURCE.COLUMN or an attribute."""

    part: str
    rows_checked: int
    rows_failed: int
    measured: float | None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What the newest evaluation of a rule found.

    `stale`: a table that the rule reads, or the rules of its suite, have changed since. `accepted`: a person let
    this very result pass.
    """

    result_id: UUID
    rule: str
    suite: Suite
    severity: Severity
    asset: CheckedAsset
    description: str
    rows_checked: int
    rows_failed: int
    measured: float | None
    threshold: float | None
    passed: bool
    sample: tuple[UUID, ...]
    run_id: str
    seen_epoch: int
    checked_at: datetime
    stale: bool
    accepted: bool
    parts: tuple[ResultPart, ...] = ()
    """What failed, part by part and the worst first, where the rule measures parts."""


def latest_results(session: Session, config: HubConfig) -> list[RuleResult]:
    """List the newest result of every rule of today; a rule that was never evaluated is absent.

    Reads, at head, dq_results, acceptances, watermarks and the epochs of the tables that rules read.
    """
    return results_of(session.con, all_rules(config))


def results_of(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> list[RuleResult]:
    """List the newest result of each of the given rules; `rules` holds whole suites."""
    newest = _newest_changes(con, rules)
    evaluated_as_today = _suites_evaluated_as_today(con, rules)
    rows = {row[0]: row[1:] for row in con.execute(_LATEST).fetchall()}
    parts = _parts(con)
    results = []
    for rule in rules:
        if rule.name not in rows:
            continue
        seen_epoch = rows[rule.name][-1]
        moved = any(newest[table] > seen_epoch for table in rule.reads)
        found = _result(rule, rows[rule.name], stale=moved or rule.suite not in evaluated_as_today)
        results.append(replace(found, parts=tuple(parts.get(found.result_id, ()))))
    return results


def _parts(con: duckdb.DuckDBPyConnection) -> dict[UUID, list[ResultPart]]:
    found: dict[UUID, list[ResultPart]] = {}
    query = (
        "select result_id, part, rows_checked, rows_failed, measured from dq_parts"
        f" semi join ({_LATEST}) using (result_id) order by measured desc, part"
    )
    for result_id, *part in con.execute(query).fetchall():
        found.setdefault(result_id, []).append(ResultPart(*part))
    return found


_LATEST = """
    with newest as (
        select rule, max(epoch) as epoch from dq_results group by rule
    )
    select
        rule, result_id, rows_checked, rows_failed, measured, threshold, passed, sample, run_id,
        epoch_ms(checked_at) as checked_ms, result_id in (select result_id from acceptances) as accepted, seen_epoch
    from dq_results
    semi join newest using (rule, epoch)
"""


def _newest_changes(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> dict[str, int]:
    """Return, for every table that a rule reads, the epoch in which a row was last written or deleted."""
    tables = sorted({table for rule in rules for table in rule.reads})
    written = " union all ".join(
        f"select '{t}' as name, max(epoch) as epoch from {t} where {_CONSUMED if t == 'decisions' else 'true'}"
        for t in tables
    )
    removed = "select table_name as name, max(epoch) as epoch from removed_keys group by table_name"
    found = con.execute(
        f"select name, coalesce(max(epoch), 0) from ({written} union all {removed}) group by name"
    )
    return {str(name): int(epoch) for name, epoch in found.fetchall()}


_CONSUMED = "epoch <= coalesce((select max(watermark) from watermarks where stage = 'party_clusters'), epoch)"
"""What people decide while a run is at work is for the next run; it stands against no release of this one."""


def _suites_evaluated_as_today(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> set[Suite]:
    held = dict(con.execute("select stage, fingerprint from watermarks").fetchall())
    suites = {rule.suite for rule in rules}
    return {
        suite
        for suite in suites
        if held.get(stage_name(suite)) == suite_fingerprint(rule for rule in rules if rule.suite == suite)
    }


def _result(rule: Rule, row: tuple[Any, ...], *, stale: bool) -> RuleResult:
    (
        result_id,
        checked,
        failed,
        measured,
        threshold,
        passed,
        sample,
        run_id,
        checked_ms,
        accepted,
        seen_epoch,
    ) = row
    return RuleResult(
        result_id=result_id,
        rule=rule.name,
        suite=rule.suite,
        severity=rule.severity,
        asset=rule.asset,
        description=rule.description,
        rows_checked=checked,
        rows_failed=failed,
        measured=measured,
        threshold=threshold,
        passed=passed,
        sample=tuple(sample),
        run_id=run_id,
        seen_epoch=seen_epoch,
        checked_at=datetime.fromtimestamp(checked_ms / 1_000, tz=UTC),
        stale=stale,
        accepted=accepted,
    )
