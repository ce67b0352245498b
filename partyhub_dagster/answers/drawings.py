"""Drawings for a page, as SVG: what makes a weight, and who is tied to whom. No script, nothing from outside."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LEFT, _ROW = 760, 250, 26
_MOST_WEIGHTS = 8
"""Lines of a graph that show their weight; of more, only the weakest link and those that lead elsewhere do."""
_MOST_LINES = 400
"""Lines of a graph: beyond it, the weakest are left out, and the page says so."""

_GAP, _LETTER = 26, 6.7
"""Of a graph the least distance downwards of two records at one side; the width of a letter of any label."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a waterfall: what is compared, what was found, and how many bits it adds."""

    name: str
    found: str
    bits: float

    @property
    def label(self) -> str:
        """What stands beside the bar."""
        return f"{self.name}: {self.found}"


def draw_waterfall(bars: Sequence[Bar], total: float, marks: Sequence[tuple[str, float]]) -> str:
    """Draw how bits add up to a weight; `marks` are thresholds as dashed lines."""
    ends = [0.0]
    for bar in bars:
        ends.append(ends[-1] + bar.bits)
    points = [*ends, total, *(bits for _, bits in marks)]
    low, high = min(points) - 1, max(points) + 1
    height = (len(bars) + 2) * _ROW + 24
    left = max(_LEFT, 20 + _LETTER * max((len(bar.label) for bar in bars), default=0))

    def x(bits: float) -> float:
        return round(left + (bits - low) / (high - low) * (_WIDTH - left - 70), 1)

    lines = [
        f'<line class="mark" x1="{x(bits)}" x2="{x(bits)}" y1="14" y2="{height - 16}"/>'
        f'<text class="small" x="{x(bits)}" y="10" text-anchor="middle">{escape(name)} {bits:+g}</text>'
        for name, bits in marks
    ]
    lines.append(f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="14" y2="{height - 16}"/>')
    for place, bar in enumerate(bars):
        lines.append(_row(place, bar, left, x(ends[place]), x(ends[place + 1])))
    lines.append(_row(len(bars), Bar("weight", "all together", total), left, x(0), x(total), "total"))
    lines.append(f'<text class="small" x="{x(0)}" y="{height - 4}" text-anchor="middle">0 bits</text>')
    return _svg(_WIDTH, height, "What makes the weight of the pair", lines)


def _row(place: int, bar: Bar, labels: float, begin: float, end: float, kind: str = "") -> str:
    y = 18 + place * _ROW
    kind = kind or ("for" if bar.bits > 0 else "against" if bar.bits < 0 else "nothing")
    left, width = min(begin, end), max(abs(end - begin), 1.5)
    return (
        f'<text x="{labels - 10}" y="{y + 15}" text-anchor="end">{escape(bar.label)}</text>'
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

    The first party stands at the left, the others at its right, one beneath the other. Nodes are numbered through all
    groups. A line is the thicker the stronger its pair; below `cut` it is dashed.
    """
    rings = [_Ring.of(group) for group in groups]
    ours, theirs = rings[0], rings[1:]
    height = max(ours.height, sum(ring.height for ring in theirs))
    spots, top = ours.spots(0, (height - ours.height) / 2), (height - sum(r.height for r in theirs)) / 2
    for ring in theirs:
        spots += ring.spots(ours.width, top)
        top += ring.height
    strongest = sorted(ties, key=lambda tie: (not tie.weakest, -tie.bits))[:_MOST_LINES]
    few = len(strongest) <= _MOST_WEIGHTS
    lines = [
        _line(spots, tie, cut, told=few or tie.weakest or max(tie.one, tie.other) >= len(groups[0]))
        for tie in reversed(strongest)
    ]
    names = [(name, "ours" if group is groups[0] else "theirs") for group in groups for name in group]
    lines += [_node(name, spot, kind) for (name, kind), spot in zip(names, spots, strict=True)]
    width = ours.width + max((ring.width for ring in theirs), default=0)
    return _svg(width, height, "Who is tied to whom", lines)


@dataclass(frozen=True, slots=True)
class _Ring:
    """Records around a circle, half of them at either side, evenly spaced downwards: so no label meets another.

    `left` and `right` are the room that labels need beside the circle.
    """

    count: int
    radius: float
    left: float
    right: float

    @classmethod
    def of(cls, names: Sequence[str]) -> "_Ring":
        half = math.ceil(len(names) / 2)
        radius = 0.0 if len(names) == 1 else max(2 * _GAP, half * _GAP / 2)
        return cls(len(names), radius, _room(names[half:]), _room(names[:half]))

    @property
    def width(self) -> float:
        return self.left + 2 * self.radius + self.right

    @property
    def height(self) -> float:
        return 2 * min(self.radius, math.ceil(self.count / 2) * _GAP / 2) + 2 * _GAP

    def spots(self, x: float, y: float) -> list[tuple[float, float, bool]]:
        """Return where the records stand, clockwise from the top, and whether at the right side."""
        half = math.ceil(self.count / 2)
        spots = []
        for place in range(self.count):
            right = place < half
            row, rows = (place, half) if right else (self.count - 1 - place, self.count - half)
            down = (2 * row + 1) / rows - 1
            aside = math.sqrt(1 - down * down) * (1 if right else -1)
            middle = x + self.left + self.radius, y + self.height / 2
            spots.append((middle[0] + self.radius * aside, middle[1] + self.radius * down, right))
        return spots


def _room(names: Sequence[str]) -> float:
    return (
        24 + max((sum(1 if c.isascii() else 2 for c in _short(name)) for name in names), default=0) * _LETTER
    )


def _line(spots: Sequence[tuple[float, float, bool]], tie: Tie, cut: float, *, told: bool) -> str:
    (x1, y1, _), (x2, y2, _) = spots[tie.one], spots[tie.other]
    kind = "weakest" if tie.weakest else "tie" if tie.bits >= cut else "tie below"
    width = 1 + max(0.0, min(tie.bits, 15.0)) / 4
    line = (
        f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke-width="{width:.1f}">'
        f"<title>{tie.bits:+.2f} bits</title></line>"
    )
    x, y = 0.62 * x1 + 0.38 * x2, 0.62 * y1 + 0.38 * y2
    label = f'<text class="small on" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{tie.bits:+.1f}</text>'
    return line + label if told else line


def _node(name: str, spot: tuple[float, float, bool], kind: str) -> str:
    x, y, right = spot
    return (
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="7"><title>{escape(name)}</title></circle>'
        f'<text class="name on" x="{x + (12 if right else -12):.1f}" y="{y + 4:.1f}"'
        f' text-anchor="{"start" if right else "end"}">{escape(_short(name))}</text>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:8]}…{name[-8:]}"


def _svg(width: float, height: float, title: str, lines: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' style="min-width: {0.8 * width:.0f}px" role="img" aria-label="{title}">'
        f"{''.join(lines)}</svg>"
    )
