"""What a stage's values depend on besides its inputs, as one hash."""

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_SOURCES = (".py", ".sql", ".csv", ".json", ".txt", ".yaml", ".yml")


def fingerprint_of(package: str, *facts: object) -> str:
    """Hash the code of a package together with the facts that its stage depends on.

    The code itself is hashed, not a version that somebody must remember to raise: an upgrade recomputes, and since
    stages write only what differs, a change without effect costs time and nothing else.
    """
    return hashlib.sha256(repr((_code_of(package), facts)).encode()).hexdigest()


@cache
def _code_of(package: str) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(_contents(files(package), "")):
        digest.update(f"{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def _contents(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            found += _contents(entry, name)
        elif entry.name.endswith(_SOURCES):
            found.append((name, entry.read_bytes()))
    return found
