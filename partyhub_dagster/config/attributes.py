"""The attributes of a golden record, as the mappings of all sources and hub.yaml's own words make them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from partyhub_dagster.config.mappings import Mapping
from partyhub_dagster.config.mistakes import what_to_write
from partyhub_dagster.config.section import Section, wrong
from partyhub_dagster.config.semantics import (
    ATTRIBUTE_TYPES,
    MEANINGS,
    SUB_ATTRIBUTES,
    Meaning,
    SqlType,
    attribute_type_of,
)


def _known_type(word: str) -> str:
    if word not in MEANINGS and word not in ATTRIBUTE_TYPES:
        raise wrong(f"`{word}` is no type", what_to_write(word, MEANINGS))
    return word


class AttributeSection(Section):
    """An attribute as hub.yaml declares it; what is left out follows from its type."""

    type: Annotated[str, AfterValidator(_known_type)] | None = None
    """Semantic type; left out: that of the columns that feed it."""
    multiple: bool | None = None
    """Whether a party can have several values at once."""
    exclusive: bool | None = None
    """Whether two records with different values are never one party (identifiers only)."""
    personal: bool | None = None
    """Whether values are personal data."""
    description: str | None = None
    """What the attribute is, for catalogs and people."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column of the golden record."""

    name: str
    type: str
    """A key of ATTRIBUTE_TYPES: name, address, phone and so on; a sub-attribute has the type of its group."""
    group: str
    """The leading attribute, with which this one survives; itself when it stands alone."""
    part: str | None
    """Part of the name or address: `full` for the leading attribute; none for other types."""
    multiple: bool
    exclusive: bool
    personal: bool
    description: str
    sql_type: SqlType


def resolve_attributes(
    mappings: Iterable[Mapping], declared: dict[str, AttributeSection]
) -> dict[str, Attribute]:
    """List every attribute: those that columns feed, in their order, then those only declared."""
    types: dict[str, str] = {}
    has_person_names: set[str] = set()
    for mapping in mappings:
        types.setdefault(mapping.attribute, MEANINGS[mapping.type].attribute_type)
        if mapping.type == "person_name":
            has_person_names.add(mapping.attribute)
    for name, words in declared.items():
        if words.type is not None:
            types.setdefault(name, attribute_type_of(words.type))
            if words.type == "person_name":
                has_person_names.add(name)
    found: dict[str, Attribute] = {}
    for name, type_ in types.items():
        leading = _leading(name, type_, declared.get(name, AttributeSection()))
        found[name] = leading
        if leading.type == "address" or name in has_person_names:
            found |= {part.name: part for part in _parts_of(leading)}
    return found


def _leading(name: str, type_: str, words: AttributeSection) -> Attribute:
    meaning = ATTRIBUTE_TYPES[type_]
    multiple = meaning.multiple if words.multiple is None else words.multiple
    return Attribute(
        name=name,
        type=type_,
        group=name,
        part="full" if type_ in SUB_ATTRIBUTES else None,
        multiple=multiple,
        exclusive=meaning.exclusive if words.exclusive is None else words.exclusive,
        personal=meaning.personal if words.personal is None else words.personal,
        description=words.description or _default_description(name, meaning),
        sql_type="VARCHAR[]" if multiple else meaning.sql_type,
    )


def _default_description(name: str, meaning: Meaning) -> str:
    return meaning.description if name == meaning.attribute else f"{meaning.description}: {name}"


def _parts_of(leading: Attribute) -> list[Attribute]:
    """The sub-attributes; a multi-valued name or address has none, as its parts could not be told apart."""
    if leading.multiple:
        return []
    return [
        Attribute(
            name=f"{leading.name}_{part}",
            type=leading.type,
            group=leading.name,
            part=part,
            multiple=False,
            exclusive=False,
            personal=leading.personal,
            description=f"{leading.description}: {part.replace('_', ' ')}",
            sql_type="VARCHAR",
        )
        for part in SUB_ATTRIBUTES[leading.type]
    ]
