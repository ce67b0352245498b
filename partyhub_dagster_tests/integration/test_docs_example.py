"""The example in docs/concepts.md is what really comes out."""

import json
import re
from pathlib import Path

import pytest

from partyhub_dagster_tests.factories import build, deliver, make_hub
from partyhub_dagster_tests.program import Program

PAGE = (Path(__file__).parents[2] / "docs" / "concepts.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_gives_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub(tmp_path, blocks("yaml")[0])
    for name, rows in zip(("crm/1.csv", "shop/1.csv"), blocks("csv"), strict=True):
        deliver(hub, name, rows)
    released = build(hub).release
    assert released is not None
    assert (released.counts["records"], released.counts["parties"]) == (4, 2)

    partyhub = Program(monkeypatch, capsys).on(hub).say
    assert blocks("text")[0] in partyhub("show", "shop:a7")
    pair = json.loads(partyhub("explain", "crm:17", "shop:a7", "--json"))
    levels = {held["name"]: round(held["weight"]) for held in pair["comparisons"]}
    assert (levels["birth_date"], levels["email"]) == (11, 11)
    assert levels["name"] > 0 > levels["address"]
