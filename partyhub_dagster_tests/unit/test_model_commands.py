"""What `partyhub train` and `partyhub model` tell of models, and what they refuse."""

import re
from pathlib import Path

import pytest

from partyhub_dagster.errors import ModelError
from partyhub_dagster.hub import Hub
from partyhub_dagster.matching.registry import compare
from partyhub_dagster.matching.train import default_model
from partyhub_dagster_tests.factories import copy_hub
from partyhub_dagster_tests.program import Program


@pytest.fixture
def hub(history_hub: Hub, tmp_path: Path) -> Hub:
    return copy_hub(history_hub, tmp_path / "copy")


@pytest.fixture
def partyhub(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(monkeypatch, capsys).on(hub)


def versions(partyhub: Program) -> dict[str, str]:
    return {model["kind"]: model["version"] for model in partyhub.answer("model", "list")}


def test_the_card_of_a_model_is_shown_by_the_beginning_of_its_version(partyhub: Program) -> None:
    version = versions(partyhub)["person"]
    told = partyhub.say("model", "show", version[:6])
    assert "shipped" in told
    assert "birth_date (shipped): same +11.0" in told
    card = partyhub.answer("model", "show", version)
    assert card["kind"] == "person"
    assert card["warnings"]


def test_a_candidate_stands_beside_the_active_model(
    hub: Hub, partyhub: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "the same content" in partyhub.say("train", "--kind", "person", "--compare")
    before = versions(partyhub)["person"]
    written = (hub.config.root / "hub.yaml").read_text(encoding="utf-8")
    changed = tmp_path / "hub.yaml"
    changed.write_text(f"{written}\nmatching: {{person: {{thresholds: {{link: 3}}}}}}\n", encoding="utf-8")
    monkeypatch.setenv("PARTYHUB_CONFIG", str(changed))
    told = partyhub.say("train", "--kind", "person", "--compare")
    assert "link: -2 -> 3" in told
    (version,) = re.findall(r"model (\w+) of", told)
    compared = partyhub.answer("model", "compare", before, version)
    assert compared["thresholds_changed"] == {"link": [-2, 3]}
    assert compared["one_party_by_both"] > 0
    assert compared["pairs_changed_most"] == []


def test_models_of_two_kinds_are_not_compared(hub: Hub) -> None:
    with hub.run() as run, pytest.raises(ModelError, match="nothing was compared"):
        compare(run.session, default_model("person"), default_model("organization"))


@pytest.mark.parametrize("version", ["", "zzz"])
def test_a_version_that_names_no_model_is_refused(partyhub: Program, version: str) -> None:
    assert "partyhub model list" in partyhub.refusal("model", "show", version)
