"""The names of columns as a file gives them: each there, each once."""

from collections.abc import Sequence

from partyhub_dagster.errors import SourceError


def named_columns(names: Sequence[str]) -> list[str]:
    """Return the names, trimmed.

    Names are told by position: where a file has no header, its first record stands in its place.

    Raises:
        SourceError: there is none, or one is empty or there twice.
    """
    columns = [name.strip() for name in names]
    if not columns:
        raise SourceError(
            "The file is empty: it has no header; nothing was loaded from it.",
            remedy="Have the file delivered again, or remove it from the source's path.",
        )
    first: dict[str, int] = {}
    for number, name in enumerate(columns, start=1):
        if not name:
            raise _unusable(f"Column {number} of {len(columns)} has no name")
        if name in first:
            raise _unusable(f"Columns {first[name]} and {number} have the same name")
        first[name] = number
    return columns


def _unusable(what: str) -> SourceError:
    return SourceError(
        f"{what} in the header of the file; nothing of it was loaded.",
        remedy="Give every column of the file a name of its own; check the format's options in hub.yaml.",
    )
