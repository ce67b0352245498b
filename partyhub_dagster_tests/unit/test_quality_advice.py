"""Every rule of a hub says what its failure means, and sends people to commands that exist."""

from pathlib import Path

from partyhub_dagster.config import load_config
from partyhub_dagster.quality import all_rules
from partyhub_dagster.quality.advice import ADVICE, advice_on
from partyhub_dagster_tests.unit.quality_world import HUB_YAML
from partyhub_dagster_tests.unit.test_docs_commands import commands_in, problem_of, readings


def test_every_rule_has_its_advice_and_every_advice_a_rule(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(HUB_YAML)
    rules = all_rules(load_config(tmp_path / "hub.yaml"))
    told = [advice_on(rule.name) for rule in rules]
    assert all(
        text.endswith(".") and text[0] in "`ABCDEFGHIJKLMNOPQRSTUVWXYZ" for pair in told for text in pair
    )
    assert {rule.name.partition(":")[0] for rule in rules} == set(ADVICE)


def test_every_command_in_an_advice_exists() -> None:
    lines = [line for advice in ADVICE.values() for line in commands_in(advice.next_step)]
    assert len(lines) > 5
    assert [
        (line, problem) for line in lines for words in readings(line) if (problem := problem_of(words))
    ] == []
