"""What a given name is short for: bob is robert."""

from functools import cache
from importlib.resources import files


@cache
def _roots() -> dict[str, str]:
    text = (files(__package__) / "data" / "nicknames.csv").read_text(encoding="utf-8")
    return {nickname: root for nickname, _, root in (line.partition(",") for line in text.splitlines()[1:])}


def root_of(given: str) -> str:
    """Return the root of a normalised given name; a name that is short for nothing is its own root."""
    return _roots().get(given, given)
