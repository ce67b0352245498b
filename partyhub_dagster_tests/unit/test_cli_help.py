"""Help fits a terminal of 80 columns: no command's summary is cut."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from partyhub_dagster.cli.app import app

_LEFT = len("  quarantine  ")


def groups(command: Any) -> Iterator[Any]:
    if hasattr(command, "commands"):
        yield command
        for held in command.commands.values():
            yield from groups(held)


@pytest.mark.parametrize("group", list(groups(typer.main.get_command(app))), ids=lambda group: group.name)
def test_no_summary_of_a_command_is_cut(group: Any) -> None:
    summaries = {name: held.get_short_help_str(80 - _LEFT) for name, held in group.commands.items()}
    assert {name: text for name, text in summaries.items() if not text or text.endswith("...")} == {}


def test_a_long_summary_would_be_cut() -> None:
    sentence = " ".join(["word"] * 40)
    held = typer.main.get_command(app).__class__(name="x", help=sentence)
    assert held.get_short_help_str(80 - _LEFT).endswith("...")
