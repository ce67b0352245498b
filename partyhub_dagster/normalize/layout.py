"""Which column of a source feeds which cleaner: the mappings of hub.yaml, grouped for set-based work."""

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass

from partyhub_dagster.config.attributes import Attribute
from partyhub_dagster.config.mappings import Mapping
from partyhub_dagster.config.sources import Source
from partyhub_dagster.normalize.addresses import AddressLayout
from partyhub_dagster.normalize.person_names import PersonLayout

Cleaning = tuple[str, str | None, str | None]
"""Type, scheme and country: values that share them are cleaned alike."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The mappings of one source by the unit in which they are cleaned."""

    columns: tuple[str, ...]
    person_names: tuple[Mapping, ...]
    organization_names: tuple[Mapping, ...]
    addresses: tuple[Mapping, ...]
    singles: tuple[Mapping, ...]
    cleanings: tuple[Cleaning, ...]
    country: str | None

    def person_layout(self) -> PersonLayout:
        """Describe the slots of a person-name unit."""
        return PersonLayout(_slots(self.person_names), _attributes(self.person_names))

    def address_layout(self) -> AddressLayout:
        """Describe the slots of an address unit."""
        named = [mapping.country for mapping in self.addresses if mapping.country is not None]
        return AddressLayout(_slots(self.addresses), _attributes(self.addresses), named[0] if named else None)

    def organization_attributes(self) -> tuple[str, ...]:
        """Name the attributes that organisation names feed, the primary first."""
        return _attributes(self.organization_names)

    def cleaning_of(self, mapping: Mapping) -> int:
        """Return the number of the cleaning that the values of a mapping go through."""
        return self.cleanings.index(_cleaning(mapping))


def layout_of(source: Source, attributes: AnyMapping[str, Attribute]) -> Layout:
    """Group the mappings of a source that feed an attribute of the hub."""
    mappings = [mapping for mapping in source.mappings if mapping.attribute in attributes]
    kind_columns = [choice.column for choice in (source.kind, source.party_type) if choice is not None]
    columns = [*(mapping.column for mapping in mappings), *kind_columns]
    units = ("person_name", "organization_name", "address")
    singles = tuple(mapping for mapping in mappings if mapping.type not in units)
    return Layout(
        columns=tuple(dict.fromkeys(column for column in columns if column is not None)),
        person_names=tuple(mapping for mapping in mappings if mapping.type == "person_name"),
        organization_names=tuple(mapping for mapping in mappings if mapping.type == "organization_name"),
        addresses=tuple(mapping for mapping in mappings if mapping.type == "address"),
        singles=singles,
        cleanings=tuple(dict.fromkeys(map(_cleaning, singles))),
        country=source.country,
    )


def _cleaning(mapping: Mapping) -> Cleaning:
    return mapping.type, mapping.scheme, mapping.country


def _slots(mappings: tuple[Mapping, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((mapping.attribute, mapping.part or "full") for mapping in mappings)


def _attributes(mappings: tuple[Mapping, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mapping.attribute for mapping in mappings))
