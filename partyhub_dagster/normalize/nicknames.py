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


@cache
def _known() -> frozenset[str]:
    return frozenset({*_roots(), *_roots().values()})


def is_known_given_name(word: str) -> bool:
    """Tell whether a normalised word is in the list of given names and their short forms."""
    return word in _known()
