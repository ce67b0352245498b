"""Every `partyhub ...` that the documents tell people to type exists, with its options and arguments."""

import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer.main

from partyhub_dagster.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
PROGRAM: Any = typer.main.get_command(app)


def commands_in(text: str) -> Iterator[str]:
    """Command lines of fenced blocks, and what stands between backticks and begins with the program's name."""
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    for block in (lines for language, lines in blocks if language in {"", "bash", "sh", "console"}):
        for line in block.replace("\\\n", " ").splitlines():
            if found := re.match(r"\s*(?:\$ )?(?:\w+=\S+ )*(?:\.venv/bin/)?(partyhub .*)", line):
                yield found[1]
    yield from re.findall(
        r"`(partyhub [^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    )


def readings(line: str) -> Iterator[list[str]]:
    """Words of a command line: comments cut, brackets of optional parts taken off, `a|b` read both ways."""
    plain = re.split(r"\s#|\s&&|\s\|\s|\s>", line.replace("\\|", "|"))[0]
    words = shlex.split(re.sub(r"[\[\]]|\.\.\.|…", "", plain))
    choices = [
        word.split("|") if re.fullmatch(r"-*\w[\w-]*(\|-*\w[\w-]*)+", word) else [word] for word in words[1:]
    ]
    yield from (list(reading) for reading in product(*choices))


def problem_of(words: list[str]) -> str | None:
    """Walk down the commands; return what does not exist."""
    command, options, arguments = PROGRAM, _options(PROGRAM), 0
    waiting = iter(words)
    for word in waiting:
        if word.startswith("--"):
            name, _, value = word.partition("=")
            if name not in options:
                return f"{command.name} has no option {name}"
            if not options[name].is_flag and not value and next(waiting, None) is None:
                return f"{name} lacks its value"
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return f"{command.name} has no command {word}"
            command = command.commands[word]
            options = options | _options(command)
        else:
            arguments += 1
    return _problem_of_arguments(command, arguments)


def _problem_of_arguments(command: Any, given: int) -> str | None:
    taken = [held for held in command.params if held.param_type_name == "argument"]
    if given > len(taken) and not any(held.nargs == -1 for held in taken):
        return f"{command.name} takes {len(taken)} arguments"
    return None


def _options(command: Any) -> dict[str, Any]:
    held = [param for param in command.params if param.param_type_name == "option"]
    return {name: param for param in held for name in (*param.opts, *param.secondary_opts)} | {
        "--help": _Flag
    }


class _Flag:
    is_flag = True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_documents_exists(page: Path) -> None:
    lines = list(commands_in(page.read_text(encoding="utf-8")))
    found = {line: [problem for words in readings(line) if (problem := problem_of(words))] for line in lines}
    assert {line: problems for line, problems in found.items() if problems} == {}


def test_the_documents_hold_commands_and_each_command_is_told() -> None:
    lines = [line for page in PAGES for line in commands_in(page.read_text(encoding="utf-8"))]
    assert len(lines) > 40
    told = {" ".join(words) for line in lines for words in readings(line)}
    names = list(_names(PROGRAM, ()))
    assert {name for name in names if not any(f"{words} ".startswith(f"{name} ") for words in told)} == set()


def _names(command: Any, before: tuple[str, ...]) -> Iterator[str]:
    for name, held in command.commands.items():
        if hasattr(held, "commands"):
            yield from _names(held, (*before, name))
        elif not held.hidden:
            yield " ".join((*before, name))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("partyhub bild", "partyhub has no command bild"),
        ("partyhub build --fast", "build has no option --fast"),
        ("partyhub model list|remove", "model has no command remove"),
        ("partyhub release --accept", "--accept lacks its value"),
        ("partyhub status today", "status takes 0 arguments"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, problem: str) -> None:
    assert [found for words in readings(line) if (found := problem_of(words))] == [problem]


def test_commands_are_taken_from_blocks_and_from_text() -> None:
    text = "Run `partyhub build`:\n\n```json\n{}\n```\n\n```bash\nA=1 .venv/bin/partyhub status   # look\nls\n```\n"
    assert list(commands_in(text)) == ["partyhub status   # look", "partyhub build"]
