"""Whether the hub may be believed: rules in three suites, their recorded results, and who let a failure pass.

Belongs here: the rules and their SQL, evaluating a suite, the newest results, what stands against a release,
acceptances. Not here: making or mending data (the stages do), when checks run and how Dagster shows them
(`orchestration`), the release itself (`lake`).

A rule is one query that gives one row. Results hold counts, shares and ids, never a record's values.
"""

from partyhub_dagster.quality.evaluate import evaluate_suites
from partyhub_dagster.quality.gate import Objection, accept, objections_in
from partyhub_dagster.quality.results import RuleResult, latest_results
from partyhub_dagster.quality.rule import SUITES, CheckedAsset, Rule, Severity, Suite
from partyhub_dagster.quality.rules import all_rules

__all__ = [
    "SUITES",
    "CheckedAsset",
    "Objection",
    "Rule",
    "RuleResult",
    "Severity",
    "Suite",
    "accept",
    "all_rules",
    "evaluate_suites",
    "latest_results",
    "objections_in",
]
