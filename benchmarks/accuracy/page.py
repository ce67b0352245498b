"""docs/accuracy.md: the measured tables, between the marks; the words around them are written by hand."""

from pathlib import Path
from typing import Any

from benchmarks.accuracy.readings import FIGURES, HALVES, READINGS, load
from benchmarks.accuracy.sets import SETS

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
HUB = "partyhub"


def write_page() -> None:
    """Put the tables of the figures that are kept into the page."""
    put_into_page("figures", figures_table())
    put_into_page("readings", _readings())


def put_into_page(name: str, table: str) -> None:
    """Put a table between its marks in the page."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n{table}{end}{after}", encoding="utf-8")


def figures_table() -> str:
    """Return the table of the figures that are kept."""
    figures = load(FIGURES)
    lines = [
        "| set | tool | half | precision | recall | F1 | B-cubed F1 | blocking recall | pairs each | seconds | MB |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for labelled in SETS:
        tools = figures.get(labelled.name, {})
        for tool in sorted(tools, key=lambda name: (name != HUB, name)):
            lines.extend(_rows(labelled.name, tool, tools[tool]))
    return "\n".join(lines) + "\n"


def _rows(name: str, tool: str, held: dict[str, Any]) -> list[str]:
    tool = f"{tool} ({held['version']})" if "version" in held else tool
    halves = [half for half in HALVES if half in held]
    if not halves:
        return [f"| {name} | {tool} | could not be run: {held['error']} |{' |' * 8}"]
    if "error" in held:
        tool = f"{tool}, in part: {held['error']}"
    return [_row(name, tool, half, held) for half in halves]


def _row(name: str, tool: str, half: str, held: dict[str, Any]) -> str:
    of = held[half]
    pairs = of["pairs"]
    cells = [
        name, tool, half, _short(pairs["precision"]), _short(pairs["recall"]), f"**{_short(pairs['f1'])}**",
        _short(of["bcubed"]["f1"]), _short(of.get("blocking_recall")), held.get("pairs_per_record", ""),
        held["seconds"], held["peak_mb"],
    ]  # fmt: skip
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _short(share: float | None) -> str:
    return "" if share is None else f"{share:.4f}"


def _readings() -> str:
    lines = ["| set | readings of the reported half | why |", "|---|---:|---|"]
    for name, held in sorted(load(READINGS).items()):
        lines.append(f"| {name} | {len(held)} | {'; '.join(reading['why'] for reading in held)} |")
    return "\n".join(lines) + "\n"
