"""Events through a real broker and `dagster dev` into a hub: do all counts add up, and how long does a message take?

    make services-up
    python benchmarks/streaming.py sums [--messages 100000] [--runs batch|drain] [--no-dagster]
    python benchmarks/streaming.py latency [--rates 10,100,1000] [--seconds 60] [--runs batch|drain]

Both begin with a generated hub of --records records and topics of their own with 6 partitions. `sums` sends all
messages as fast as the broker takes them, with 1 % poison, 2 % duplicates and 5 % late ones, waits for the release that
holds the last, and compares what was sent with what the hub says. Exit code 1 if anything differs. `latency` sends at
rates, and tells how long it is from a message's time in Kafka to the first release that holds it, and where it goes.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from streaming_hub import StreamingHub, partyhub, start
from streaming_sums import find_differences
from streaming_times import print_times


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("sums", "latency"))
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rates", default="10,100,1000")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", choices=("batch", "drain"), default="batch")
    parser.add_argument(
        "--dagster",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="without: stream drain in a loop",
    )
    parser.add_argument("--batch", type=int, help="max_batch_messages of hub.yaml")
    parser.add_argument("--records", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=3_600, help="seconds after which to give up")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    asked = parser.parse_args()
    folder = (asked.keep or Path(tempfile.mkdtemp(prefix="partyhub-streaming-"))).resolve()
    hub = StreamingHub(
        folder, asked.records, asked.seed, runs=asked.runs if asked.dagster else "", batch=asked.batch
    )
    print(
        f"Machine: {platform.machine()}, {os.cpu_count()} cores. {asked.records:,} records before the first event;"
        f" {_runs(asked)}.\n"
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that Dagster ends with us
    try:
        if asked.dagster:
            hub.start_dagster()
        else:
            hub.start_draining()
        found = sums(hub, asked) if asked.what == "sums" else latency(hub, asked)
    finally:
        hub.stop()
    if asked.keep is None:
        shutil.rmtree(folder)
    sys.exit(1 if found else 0)


def _runs(asked: argparse.Namespace) -> str:
    return f"runs of Dagster: {asked.runs}" if asked.dagster else "`partyhub stream drain` in a loop"


def sums(hub: StreamingHub, asked: argparse.Namespace) -> list[str]:
    """Send everything, wait for it, compare; return what differs."""
    words = ("--messages", asked.messages, "--rate", 0, "--seed", asked.seed, "--quiet", "--json")
    sent = partyhub("events", "simulate", *words)
    seconds = hub.wait_until_released(asked.limit)
    whole = sent["seconds"] + seconds
    print(f"Sent {sent['acknowledged']:,} messages in {sent['seconds']:.1f} s: {json.dumps(sent['kinds'])}")
    print(
        f"The last of them released {seconds:.1f} s later: {sent['acknowledged'] / whole:,.0f} messages/s sustained\n"
    )
    print_times(hub, since=None)
    sequences = hub.wait_until_confirmed(partyhub("status", "--json")["lineage_seq"])
    hub.stop()
    differences = find_differences(hub, sent, asked.records, sequences)
    print("\n".join(f"DIFFERS: {line}" for line in differences) or "\nAll counts add up.")
    return differences


def latency(hub: StreamingHub, asked: argparse.Namespace) -> list[str]:
    """Send at each rate, from a hub that has caught up; print the times."""
    for rate in map(float, asked.rates.split(",")):
        messages = max(1, int(rate * asked.seconds))
        began = time.time()
        sending = start(
            "events",
            "simulate",
            "--messages",
            messages,
            "--rate",
            rate,
            "--seed",
            int(rate) + 1_000,
            "--json",
        )
        out, _ = sending.communicate()
        sent = json.loads(out)
        caught_up = hub.wait_until_released(asked.limit)
        print(
            f"## {rate:g} messages/s for {asked.seconds} s: {sent['acknowledged']:,} messages in"
            f" {sent['seconds']:.1f} s, the last released at most {caught_up:.1f} s later\n"
        )
        print_times(hub, since=began)
    return []


if __name__ == "__main__":
    main()
