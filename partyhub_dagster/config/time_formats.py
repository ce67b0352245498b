"""Which strptime formats the hub can read: those of DuckDB."""

DIRECTIVES = frozenset("abcdfghjmnpuwxyzABGHIMSTUVWXYZ%")
UNPADDED = frozenset("djmyHIMS")
YEARS = frozenset("yYcxG")
DAYS = frozenset("djcxuw")


def problem_of_format(text: str) -> str | None:
    """Say what is wrong with a strptime format; nothing when it names at least a year and a day."""
    seen: set[str] = set()
    position = 0
    while (position := text.find("%", position)) != -1:
        directive = text[position + 1 : position + 2]
        unpadded = directive == "-"
        if unpadded:
            directive = text[position + 2 : position + 3]
        if not directive or directive not in (UNPADDED if unpadded else DIRECTIVES):
            return f"`%{'-' if unpadded else ''}{directive}` is no strptime directive"
        seen.add(directive)
        position += 3 if unpadded else 2
    if not seen & YEARS or not seen & DAYS:
        return "the format does not name a year and a day"
    return None
