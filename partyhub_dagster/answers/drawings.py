"""Drawings for a page, as SVG: what makes a weight, and who is tied to whom. No script, nothing from outside."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LEFT, _ROW = 760, 250, 26
_MOST_WEIGHTS = 15
"""Lines of a graph that show their weight; of more, only the weakest link and those that lead elsewhere do."""
_MOST_LINES = 400
"""Lines of a graph: beyond it, the weakest are left out, and the page says so."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a waterfall: what is compared, what was found, and how many bits it adds."""

    name: str
    found: str
    bits: float


def draw_waterfall(bars: Sequence[Bar], total: float, marks: Sequence[tuple[str, float]]) -> str:
    """Draw how bits add up to a weight; `marks` are thresholds as dashed lines."""
    ends = [0.0]
    for bar in bars:
        ends.append(ends[-1] + bar.bits)
    points = [*ends, total, *(bits for _, bits in marks)]
    low, high = min(points) - 1, max(points) + 1
    height = (len(bars) + 2) * _ROW + 24

    def x(bits: float) -> float:
        return round(_LEFT + (bits - low) / (high - low) * (_WIDTH - _LEFT - 70), 1)

    lines = [
        f'<line class="mark" x1="{x(bits)}" x2="{x(bits)}" y1="14" y2="{height - 16}"/>'
        f'<text class="small" x="{x(bits)}" y="10" text-anchor="middle">{escape(name)} {bits:+g}</text>'
        for name, bits in marks
    ]
    lines.append(f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="14" y2="{height - 16}"/>')
    for place, bar in enumerate(bars):
        lines.append(_row(place, bar, x(ends[place]), x(ends[place + 1])))
    lines.append(_row(len(bars), Bar("weight", "all together", total), x(0), x(total), "total"))
    lines.append(f'<text class="small" x="{x(0)}" y="{height - 4}" text-anchor="middle">0 bits</text>')
    return _svg(_WIDTH, height, "What makes the weight of the pair", lines)


def _row(place: int, bar: Bar, begin: float, end: float, kind: str = "") -> str:
    y = 18 + place * _ROW
    kind = kind or ("for" if bar.bits > 0 else "against" if bar.bits < 0 else "nothing")
    left, width = min(begin, end), max(abs(end - begin), 1.5)
    label = f"{bar.name}: {bar.found.replace('_', ' ')}"
    return (
        f'<text x="{_LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(label[:38])}</text>'
        f'<rect class="{kind}" x="{left}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 8}" rx="2"/>'
        f'<text class="small" x="{max(begin, end) + 5}" y="{y + 15}">{bar.bits:+.2f}</text>'
    )


@dataclass(frozen=True, slots=True)
class Tie:
    """A scored pair of records, by their place in the list of nodes."""

    one: int
    other: int
    bits: float
    weakest: bool = False


def draw_graph(groups: Sequence[Sequence[str]], ties: Sequence[Tie], cut: float) -> str:
    """Draw parties as rings of records, in the order given, and the scored pairs between them.

    Nodes are numbered through all groups. A line is the thicker the stronger its pair; below `cut` it is dashed.
    """
    rings = [_ring(len(group)) for group in groups]
    widths = [2 * radius + 240 for radius in rings]
    height = max(2 * radius + 110 for radius in rings)
    spots: list[tuple[float, float, float]] = []
    for place, group in enumerate(groups):
        middle = sum(widths[:place]) + widths[place] / 2
        spots += [_spot(middle, height / 2, rings[place], i, len(group)) for i in range(len(group))]
    strongest = sorted(ties, key=lambda tie: (not tie.weakest, -tie.bits))[:_MOST_LINES]
    ours, few = len(groups[0]), len(strongest) <= _MOST_WEIGHTS
    lines = [
        _line(spots, tie, cut, told=few or tie.weakest or max(tie.one, tie.other) >= ours)
        for tie in reversed(strongest)
    ]
    names = [(name, place) for place, group in enumerate(groups) for name in group]
    for (name, place), (x, y, angle) in zip(names, spots, strict=True):
        lines.append(_node(name, x, y, angle, "ours" if place == 0 else "theirs"))
    return _svg(max(sum(widths), 300), height, "Who is tied to whom", lines)


def _ring(count: int) -> float:
    return 0.0 if count == 1 else max(60.0, count * 44 / (2 * math.pi))


def _spot(x: float, y: float, radius: float, place: int, count: int) -> tuple[float, float, float]:
    angle = 2 * math.pi * place / count - math.pi / 2 + (math.pi / 2 if count == 2 else 0)
    return round(x + radius * math.cos(angle), 1), round(y + radius * math.sin(angle), 1), angle


def _line(spots: Sequence[tuple[float, float, float]], tie: Tie, cut: float, *, told: bool) -> str:
    (x1, y1, _), (x2, y2, _) = spots[tie.one], spots[tie.other]
    kind = "weakest" if tie.weakest else "tie" if tie.bits >= cut else "tie below"
    width = 1 + max(0.0, min(tie.bits, 15.0)) / 4
    line = (
        f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke-width="{width:.1f}">'
        f"<title>{tie.bits:+.2f} bits</title></line>"
    )
    x, y = 0.62 * x1 + 0.38 * x2, 0.62 * y1 + 0.38 * y2
    label = f'<text class="small on" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{tie.bits:+.1f}</text>'
    return line + label if told else line


def _node(name: str, x: float, y: float, angle: float, kind: str) -> str:
    right = math.cos(angle) > -0.01
    return (
        f'<circle class="{kind}" cx="{x}" cy="{y}" r="7"><title>{escape(name)}</title></circle>'
        f'<text class="small" x="{x + (12 if right else -12)}" y="{y + 4}"'
        f' text-anchor="{"start" if right else "end"}">{escape(_short(name))}</text>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:8]}…{name[-8:]}"


def _svg(width: float, height: float, title: str, lines: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{title}">'
        f"{''.join(lines)}</svg>"
    )
