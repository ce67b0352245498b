"""A mistake in hub.yaml: where it is, what is wrong, and what to write instead."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

YamlPath = tuple[str | int, ...]
MOST_LISTED = 8


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that the author of hub.yaml has to correct."""

    file: Path
    yaml_path: str
    """Such as sources.crm.columns.SSN.type; empty for the file as a whole."""
    problem: str
    remedy: str
    """What to write instead."""
    line: int | None = None
    """1 for the first line."""

    def __str__(self) -> str:
        """Write it as one line: file:line: path: problem. Remedy."""
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        where = f"{place}: {self.yaml_path}" if self.yaml_path else place
        return f"{where}: {self.problem}. {self.remedy}."


def path_text(path: YamlPath) -> str:
    """Write a path as people do: sources.crm.columns."First name"[0]."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            plain = step and not any(sign in step for sign in '. []"')
            text += ("." if text else "") + (step if plain else f'"{step}"')
    return text


def closest(word: str, valid: Iterable[str]) -> str | None:
    """Find the valid name that was probably meant."""
    by_fold = {name.casefold(): name for name in valid}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def what_to_write(word: str, valid: Iterable[str]) -> str:
    """Suggest the closest valid name, and list the others when they are few."""
    names = list(valid)
    best = closest(word, names)
    if not names:
        return "Leave it out; there is nothing to name here"
    if best is not None and len(names) > MOST_LISTED:
        return f"Write {best}"
    if len(names) == 1:
        return f"Write {names[0]}"
    listed = ", ".join(names)
    return f"Write {best}; valid are {listed}" if best is not None else f"Write one of {listed}"
