"""What docs/identity.md says that happens, happens: its commands are run, section by section."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import build, copy_hub, make_hub, open_hub, partition_of
from partyhub_dagster_tests.program import Program

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "identity.md").read_text(encoding="utf-8")
TOLD = PAGE.split("## What happens when\n")[1].split("\n## ")[0]


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the file that it is, its text."""

    language: str
    file: str
    text: str


def blocks(text: str) -> list[Block]:
    found = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [Block(*each) for each in found]


START, *SMALL, GROWS = re.split(r"^### ", TOLD, flags=re.MULTILINE)


def exchanges(text: str) -> Iterator[tuple[str, list[str]]]:
    """Commands of a console block, each with the lines that the page shows of its output."""
    for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        first, *shown = command.splitlines()
        yield first, shown


def is_shown(line: str, output: str) -> bool:
    """Whether a line of the page stands in the output, blanks apart and `…` for anything."""
    wanted = ".*".join(re.escape(" ".join(part.split())) for part in line.split("…"))
    return any(re.fullmatch(wanted, " ".join(held.split())) for held in output.splitlines())


def follow(hub: Hub, partyhub: Program, section: str) -> None:
    for block in blocks(section):
        if block.language == "csv":
            (hub.config.root / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, shown in exchanges(block.text):
                output = partyhub.type(command)
                assert [line for line in shown if not is_shown(line, output)] == [], f"{command}\n{output}"


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    (yaml,) = [block for block in blocks(START) if block.language == "yaml"]
    hub = make_hub(tmp_path_factory.mktemp("page") / "hub", yaml.text)
    for block in blocks(START):
        if block.language == "csv":
            (hub.config.root / block.file).parent.mkdir(parents=True, exist_ok=True)
            (hub.config.root / block.file).write_text(block.text, encoding="utf-8")
    build(hub)
    return hub


@pytest.fixture
def hub(start: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    copy = copy_hub(start, tmp_path / "copy")
    monkeypatch.chdir(copy.config.root)
    return copy


@pytest.mark.parametrize("section", [START, *SMALL], ids=lambda text: text.splitlines()[0][:40])
def test_what_the_page_shows_is_what_happens(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], section: str
) -> None:
    follow(hub, Program(monkeypatch, capsys).on(hub), section)


def test_records_make_the_same_parties_in_a_hub_a_hundred_times_larger(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    partyhub = Program(monkeypatch, capsys).on(hub)
    before, yaml, after = re.split(r"^```yaml\n(.*?)^```\n", GROWS, flags=re.MULTILINE | re.DOTALL)
    follow(hub, partyhub, before)
    small = partition_of(hub)
    assert (sum(map(len, small)), max(map(len, small))) == (28, 4)
    config, others = hub.config.root / "hub.yaml", yaml.split("as before\n")[1]
    config.write_text(config.read_text().replace("survivorship:", f"{others}survivorship:"), encoding="utf-8")
    follow(hub, partyhub, after)
    large = partition_of(open_hub(hub.config.root))
    assert sum(map(len, large)) > 2_700
    assert {party for party in large if any(not key.startswith("others:") for key in party)} == small


def test_a_line_that_is_not_shown_is_found() -> None:
    assert is_shown("Party 1  of …", "x\nParty 1 of three\n")
    assert not is_shown("Party 1 of", "Party 1 of three\n")
    assert not is_shown("Party 2 of …", "Party 1 of three\n")
