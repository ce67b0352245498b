"""The figures as last measured, and how often the reported halves were read: both are committed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.accuracy.sets import REST

HALVES = ("choose", REST, "report")
"""What figures are of, in the order of the page."""

FIGURES = Path(__file__).with_name("figures.json")
READINGS = Path(__file__).with_name("readings.json")


def load(file: Path) -> Any:
    """Read what was kept."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def keep_figures(name: str, tool: str, found: dict[str, Any]) -> None:
    """Keep the figures of a set; of a half that was not read now, those of before, unless the tool failed now."""
    figures = load(FIGURES)
    tools = figures.setdefault(name, {})
    before = {} if "error" in found else tools.get(tool, {})
    tools[tool] = {half: of for half, of in before.items() if half in HALVES} | found
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def count_reading(name: str, why: str) -> None:
    """Write down that the reported half of a set was read."""
    readings = load(READINGS)
    readings.setdefault(name, []).append({"when": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "why": why})
    READINGS.write_text(json.dumps(readings, indent=1, sort_keys=True) + "\n", encoding="utf-8")
