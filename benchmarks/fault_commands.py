"""Commands of `partyhub` as an operator types them, each in a process of its own that has the libraries loaded."""

import contextlib
import io
import multiprocessing
import os
import re
import shlex
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from kill_builds import _LOADED

FORKS = multiprocessing.get_context("forkserver")
Answer = tuple[int, str, str]
"""Exit code, output and error output."""


def preload() -> None:
    """Have the server of forks load the libraries once."""
    more = ["partyhub_dagster.streaming.run", "partyhub_dagster.cli.app", "confluent_kafka"]
    FORKS.set_forkserver_preload([*_LOADED, *more, "__main__"])


def _answer(words: list[str], config: str, home: str, told: Connection) -> None:
    from partyhub_dagster.cli.app import main

    os.environ |= {"PARTYHUB_CONFIG": config, "PARTYHUB_HOME": home}
    os.environ.pop("PARTYHUB_KAFKA_BOOTSTRAP_SERVERS", None)
    sys.argv, code = ["partyhub", *words], 0
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    told.send((code, out.getvalue(), err.getvalue()))


class Commands:
    """`partyhub` on one hub."""

    def __init__(self, config: Path, home: Path) -> None:
        self.config, self.home = config, home

    def run(self, *words: str) -> Answer:
        """Run a command to its end."""
        ours, theirs = FORKS.Pipe(duplex=False)
        process = FORKS.Process(target=_answer, args=(list(words), str(self.config), str(self.home), theirs))
        process.start()
        theirs.close()
        try:
            answer: Answer = ours.recv()
        except EOFError:
            answer = (-1, "", "ended without an answer")
        process.join()
        return answer

    def must(self, *words: str) -> str:
        """Run a command that must succeed; return what it prints."""
        code, out, err = self.run(*words)
        if code:
            raise SystemExit(f"partyhub {' '.join(words)} ended with {code}: {err}")
        return out

    def obey(self, text: str, reason: str) -> list[str]:
        """Type the first command that a text tells the operator to type; return its words."""
        (line, *_) = re.findall(r"`partyhub ([^`]*)`", text)
        words = [reason if word == "TEXT" else word for word in shlex.split(line)]
        self.must(*words)
        return words
