"""The newest result of every rule, and whether it still speaks of the hub as it is."""

from collections.abc import Mapping, Sequence
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
    return results_of(session, all_rules(config))


def results_of(session: Session, rules: Sequence[Rule]) -> list[RuleResult]:
    """List the newest result of each of the given rules; `rules` holds whole suites."""
    con, newest = session.con, _newest_changes(session)
    evaluated_as_today = _suites_evaluated_as_today(con, rules)
    accepted = "result_id in (select result_id from acceptances)"
    results = _read(con, rules, f"({_LATEST})", "dq_parts", accepted)
    of_rule = {rule.name: rule for rule in rules}
    return [
        replace(result, stale=moved or result.suite not in evaluated_as_today)
        for result in results
        for moved in [any(newest.get(table, 0) > result.seen_epoch for table in of_rule[result.rule].reads)]
    ]


def results_written(
    con: duckdb.DuckDBPyConnection, rules: Sequence[Rule], rows: str, parts: str
) -> list[RuleResult]:
    """List results out of the temp tables that were written to dq_results and dq_parts: nothing is newer."""
    return _read(con, rules, rows, parts, "false")


def _read(
    con: duckdb.DuckDBPyConnection, rules: Sequence[Rule], rows: str, parts: str, accepted: str
) -> list[RuleResult]:
    columns = ", ".join(_READ)
    found = {
        row[0]: row
        for row in con.execute(
            f"select {columns}, epoch_ms(checked_at) as checked_ms, {accepted} as accepted from {rows}"
        ).fetchall()
    }
    of_result: dict[UUID, list[ResultPart]] = {}
    for result_id, *part in con.execute(
        f"select result_id, part, rows_checked, rows_failed, measured from {parts}"
        f" semi join {rows} using (result_id) order by measured desc, part"
    ).fetchall():
        of_result.setdefault(result_id, []).append(ResultPart(*part))
    return [_result(rule, found[rule.name], of_result) for rule in rules if rule.name in found]


_READ = (
    "rule", "result_id", "rows_checked", "rows_failed", "measured", "threshold", "passed", "sample", "run_id",
    "seen_epoch",
)  # fmt: skip
_LATEST = """
    from dq_results semi join (select rule, max(epoch) as epoch from dq_results group by rule) using (rule, epoch)
"""


def _newest_changes(session: Session) -> dict[str, int]:
    """Return the epoch of the newest change by table.

    What people decide while a run is at work is for the next run: it stands against no release of this one.
    """
    con, newest = session.con, dict(session.changes().newest)
    consumed = con.execute("select max(watermark) from watermarks where stage = 'party_clusters'").fetchone()
    if consumed and consumed[0] is not None and newest.get("decisions", 0) > consumed[0]:
        row = con.execute(f"select max(epoch) from decisions where epoch <= {consumed[0]}").fetchone()
        newest["decisions"] = int(row[0] or 0) if row else 0
    return newest


def _suites_evaluated_as_today(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> set[Suite]:
    held = dict(con.execute("select stage, fingerprint from watermarks").fetchall())
    suites = {rule.suite for rule in rules}
    return {
        suite
        for suite in suites
        if held.get(stage_name(suite)) == suite_fingerprint(rule for rule in rules if rule.suite == suite)
    }


def _result(rule: Rule, row: tuple[Any, ...], parts: Mapping[UUID, Sequence[ResultPart]]) -> RuleResult:
    held = dict(zip((*_READ, "checked_ms", "accepted"), row, strict=True))
    checked_at = datetime.fromtimestamp(held.pop("checked_ms") / 1_000, tz=UTC)
    held["sample"] = tuple(held["sample"])
    return RuleResult(
        **held,
        suite=rule.suite,
        severity=rule.severity,
        asset=rule.asset,
        description=rule.description,
        checked_at=checked_at,
        stale=False,
        parts=tuple(parts.get(held["result_id"], ())),
    )
