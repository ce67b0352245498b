"""The list of all rules of a hub."""

from partyhub_dagster.config import HubConfig
from partyhub_dagster.quality.delivery_rules import delivery_rules
from partyhub_dagster.quality.golden_rules import golden_rules
from partyhub_dagster.quality.impact_rules import impact_rules
from partyhub_dagster.quality.key_rules import key_rules
from partyhub_dagster.quality.mastering_rules import mastering_rules
from partyhub_dagster.quality.rule import SUITES, Rule
from partyhub_dagster.quality.source_rules import source_rules


def all_rules(config: HubConfig) -> list[Rule]:
    """List every rule of a hub, suite by suite; names are unique."""
    rules = [
        *source_rules(config),
        *delivery_rules(config),
        *mastering_rules(config),
        *golden_rules(config),
        *impact_rules(config),
        *key_rules(config),
    ]
    return [rule for suite in SUITES for rule in rules if rule.suite == suite]
