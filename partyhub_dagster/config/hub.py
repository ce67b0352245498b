"""The whole of hub.yaml, with every default filled in."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from partyhub_dagster.config import fingerprint as fingerprints
from partyhub_dagster.config.attributes import Attribute, AttributeSection, resolve_attributes
from partyhub_dagster.config.matching import Matching
from partyhub_dagster.config.publish import Publish
from partyhub_dagster.config.quality import Quality
from partyhub_dagster.config.review import Review
from partyhub_dagster.config.section import Name, Section
from partyhub_dagster.config.semantics import KINDS
from partyhub_dagster.config.sources import Source
from partyhub_dagster.config.streaming import Streaming
from partyhub_dagster.config.survivorship import Survivorship, SurvivorshipSection, resolve_survivorship
from partyhub_dagster.config.upkeep import Upkeep
from partyhub_dagster.config.verify import Verify


def _version_form(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class HubConfig(Section):
    """A hub, as its hub.yaml describes it."""

    root: Path
    """Folder of hub.yaml; not written in it."""
    version: Annotated[Literal[1], BeforeValidator(_version_form, json_schema_input_type=Literal[1])] = 1
    """Version of this file's shape."""
    name: Name = "hub"
    """Name of the hub."""
    sources: dict[str, Source] = Field(min_length=1)
    """Where records come from, by name."""
    attribute_sections: dict[str, AttributeSection] = Field(default_factory=dict, alias="attributes")
    """What is said of attributes beyond their defaults."""
    matching: Matching = Matching()
    """How records are compared."""
    survivorship_section: SurvivorshipSection = Field(default=SurvivorshipSection(), alias="survivorship")
    """Which values survive."""
    quality: Quality = Quality()
    """What the checks tolerate."""
    publish: Publish = Publish()
    """Where golden records go."""
    review: Review = Review()
    """Which merges people are asked about."""
    streaming: Streaming | None = None
    """Events by Kafka; left out: the hub takes none."""
    upkeep: Upkeep = Upkeep()
    """What upkeep keeps."""
    verify: Verify = Verify()
    """How much is proven every night."""

    @model_validator(mode="before")
    @classmethod
    def _name_sources(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("sources"), dict):
            return data
        sources = {
            name: {**source, "name": name} if isinstance(source, dict) else source
            for name, source in data["sources"].items()
        }
        return {**data, "sources": sources}

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """Every attribute of the golden records, sub-attributes included, by name."""
        mappings = (mapping for source in self.sources.values() for mapping in source.mappings)
        return resolve_attributes(mappings, self.attribute_sections)

    @cached_property
    def survivorship(self) -> Survivorship:
        """The rules of every group of attributes."""
        groups = {name: found.multiple for name, found in self.attributes.items() if found.group == name}
        return resolve_survivorship(self.survivorship_section, list(self.sources), groups)

    @property
    def kinds(self) -> list[str]:
        """Kinds that any source can hold."""
        found = {kind for source in self.sources.values() for kind in source.kinds}
        return [kind for kind in KINDS if kind in found]

    def fingerprint(self, section: str) -> str:
        """Hash what a stage reads of this configuration; the sections are in `fingerprint.py`."""
        return fingerprints.fingerprint(self, section)
