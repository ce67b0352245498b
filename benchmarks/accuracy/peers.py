"""Other tools on the same sets, judged by the statement that `partyhub evaluate` uses."""

import sys
from pathlib import Path
from typing import Any

from benchmarks.accuracy.hubs import call, write_half
from benchmarks.accuracy.judge import judge
from benchmarks.accuracy.sets import LabelledSet

PEERS = {
    "Splink, documented settings": (
        "splink_peer",
        ("historical_50k", "febrl3", "fake_1000", "chicago_childcare"),
    ),
}
"""Name -> module that writes clusters, and the sets that it is run on."""


def run_peer(peer: str, labelled: LabelledSet, work: Path, halves: list[str]) -> dict[str, Any]:
    """Run a tool in a process of its own and return its figures by half."""
    out = work / f"{labelled.name}_peer.csv"
    module = f"benchmarks.accuracy.{PEERS[peer][0]}"
    told, _, peak = call(
        sys.executable, "-m", module, labelled.name, out, write_half(labelled, "choose", work)
    )
    found: dict[str, Any] = {**told, "peak_mb": peak}
    for half in halves:
        found[half] = judge(out, write_half(labelled, half, work))
    return found
