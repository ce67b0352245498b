"""Which merges are offered to people for review."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from partyhub_dagster.config.section import Section, wrong
from partyhub_dagster.config.semantics import Kind


class ReviewBand(Section):
    """Mean weights, in bits, between which a merge is in doubt."""

    low: float = -4
    """Merges refused at a mean weight below this are not offered."""
    high: float = 6
    """Merges made at a mean weight above this are not offered."""

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        if self.low >= self.high:
            raise wrong(
                f"low ({self.low:g}) is not below high ({self.high:g})", "Write low < high", at=("low",)
            )
        return self


class Review(Section):
    """Merges, made or refused, that `partyhub review` offers; it changes no party by itself."""

    person: ReviewBand = ReviewBand()
    """The band of persons."""
    organization: ReviewBand = ReviewBand()
    """The band of organizations."""
    most: Annotated[int, Field(ge=1)] = 500
    """Merges offered at a time, those of the highest expected value."""

    def of(self, kind: Kind) -> ReviewBand:
        """The band of one kind."""
        return self.person if kind == "person" else self.organization
