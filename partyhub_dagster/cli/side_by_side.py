"""Two sides beside each other on the terminal, and the key that somebody presses."""

import sys
from collections.abc import Iterable
from typing import Any

import typer

from partyhub_dagster.cli.printing import say_table

_VALUES = 4
_WIDTH = 44
Side = list[dict[str, Any]]
"""Records of one side, as `told_records` has them."""


def say_sides(attributes: Iterable[str], left: Side, right: Side) -> None:
    """Print what both sides hold, by attribute: `=` marks a value in common, `≠` that there is none."""
    rows = [("", "these", "and these"), ("", _names(left), _names(right))]
    for name in attributes:
        one, other = _values(left, name), _values(right, name)
        if one or other:
            rows.append((f"{_mark(one, other)} {name}", _cell(one), _cell(other)))
    say_table(rows)


def read_key() -> str:
    """Read one key where a person types, else the first letter of a line; "" at the end."""
    if sys.stdin.isatty():
        return str(typer.getchar()).lower()
    line = sys.stdin.readline()
    return (line.strip() or ("s" if line else ""))[:1].lower()


def _names(side: Side) -> str:
    keys = [record["key"] for record in side]
    return _cut(", ".join(keys[:2]) + (f" and {len(keys) - 2} more" if len(keys) > 2 else ""))


def _values(side: Side, name: str) -> list[str]:
    return list(dict.fromkeys(value for record in side for value in record["values"].get(name, [])))


def _mark(left: list[str], right: list[str]) -> str:
    if not left or not right:
        return " "
    same = {value.casefold() for value in left} & {value.casefold() for value in right}
    return "=" if same else "≠"


def _cell(values: list[str]) -> str:
    more = f" (+{len(values) - _VALUES})" if len(values) > _VALUES else ""
    return _cut("; ".join(values[:_VALUES]) + more)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
