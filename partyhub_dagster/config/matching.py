"""How records of one kind are compared: what hub.yaml may override, and the defaults."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from partyhub_dagster.config.mistakes import what_to_write
from partyhub_dagster.config.section import Section, as_list, wrong
from partyhub_dagster.config.semantics import Kind

COMPARISONS = frozenset({
    "name", "name_middle", "name_suffix", "birth_date", "address", "phone", "email", "identifier", "legal_form",
    "website", "country",
})  # fmt: skip
"""Comparisons of either kind; disabling one that a kind does not have does nothing."""
BLOCKING_RULES = frozenset({
    "rare_name_token", "two_name_tokens", "phone", "email", "identifier", "address", "house_and_postcode",
    "phonetic_and_postcode", "phonetic_and_birth_year", "given_and_birth_date", "initial_and_birth_date",
    "family_initial_and_birth_date", "given_and_postcode", "family_and_initial", "phonetic_and_city",
    "given_and_birth_year", "birth_day_and_family", "mailbox", "name", "name_letters", "acronym", "website",
    "birth_date", "postcode", "name_token_and_city",
    "name_start_and_city", "name_start", "name_start_and_region", "street_and_house", "phone_end",
})  # fmt: skip
"""Blocking rules of either kind."""


def _comparison(name: str) -> str:
    if name not in COMPARISONS:
        raise wrong(f"there is no comparison `{name}`", what_to_write(name, sorted(COMPARISONS)))
    return name


def _blocking_rule(name: str) -> str:
    if name not in BLOCKING_RULES:
        raise wrong(f"there is no blocking rule `{name}`", what_to_write(name, sorted(BLOCKING_RULES)))
    return name


_Comparison = Annotated[
    str, AfterValidator(_comparison), WithJsonSchema({"type": "string", "enum": sorted(COMPARISONS)})
]
_BlockingRule = Annotated[
    str, AfterValidator(_blocking_rule), WithJsonSchema({"type": "string", "enum": sorted(BLOCKING_RULES)})
]
Comparisons = Annotated[
    tuple[_Comparison, ...], BeforeValidator(as_list, json_schema_input_type=_Comparison | list[_Comparison])
]
RuleNames = Annotated[
    tuple[_BlockingRule, ...],
    BeforeValidator(as_list, json_schema_input_type=_BlockingRule | list[_BlockingRule]),
]


class Thresholds(Section):
    """Weights, in bits, at which pairs are kept, linked, merged and capped."""

    keep: float = -8
    """Pairs below this weight are forgotten."""
    link: float = -2
    """Pairs at or above this weight connect records into components."""
    cut: float = -2
    """Clusters whose mean pair weight is below this are not merged."""
    doubling: Annotated[float, Field(ge=0)] = 1.5
    """How much higher that must be each time the smaller of the two is twice as large, up to 0 bits."""
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


class PersonThresholds(Thresholds):
    """The same with the defaults of persons, whose name, date of birth and home err independently of one another."""

    cut: float = -5
    """Clusters whose mean pair weight is below this are not merged."""
    miss: float = -8
    """What a pair that was never scored counts in a mean."""


class Blocking(Section):
    """Which pairs are compared at all."""

    disable: RuleNames = ()
    """Blocking rules not to use."""
    max_block: Annotated[int, Field(ge=2)] = 300
    """Records that may share one blocking key."""


class MatchSettings(Section):
    """Overrides for one kind."""

    thresholds: Thresholds = Thresholds()
    """Weights in bits."""
    max_part: Annotated[int, Field(ge=2)] = 500
    """Records that are clustered as a whole; larger components are split first."""
    disable: Comparisons = ()
    """Comparisons not to use."""
    blocking: Blocking = Blocking()
    """Which pairs are compared at all."""
    on_large_block: Literal["stop_key", "stop"] = "stop_key"
    """When a block outgrows its limit: make its key a stop key in a new model version, or stop the build."""


class PersonSettings(MatchSettings):
    """Overrides for persons."""

    thresholds: PersonThresholds = PersonThresholds()
    """Weights in bits."""


class Matching(Section):
    """Overrides by kind."""

    person: PersonSettings = PersonSettings()
    """How persons are compared."""
    organization: MatchSettings = MatchSettings()
    """How organizations are compared."""

    def of(self, kind: Kind) -> MatchSettings:
        """The settings of one kind."""
        return self.person if kind == "person" else self.organization
