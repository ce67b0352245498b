"""How records of one kind are compared: what hub.yaml may override, and the defaults."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from partyhub_dagster.config.section import Section, as_list, wrong
from partyhub_dagster.config.semantics import Kind

Names = Annotated[tuple[str, ...], BeforeValidator(as_list)]


class Thresholds(Section):
    """Weights, in bits, at which pairs are kept, linked, merged and capped."""

    keep: float = -8
    """Pairs below this weight are forgotten."""
    link: float = -2
    """Pairs at or above this weight connect records into components."""
    cut: float = -2
    """Clusters whose mean pair weight is below this are not merged."""
    miss: float = -4
    """What a pair that was never scored counts in a mean."""
    cap: float = 15
    """No pair counts more than this in a mean."""

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        if not self.miss < self.cut <= self.link:
            raise wrong(
                f"miss ({self.miss:g}), cut ({self.cut:g}) and link ({self.link:g}) are out of order",
                "Choose them so that miss < cut <= link, such as miss: -4, cut: -2, link: -2",
            )
        if self.keep > self.link:
            raise wrong(
                f"keep ({self.keep:g}) is above link ({self.link:g})", "Choose keep <= link", at=("keep",)
            )
        if self.cap <= max(self.link, 0):
            raise wrong(
                f"cap ({self.cap:g}) is not above link and 0", "Choose a higher cap, such as 15", at=("cap",)
            )
        return self

    def millibits(self) -> dict[str, int]:
        """The same as integers in 1/1000 bit, the unit of match_edges."""
        return {name: round(bits * 1000) for name, bits in self.model_dump().items()}


class Blocking(Section):
    """Which pairs are compared at all."""

    disable: Names = ()
    """Blocking rules not to use."""
    max_block: Annotated[int, Field(ge=2)] = 300
    """Records that may share one blocking key."""


class MatchSettings(Section):
    """Overrides for one kind."""

    thresholds: Thresholds = Thresholds()
    """Weights in bits."""
    max_part: Annotated[int, Field(ge=2)] = 500
    """Records that are clustered as a whole; larger components are split first."""
    disable: Names = ()
    """Comparisons not to use."""
    blocking: Blocking = Blocking()
    """Which pairs are compared at all."""
    on_large_block: Literal["stop_key", "stop"] = "stop_key"
    """When a block outgrows its limit: make its key a stop key in a new model version, or stop the build."""


class Matching(Section):
    """Overrides by kind."""

    person: MatchSettings = MatchSettings()
    """How persons are compared."""
    organization: MatchSettings = MatchSettings()
    """How organizations are compared."""

    def of(self, kind: Kind) -> MatchSettings:
        """The settings of one kind."""
        return self.person if kind == "person" else self.organization
