"""Leaving out refused parts of a file, so that the rest can still be checked, at its own places."""

from collections.abc import Set
from typing import Any

from partyhub_dagster.config.mistakes import YamlPath


def without(data: Any, refused: Set[YamlPath], path: YamlPath = ()) -> Any:
    """Copy data but for the parts at the refused paths; later items of a list move up."""
    if isinstance(data, dict):
        kept = {key: value for key, value in data.items() if (*path, key) not in refused}
        return {key: without(value, refused, (*path, key)) for key, value in kept.items()}
    if isinstance(data, list):
        numbered = [(n, item) for n, item in enumerate(data) if (*path, n) not in refused]
        return [without(item, refused, (*path, n)) for n, item in numbered]
    return data


def path_before(path: YamlPath, refused: Set[YamlPath]) -> YamlPath:
    """Translate a path in what `without` left into the path in the whole."""
    whole: YamlPath = ()
    for step in path:
        position = step
        if isinstance(position, int):
            gone = sorted(
                place[-1] for place in refused if place[:-1] == whole and isinstance(place[-1], int)
            )
            for missing in gone:
                position += missing <= position
        whole = (*whole, position)
    return whole
