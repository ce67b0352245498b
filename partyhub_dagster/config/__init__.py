"""What a hub is told to do: the shape of hub.yaml, its defaults, and every mistake one can make in it.

Belongs here: the schema of hub.yaml, defaults of every section, reading it, fingerprints of its parts.
Not here: acting on it. No file of a source is read here, and nothing is computed from records.

The names below are what other packages use; everything else is an inside of this one.
"""

from partyhub_dagster.config.attributes import Attribute
from partyhub_dagster.config.checks_columns import find_column_mistakes
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.load import find_mistakes, load_config, parse_config
from partyhub_dagster.config.mappings import Mapping
from partyhub_dagster.config.matching import MatchSettings, Thresholds
from partyhub_dagster.config.mistakes import Mistake
from partyhub_dagster.config.sources import Source
from partyhub_dagster.config.survivorship import Rule, Survivorship, Trust

__all__ = [
    "Attribute",
    "HubConfig",
    "Mapping",
    "MatchSettings",
    "Mistake",
    "Rule",
    "Source",
    "Survivorship",
    "Thresholds",
    "Trust",
    "find_column_mistakes",
    "find_mistakes",
    "load_config",
    "parse_config",
]
