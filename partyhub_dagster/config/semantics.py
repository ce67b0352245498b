"""What a semantic type means: its attribute, its parts, and how its values behave by default."""

from dataclasses import dataclass
from typing import Literal

SemanticType = Literal[
    "person_name", "organization_name", "address", "phone", "email", "date_of_birth", "tax_id", "lei", "duns",
    "identifier", "country", "website", "text", "date", "number",
]  # fmt: skip
Kind = Literal["person", "organization"]
PartyType = Literal["INDIVIDUAL", "ORGANIZATION", "LEGAL_ENTITY"]
SqlType = Literal["VARCHAR", "VARCHAR[]", "DATE", "DOUBLE"]

KINDS: tuple[Kind, ...] = ("person", "organization")
NAME_PARTS = ("full", "given", "middle", "family", "prefix", "suffix")
ADDRESS_PARTS = ("full", "line", "line2", "city", "region", "postal_code", "country")

SUB_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "name": ("given", "middle", "family", "suffix"),
    "address": ("line", "city", "region", "postal_code", "country"),
}
"""Parts that get a column of their own in the golden record, by type of attribute."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The defaults of one semantic type."""

    attribute: str | None
    """Attribute it feeds; none when hub.yaml has to name one."""
    attribute_type: str
    """Type of that attribute; both kinds of name make a `name`."""
    description: str
    parts: tuple[str, ...] = ()
    multiple: bool = False
    exclusive: bool = False
    personal: bool = True
    sql_type: SqlType = "VARCHAR"
    scheme: str | None = None
    """Identifier scheme, for types that are identifiers."""
    is_identifier: bool = False


MEANINGS: dict[SemanticType, Meaning] = {
    "person_name": Meaning("name", "name", "Name of the party", NAME_PARTS),
    "organization_name": Meaning("name", "name", "Name of the party", ("full",)),
    "address": Meaning("address", "address", "Postal address", ADDRESS_PARTS),
    "phone": Meaning("phone", "phone", "Phone numbers", multiple=True),
    "email": Meaning("email", "email", "E-mail addresses", multiple=True),
    "date_of_birth": Meaning("birth_date", "date_of_birth", "Date of birth", sql_type="DATE"),
    "tax_id": Meaning(
        "tax_id", "tax_id", "Tax identifiers", multiple=True, scheme="tax_id", is_identifier=True
    ),
    "lei": Meaning(
        "lei", "lei", "Legal Entity Identifiers (ISO 17442)",
        multiple=True, exclusive=True, personal=False, scheme="lei", is_identifier=True,
    ),
    "duns": Meaning(
        "duns", "duns", "D-U-N-S numbers",
        multiple=True, personal=False, scheme="duns", is_identifier=True,
    ),
    "identifier": Meaning(None, "identifier", "Identifiers", multiple=True, is_identifier=True),
    "country": Meaning("country", "country", "Country", personal=False),
    "website": Meaning("website", "website", "Web sites", multiple=True, personal=False),
    "text": Meaning(None, "text", "Text"),
    "date": Meaning(None, "date", "Date", sql_type="DATE"),
    "number": Meaning(None, "number", "Number", sql_type="DOUBLE"),
}  # fmt: skip

ATTRIBUTE_TYPES: dict[str, Meaning] = {meaning.attribute_type: meaning for meaning in MEANINGS.values()}
"""Defaults by type of attribute: as MEANINGS, with `name` for both kinds of name."""


def attribute_type_of(word: str) -> str:
    """Translate a semantic type, or a type of attribute, into a type of attribute."""
    for semantic_type, meaning in MEANINGS.items():
        if semantic_type == word:
            return meaning.attribute_type
    return word
