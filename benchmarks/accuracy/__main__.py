"""Measure the labelled sets and write docs/accuracy.md.

    make accuracy                                  # every set, chosen half only
    make accuracy ARGS="--sets fake_1000 --tools partyhub GoldenMatch"
    make accuracy ARGS="--report 'release 0.2'"    # reads the reported halves too, and counts it

Of tools that are not asked for, the tables keep what was measured before.
"""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.accuracy import name_pairs
from benchmarks.accuracy.hubs import run_hub
from benchmarks.accuracy.labels import COUNTS, labels_tool, run_hub_with_labels
from benchmarks.accuracy.page import HUB, write_page
from benchmarks.accuracy.peers import PEERS, run_peer
from benchmarks.accuracy.readings import count_reading, keep_figures
from benchmarks.accuracy.sets import REST, SETS, LabelledSet


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", default=[*(labelled.name for labelled in SETS), name_pairs.NAME])
    tools = [HUB, *PEERS, name_pairs.PEER]
    parser.add_argument("--tools", nargs="*", default=tools, metavar="TOOL", help=", ".join(tools))
    parser.add_argument("--report", metavar="WHY", help="read the reported halves, too, and write down why")
    asked = parser.parse_args()
    halves = ["choose", "report"] if asked.report else ["choose"]
    for labelled in (labelled for labelled in SETS if labelled.name in asked.sets):
        with tempfile.TemporaryDirectory(prefix="partyhub-accuracy-") as work:
            if asked.report:
                count_reading(labelled.name, asked.report)
            if HUB in asked.tools:
                _show(labelled, HUB, run_hub(labelled, Path(work), [*halves, REST]))
                for count in COUNTS:
                    if (taught := run_hub_with_labels(labelled, Path(work), count, halves)) is not None:
                        _show(labelled, labels_tool(count), taught)
            for name, peer in PEERS.items():
                if name in asked.tools and labelled.name in peer.sets:
                    _show(labelled, name, run_peer(name, labelled, Path(work), halves))
    if name_pairs.NAME in asked.sets:
        with tempfile.TemporaryDirectory(prefix="partyhub-accuracy-") as work:
            name_pairs.measure(Path(work), peers=name_pairs.PEER in asked.tools, why_report=asked.report)
    write_page()


def _show(labelled: LabelledSet, tool: str, found: dict[str, object]) -> None:
    print(json.dumps({"set": labelled.name, "tool": tool, **found}), flush=True)
    keep_figures(labelled.name, tool, found)


if __name__ == "__main__":
    main()
