"""What a frame of results must be before it enters the log: the last place where a value could slip in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from partyhub_dagster.errors import InvariantError
from partyhub_dagster.quality.rule import SAMPLE_SIZE, SUITES

if TYPE_CHECKING:
    import pandas as pd


def check_results(frame: "pd.DataFrame", rules: Sequence[str]) -> "pd.DataFrame":
    """Return the frame, validated: one result for each of `rules`, counts that agree, samples of ids only.

    Raises:
        InvariantError: a rule's query gave what no rule may give; the message holds names of rules and columns.
    """
    import pandera.errors

    try:
        checked: pd.DataFrame = _schema(rules).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        found = sorted(
            {f"{column}: {check}" for column, check in zip(cases["column"], cases["check"], strict=True)}
        )
        raise InvariantError(
            f"Results of checks are not well formed ({'; '.join(found)}); none was recorded.",
            remedy="Correct the query of the rule in partyhub_dagster/quality.",
        ) from None  # the cause quotes the offending cells
    return checked


def _schema(rules: Sequence[str]) -> Any:
    import pandera.pandas as pa

    count = pa.Check.ge(0)
    return pa.DataFrameSchema(
        {
            "rule": pa.Column(str, pa.Check.isin(rules), unique=True),
            "suite": pa.Column(str, pa.Check.isin(SUITES)),
            "severity": pa.Column(str, pa.Check.isin(["block", "warn"])),
            "rows_checked": pa.Column("int64", count),
            "rows_failed": pa.Column("int64", count),
            "measured": pa.Column(float, nullable=True),
            "threshold": pa.Column(float, nullable=True),
            "passed": pa.Column(bool),
            "sample": pa.Column(object, pa.Check(_is_sample, element_wise=True, name="is a sample of ids")),
        },
        checks=[
            pa.Check(lambda f: len(f) == len(rules), name="has a result for every rule"),
            pa.Check(_agrees, name="passes exactly when no row fails, where there is no threshold"),
            pa.Check(
                lambda f: f["threshold"].notna() | f["measured"].isna(), name="measures against a threshold"
            ),
        ],
        strict=True,
    )


def _agrees(frame: "pd.DataFrame") -> "pd.Series[bool]":
    return frame["threshold"].notna() | (frame["passed"] == (frame["rows_failed"] == 0))


def _is_sample(value: object) -> bool:
    return isinstance(value, list) and len(value) <= SAMPLE_SIZE and all(isinstance(v, UUID) for v in value)
