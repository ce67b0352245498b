"""From a message's time in Kafka to the first release that holds it: how long, and where the time goes."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from streaming_hub import StreamingHub

_MESSAGES = """
with read as (
    select m.*, l.started_at, l.duration_s
    from stream_messages as m join load_audit as l using (load_id)
    where m.topic = $topic and ($since is null or m.produced_at >= $since)
)
select
    epoch(m.produced_at), epoch(min(m.started_at) over (partition by m.epoch)), m.epoch,
    epoch(max(m.started_at + to_microseconds((m.duration_s * 1e6)::bigint)) over (partition by m.epoch)),
    epoch(r.released_at)
from read as m asof join (select head_epoch, released_at from releases) as r on m.epoch <= r.head_epoch
"""

_STAGES = """
with runs as (
    select s.stage, s.place, s.seconds from run_stages as s
    where s.written_at >= coalesce($since, '-infinity'::timestamptz)
        and s.run_id in (select run_id from run_stages where stage = 'raw/stream')
)
select stage, median(seconds), quantile_cont(seconds, 0.95), max(seconds) from runs group by stage order by min(place)
"""


def print_times(hub: StreamingHub, since: float | None) -> None:
    """Print latency and its parts over the messages since then, in seconds."""
    moment = None if since is None else datetime.fromtimestamp(since, UTC).replace(tzinfo=None)
    with hub.place.connect(read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        rows = con.execute(_MESSAGES, {"topic": hub.topic, "since": moment}).fetchall()
    if not rows:
        print("No message was released.\n")
        return
    runs = _runs(hub)
    parts = [_parts(row, runs) for row in rows]
    print(f"{len(rows):,} messages in {len({row[2] for row in rows}):,} batches\n")
    print("| | median | 95 % | most |\n|---|---:|---:|---:|")
    for name in parts[0]:
        held = sorted(part[name] for part in parts)
        print(f"| {name} | {_at(held, 0.5)} | {_at(held, 0.95)} | {held[-1]:.1f} |")
    print()
    with hub.place.connect(read_only=True) as con:
        stages = con.execute(
            _STAGES, {"since": None if since is None else datetime.fromtimestamp(since, UTC)}
        ).fetchall()
    print("| stage, seconds of a run | median | 95 % | most |\n|---|---:|---:|---:|")
    for stage, *seconds in stages:
        print(f"| {stage} | " + " | ".join(f"{held:.1f}" for held in seconds) + " |")
    print()


def _at(held: list[float], share: float) -> str:
    return f"{held[min(len(held) - 1, int(share * len(held)))]:.1f}"


def _parts(row: tuple[Any, ...], runs: list[tuple[float, float, float]]) -> dict[str, float]:
    """Split the way of a message: waiting for its run to be asked for, to begin, reading, the stages."""
    produced, reading, _, stored, released = row
    asked, begun = next(
        ((asked, begun) for asked, begun, ended in runs if begun <= reading <= ended), (reading, reading)
    )
    moments = [produced, max(produced, asked), max(produced, begun), reading, stored, released]
    names = (
        "waits until a run is asked for", "the run is launched", "starts up, looks, reads the batch",
        "writes it into the lake", "all stages up to the release",
    )  # fmt: skip
    return {
        "**from Kafka to release**": released - produced,
        **{
            name: max(0.0, after - before)
            for name, (before, after) in zip(names, pairwise(moments), strict=True)
        },
    }


def _runs(hub: StreamingHub) -> list[tuple[float, float, float]]:
    """Return when each run was asked for, began and ended."""
    import dagster as dg

    if not (hub.folder / "dagster").exists():
        return []
    with dg.DagsterInstance.get() as instance:
        records = instance.get_run_records(dg.RunsFilter(tags={"partyhub/topic": hub.topic}))
    return [
        (r.create_timestamp.timestamp(), r.start_time, r.end_time or float("inf"))
        for r in records
        if r.start_time
    ]
