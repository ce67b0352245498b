"""A suite as a stage: its name among the watermarks, its rules, and what its results depend on besides data."""

import hashlib
from collections.abc import Iterable
from dataclasses import astuple

from partyhub_dagster.config import HubConfig
from partyhub_dagster.quality.rule import Rule, Suite
from partyhub_dagster.quality.rules import all_rules


def stage_name(suite: Suite) -> str:
    """Return the name of the suite's stage."""
    return f"checks/{suite}"


def suite_rules(config: HubConfig, suite: Suite) -> list[Rule]:
    """List the rules of one suite."""
    return [rule for rule in all_rules(config) if rule.suite == suite]


def suite_fingerprint(rules: Iterable[Rule]) -> str:
    """Hash the rules with their queries: code, thresholds and attributes are all in there."""
    return hashlib.sha256(repr([astuple(rule) for rule in rules]).encode()).hexdigest()
