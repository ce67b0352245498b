"""What a column, or a constant of a source, means to the hub."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from partyhub_dagster.config.mistakes import what_to_write
from partyhub_dagster.config.section import Section, wrong
from partyhub_dagster.config.semantics import MEANINGS, Meaning, SemanticType


@dataclass(frozen=True, slots=True)
class Mapping:
    """One column (or one constant) of a source feeding one attribute; nothing left to default."""

    column: str | None
    """Column of the source; none for a constant."""
    value: str | None = field(repr=False)
    """The constant; none for a column."""
    type: SemanticType
    part: str | None
    """Part of a name or address that the values are (`full` when whole); none for other types."""
    attribute: str
    scheme: str | None
    """Identifier scheme; none for types that are no identifiers."""
    split: str | None
    """Delimiter between several values in one field."""
    country: str | None
    """ISO 3166 alpha-2, upper case: the mapping's own, else the source's."""


def _country_code(value: str) -> str:
    code = value.strip().upper()
    if not re.fullmatch("[A-Z]{2}", code) or not _is_country(code):
        raise wrong(f"`{value}` is no ISO 3166 alpha-2 code", "Write two letters, such as US")
    return code


def _is_country(code: str) -> bool:
    import pycountry

    return pycountry.countries.get(alpha_2=code) is not None


Country = Annotated[str, AfterValidator(_country_code)]


def _attribute_name(value: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]*", value):
        raise wrong(
            f"`{value}` cannot name an attribute, which becomes a column of the golden records",
            f"Write lower-case letters, digits and _, such as {_as_column(value)}",
        )
    return value


def _as_column(text: str) -> str:
    cleaned = re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
    return cleaned if re.match("[a-z]", cleaned) else f"x_{cleaned}".strip("_")


AttributeName = Annotated[str, AfterValidator(_attribute_name)]


class Target(Section):
    """What the values of a column mean, and which attribute they feed."""

    type: SemanticType
    """Semantic type."""
    part: str | None = None
    """Part of a name or address; left out: the whole (full)."""
    attribute: AttributeName | None = None
    """Attribute to feed; left out: the default of the type, or the scheme of an identifier."""
    scheme: AttributeName | None = None
    """Which kind of identifier, such as us_ssn or passport."""
    split: Annotated[str, Field(min_length=1)] | None = None
    """Delimiter between several values in one field; JSON arrays need none."""
    country: Country | None = None
    """ISO 3166 alpha-2 country of the values; left out: that of the source."""

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        meaning = MEANINGS[self.type]
        _check_part(self, meaning)
        _check_identifier(self, meaning)
        if meaning.attribute is None and not meaning.is_identifier and self.attribute is None:
            raise wrong(
                f"nothing says which attribute the {self.type} feeds", "Add attribute: NAME, such as note"
            )
        return self

    def mapping(self, column: str | None, value: str | None, country: str | None) -> Mapping:
        """Fill in what the type leaves to default."""
        meaning = MEANINGS[self.type]
        scheme = (self.scheme or meaning.scheme) if meaning.is_identifier else None
        attribute = self.attribute or meaning.attribute or scheme
        if attribute is None:
            raise AssertionError("a target without attribute passed validation")
        part = self.part or ("full" if meaning.parts else None)
        return Mapping(
            column=column, value=value, type=self.type, part=part, attribute=attribute, scheme=scheme,
            split=self.split, country=self.country or country,
        )  # fmt: skip


class Constant(Target):
    """A value that every record of the source has."""

    value: Annotated[str, Field(min_length=1, repr=False)]
    """The value, as a column would hold it."""


def _check_part(target: Target, meaning: Meaning) -> None:
    if target.part is None or target.part in meaning.parts:
        return
    if not meaning.parts:
        having = ", ".join(name for name, other in MEANINGS.items() if len(other.parts) > 1)
        raise wrong(
            f"values of type {target.type} have no parts",
            f"Leave part out; only {having} have parts",
            at=("part",),
        )
    raise wrong(
        f"`{target.part}` is no part of type {target.type}",
        what_to_write(target.part, meaning.parts),
        at=("part",),
    )


def _check_identifier(target: Target, meaning: Meaning) -> None:
    if meaning.is_identifier and meaning.scheme is None and target.scheme is None:
        raise wrong("nothing says of which scheme the identifier is", "Add scheme: NAME, such as passport")
    if target.scheme is not None and not meaning.is_identifier:
        raise wrong(
            f"values of type {target.type} have no scheme",
            "Leave scheme out, or write type: identifier or type: tax_id",
            at=("scheme",),
        )


def target_form(value: Any) -> Any:
    """Let `address` stand for {type: address}."""
    return {"type": value} if isinstance(value, str) else value


ColumnTarget = Annotated[Target, BeforeValidator(target_form, json_schema_input_type=SemanticType | Target)]
