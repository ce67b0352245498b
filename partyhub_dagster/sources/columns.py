"""Which columns the files of each source have, before anything is loaded."""

import duckdb

from partyhub_dagster.config import HubConfig, Source
from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.paths import matching_files
from partyhub_dagster.sources.readers import columns_of_file


def columns_of_files(config: HubConfig) -> dict[str, set[str]]:
    """Return the columns of any file by source; no entry where none can be told: no file, or rows that vary."""
    found = {name: _columns_of(source, config) for name, source in config.sources.items()}
    return {name: columns for name, columns in found.items() if columns}


def _columns_of(source: Source, config: HubConfig) -> set[str]:
    try:
        files = matching_files(source, config.root)
        with duckdb.connect() as con:
            return {column for file in files for column in columns_of_file(con, source, file) or []}
    except (SourceError, duckdb.Error, OSError):  # loading tells it, with what to do
        return set()
