"""Columns that hub.yaml names and a source's files do not have: most often a misspelling."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from partyhub_dagster.config.document import read_document
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mistakes import Mistake, YamlPath, closest
from partyhub_dagster.config.sources import Source


def find_column_mistakes(
    path: Path, config: HubConfig, columns: Mapping[str, Collection[str]]
) -> list[Mistake]:
    """Compare the hub.yaml at `path` with the columns that its sources' files have.

    A source without an entry in `columns` is left alone: nothing was delivered yet, or its rows vary.
    """
    document = read_document(path)
    found = [
        document.mistake(
            place, f"the files of {name} have no column `{column}`", _remedy(column, columns[name])
        )
        for name, source in config.sources.items()
        if name in columns
        for place, column in _named_columns(name, source)
        if column not in columns[name]
    ]
    return sorted(found, key=lambda mistake: mistake.line or 0)


def _remedy(column: str, held: Collection[str]) -> str:
    """Name the closest column only: a file without header has values where columns are sought."""
    best = closest(column, held)
    return "Write the name as the files have it" if best is None else f"Write {best}"


def _named_columns(name: str, source: Source) -> Iterator[tuple[YamlPath, str]]:
    path: YamlPath = ("sources", name)
    for position, column in enumerate(source.key):
        yield (*path, "key", position), column
    for key in ("version", "event_time", "deleted", "kind", "party_type"):
        named: str | None = getattr(getattr(source, key), "column", None)
        if named is not None:
            yield (*path, key, "column"), named
    for column in source.columns:
        yield (*path, "columns", column), column
