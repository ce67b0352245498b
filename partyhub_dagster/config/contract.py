"""What a source has promised of its deliveries; one that breaks it is refused whole."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from partyhub_dagster.config.section import Section, wrong

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class ColumnContract(Section):
    """What a source has promised of one column."""

    required: bool = True
    """Whether every delivery has the column."""
    type: Literal["text", "integer", "number", "date", "timestamp", "boolean"] = "text"
    """What its values are; dates and times as ISO 8601."""
    min: float | date | None = None
    """Smallest value: a number or a date, by type."""
    max: float | date | None = None
    """Largest value: a number or a date, by type."""
    values: tuple[str, ...] = ()
    """Values that it may have; left out: any."""
    pattern: str | None = None
    """Regular expression that a value as a whole matches."""
    max_null_share: Share = 1
    """Rows that may have no value."""
    max_broken_share: Share = 0
    """Values that may break type, range, values or pattern."""

    @model_validator(mode="after")
    def _bounds_fit_the_type(self) -> Self:
        wanted = {"integer": float, "number": float, "date": date, "timestamp": date}.get(self.type)
        for key in ("min", "max"):
            bound = getattr(self, key)
            if bound is not None and (wanted is None or not isinstance(bound, wanted)):
                problem = f"a bound does not fit type {self.type}"
                raise wrong(problem, "Write a number for numbers, YYYY-MM-DD for dates and times", at=(key,))
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error:
                raise wrong(
                    "this is no regular expression", "Write one, such as [A-Z]{2}[0-9]+", at=("pattern",)
                ) from None
        return self


class Contract(Section):
    """What a source has promised; left out parts are not checked."""

    columns: dict[str, ColumnContract] = Field(default_factory=dict)
    """Promises by column of the file."""
    extra_columns: bool = True
    """Whether a file may have columns that neither the contract nor the source names."""
    min_rows: Count | None = None
    """Fewest rows of a delivery."""
    max_rows: Count | None = None
    """Most rows of a delivery."""
    max_row_change: Annotated[float, Field(ge=0)] | None = None
    """By which share rows may differ from the mean of the last ten deliveries; 0.5 is half as many more or less."""
    max_age_hours: Annotated[float, Field(gt=0)] | None = None
    """How old the newest event time of a delivery may be when it is loaded; without event times, the file."""
