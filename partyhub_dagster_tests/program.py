"""Running `partyhub` in this process on a hub of a test."""

import json
import shlex
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from partyhub_dagster.cli.app import main
from partyhub_dagster.hub import Hub


@dataclass(frozen=True, slots=True)
class Program:
    """`partyhub`, with what it prints."""

    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def on(self, hub: Hub) -> "Program":
        """Point it at a hub."""
        self.patch.setenv("PARTYHUB_CONFIG", str(hub.config.root / "hub.yaml"))
        self.patch.setenv("PARTYHUB_HOME", str(hub.place.home))
        return self

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command; return its exit code, output and error output."""
        self.patch.setattr(sys, "argv", ["partyhub", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capture.readouterr()
        return int(ended.value.code or 0), out, err

    def say(self, *words: str) -> str:
        """Return what a command prints that must succeed."""
        code, out, err = self.run(*words)
        assert code == 0, err
        return out

    def type(self, line: str) -> str:
        """Return what a line of a page prints, that begins with `partyhub`."""
        program, *words = shlex.split(line)
        assert program == "partyhub"
        return self.say(*words)

    def answer(self, *words: str) -> Any:
        """Return the JSON of a command that must succeed."""
        return json.loads(self.say(*words, "--json"))

    def refusal(self, *words: str) -> str:
        """Return the error of a command that must fail with 1."""
        code, out, err = self.run(*words)
        assert (code, out) == (1, "")
        return err
