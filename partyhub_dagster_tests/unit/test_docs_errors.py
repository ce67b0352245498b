"""docs/troubleshooting.md has every error class, and every message that the code can raise with one."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from partyhub_dagster import errors

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "partyhub_dagster"
CLASSES = {
    name for name, held in vars(errors).items() if inspect.isclass(held) and issubclass(held, Exception)
}
LEAST = 8
"""Shorter words between two varying parts tell no message apart."""


def sections(page: str) -> dict[str, str]:
    """What stands under each heading of the page, up to the next heading that names an error class."""
    parts = re.split(r"^#+ (\w+Error)$", page, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def raised(source: str) -> Iterator[tuple[int, str, list[str]]]:
    """Find where errors are made: line, class, and the words of the message that never vary."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in CLASSES
            and node.args
        ):
            for branch in _branches(node.args[0]):
                yield node.lineno, node.func.id, _fixed_words(branch)


def _branches(message: ast.expr) -> list[ast.expr]:
    return [message.body, message.orelse] if isinstance(message, ast.IfExp) else [message]


def _fixed_words(message: ast.expr) -> list[str]:
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
    words = [" ".join(text.split()).strip(" .:;,()") for text in texts]
    return [text for text in words if len(text) >= LEAST]


def missing(page: str, source: str) -> list[tuple[int, str, str]]:
    told = sections(page)
    return [
        (line, name, text)
        for line, name, words in raised(source)
        for text in words
        if text not in told.get(name, "")
    ]


def test_every_error_class_has_a_heading() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert {
        name for name in CLASSES if f"\n## {name}\n" not in page and f"\n### {name}\n" not in page
    } == set()


def test_every_message_stands_under_its_class() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    gaps = {
        f"{path.relative_to(ROOT)}:{line}": (name, text)
        for path in PACKAGE.rglob("*.py")
        for line, name, text in missing(page, path.read_text(encoding="utf-8"))
    }
    assert gaps == {}, "add a row to docs/troubleshooting.md under the class of the error"


def test_a_message_that_the_page_does_not_have_is_found() -> None:
    source = 'raise BusyError(f"The hub is asleep until {hour}; nothing was woken.", remedy="Wait.")'
    assert missing("## BusyError\n\nThe hub is awake.\n", source) == [
        (1, "BusyError", "The hub is asleep until"),
        (1, "BusyError", "nothing was woken"),
    ]
    assert missing("## BusyError\n\nThe hub is asleep until …; nothing was woken.\n", source) == []
    assert missing("## LakeError\n\nThe hub is asleep until …; nothing was woken.\n", source) != []
