"""What a comparison is: a ladder of levels, each an SQL condition on two feature rows.

A pair falls on the first level whose condition holds. Columns end in `_l` and `_r`; `ph_*` are the macros that
`features` defines. Only names and numbers of levels enter a model, the conditions come from code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Weights = Mapping[str, Mapping[str, tuple[float, float]]]
"""Comparison -> level -> (m, u): how often true pairs, and random pairs, fall on the level."""


@dataclass(frozen=True, slots=True)
class Level:
    """One rung: `sql` None means everything else.

    `tf` names the column whose value's frequency shifts the weight, by the share `tf_weight` of the bits between
    it and the average: a shared rare name says more than a shared common one.
    `fixed` keeps the shipped weight in training, where data without labels would teach the wrong one.
    """

    name: str
    sql: str | None = None
    tf: str | None = None
    tf_weight: float = 1.0
    fixed: bool = False
    is_null: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A ladder. `needs` are record columns without which (all empty) the comparison is of no use."""

    name: str
    needs: tuple[str, ...]
    levels: tuple[Level, ...]

    @property
    def weighted(self) -> tuple[Level, ...]:
        """The levels that carry a weight: all but the null level, on which nothing is known."""
        return tuple(level for level in self.levels if not level.is_null)


def case_of(comparison: Comparison, values: Iterable[str]) -> str:
    """Return the SQL that gives a pair the value of its level; the last level must be everything else."""
    rungs = [
        f"when {level.sql} then {value}" if level.sql else f"else {value}"
        for level, value in zip(comparison.levels, values, strict=True)
    ]
    return f"case {' '.join(rungs)} end"


def splink_comparison(
    comparison: Comparison, weights: Mapping[str, tuple[float, float]], *, with_tf: bool = True
) -> dict[str, Any]:
    """Return the comparison in Splink's terms, with the given (m, u) on its levels."""
    return {
        "output_column_name": comparison.name,
        "comparison_levels": [
            _splink_level(comparison, level, weights.get(level.name), with_tf=with_tf)
            for level in comparison.levels
        ],
    }


def tf_column(comparison: Comparison, level: Level) -> str:
    """Name the feature that carries the level's frequency, scaled to the level's u (see `features`).

    One per level: Splink compares a frequency with the u of a level that says no more than "equal", which a
    ladder does not have.
    """
    return f"{comparison.name}__{level.name}"


def _splink_level(
    comparison: Comparison, level: Level, weight: tuple[float, float] | None, *, with_tf: bool
) -> dict[str, Any]:
    made: dict[str, Any] = {"sql_condition": level.sql or "ELSE", "label_for_charts": level.name}
    if level.is_null:
        return made | {"is_null_level": True}
    if weight is not None:
        made |= {"m_probability": weight[0], "u_probability": weight[1]}
    if level.fixed:
        made |= {"fix_m_probability": True, "fix_u_probability": True}
    if with_tf and level.tf is not None:
        made |= {
            "tf_adjustment_column": tf_column(comparison, level),
            "tf_adjustment_weight": level.tf_weight,
            "disable_tf_exact_match_detection": True,
        }
    return made
