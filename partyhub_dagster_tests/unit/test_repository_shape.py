"""The repository keeps the shape that its documents promise."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "partyhub_dagster"
TESTS = ROOT / "partyhub_dagster_tests"

MODULE_LINES = 300
TEST_LINES = 400
LONGER_FOR_A_REASON = {
    "partyhub_dagster/lake/tables.py": "every table in one module; most of it is column descriptions",
}
"""Path from the root -> why the module stays one although it is longer."""

VAGUE_NAMES = {"utils", "util", "helpers", "common", "lib", "misc", "manager"}
HEAVY = (
    "faker", "pandas", "pandera", "phonenumbers", "rigour", "scipy", "splink", "stdnum", "usaddress",
)  # fmt: skip


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def from_root(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_modules_are_short_or_argue_why_not() -> None:
    lengths = {
        from_root(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*modules(PACKAGE), *modules(TESTS)]
    }
    limits = {name: TEST_LINES if name.startswith(TESTS.name) else MODULE_LINES for name in lengths}
    too_long = {name: lines for name, lines in lengths.items() if lines > limits[name]}
    assert set(too_long) == set(LONGER_FOR_A_REASON), too_long


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {from_root(path): set(path.relative_to(ROOT).with_suffix("").parts) for path in modules(PACKAGE)}
    assert {name for name, parts in names.items() if parts & VAGUE_NAMES} == set()


@pytest.mark.parametrize(
    "charter",
    sorted([PACKAGE / "__init__.py", *PACKAGE.glob("*/__init__.py")]),
    ids=from_root,
)
def test_every_package_says_what_belongs_in_it_and_what_does_not(charter: Path) -> None:
    docstring = ast.get_docstring(ast.parse(charter.read_text(encoding="utf-8"))) or ""
    assert "Belongs here:" in docstring
    assert "Not here:" in docstring


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in [*modules(PACKAGE), *modules(TESTS)]}
    assert {from_root(folder) for folder in folders if not (folder / "__init__.py").exists()} == set()


@pytest.mark.parametrize("module", ["cli", "definitions"])
def test_starting_up_loads_no_heavy_library(module: str) -> None:
    """`partyhub status` and each Dagster step process pay for what the import brings in."""
    code = f"import sys, partyhub_dagster.{module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
