"""Other tools on the same sets, judged by the statement that `partyhub evaluate` uses.

Peers are no dependencies of the project: one that it does not have anyway names its packages in its first lines
(inline script metadata), and uv makes an environment of its own for it.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.hubs import call, write_half
from benchmarks.accuracy.judge import judge
from benchmarks.accuracy.records import write_records
from benchmarks.accuracy.sets import REST, TAUGHT, LabelledSet


@dataclass(frozen=True)
class Peer:
    """A module that speaks `peer_protocol`, and the sets that it is run on."""

    module: str
    sets: tuple[str, ...]
    own_environment: bool = True
    learns: bool = False
    """It gets the labels of some entities of `choose`, and is judged by the rest of them."""


PERSONS = ("historical_50k", "febrl3", "fake_1000")
PEERS = {
    "Splink, documented settings": Peer(
        "splink_peer", (*PERSONS, "chicago_childcare"), own_environment=False
    ),
    "GoldenMatch": Peer("goldenmatch_peer", (*PERSONS, "chicago_childcare", "senzing_truthset")),
    "Record Linkage Toolkit": Peer("recordlinkage_peer", (*PERSONS, "chicago_childcare")),
    "dedupe, with labels": Peer("dedupe_peer", ("febrl3", "fake_1000", "chicago_childcare"), learns=True),
}


def run_peer(name: str, labelled: LabelledSet, work: Path, halves: list[str]) -> dict[str, Any]:
    """Run a tool in a process of its own and return its figures by half, or the class of its error.

    An error beside figures is that of a way after the first.
    """
    peer = PEERS[name]
    out = work / f"{labelled.name}_{peer.module}"
    out.mkdir()
    labels = write_half(labelled, TAUGHT if peer.learns else "none", work)
    try:
        python = _python_of(peer)
        told, _, peak = call(
            python,
            "-m",
            f"benchmarks.accuracy.{peer.module}",
            labelled.name,
            write_records(labelled, work),
            labels,
            out,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        return {"error": _cause(error)}
    chosen_on = REST if peer.learns else "choose"
    truth = write_half(labelled, chosen_on, work)
    ways = {file.stem: judge(file, truth) for file in sorted(out.glob("*.csv"))}
    if not ways:
        return told
    best = max(ways, key=lambda way: ways[way]["pairs"]["f1"])
    found: dict[str, Any] = {**told, "way": best, "peak_mb": peak, chosen_on: ways[best]}
    for half in halves:
        if half != "choose":
            found[half] = judge(out / f"{best}.csv", write_half(labelled, half, work))
    return found


def find_uv() -> str:
    """Return the uv that the Makefile names, or that of this machine, or that of `make setup`."""
    return os.environ.get("UV") or shutil.which("uv") or ".uv-bootstrap/bin/uv"


def _python_of(peer: Peer) -> str:
    """Return the Python that has the packages of a peer, after making its environment where it has its own."""
    if not peer.own_environment:
        return sys.executable
    uv = find_uv()
    script = Path(__file__).with_name(f"{peer.module}.py")
    subprocess.run([uv, "sync", "--quiet", "--script", str(script)], check=True)  # noqa: S603 - our own script
    done = subprocess.run(  # noqa: S603
        [uv, "python", "find", "--script", str(script)], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def _cause(error: OSError | subprocess.CalledProcessError) -> str:
    """Name the class of the error, and which program ended how, without the paths of its command line."""
    if isinstance(error, OSError):
        return type(error).__name__
    return f"{type(error).__name__}: {Path(error.cmd[0]).name} {error.cmd[1]} ended with {error.returncode}"
