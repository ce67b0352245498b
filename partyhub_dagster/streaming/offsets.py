"""What the lake says was read of each partition: the only truth about it, moved only with what was read."""

import duckdb

from partyhub_dagster.errors import StaleError, StreamError
from partyhub_dagster.lake.tables import STREAM_OFFSETS, STREAM_TOPICS
from partyhub_dagster.lake.write import WriteTransaction
from partyhub_dagster.streaming.batches import Batch


def stored_offsets(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, int], int]:
    """Return the first offset not yet read by topic and partition."""
    rows = con.execute("select topic, partition, next_offset from lake.stream_offsets").fetchall()
    return {(topic, partition): offset for topic, partition, offset in rows}


def stored_topic_ids(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the ids that topics had when the hub first read them."""
    return dict(con.execute("select topic, topic_id from lake.stream_topics").fetchall())


def is_stored(con: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    """Tell whether the lake holds all of a batch already: its commit succeeded, whatever became of the run.

    Raises:
        StaleError: the lake holds a part of it, or more than it: another run read there.
        StreamError: messages before the batch were never read.
    """
    stored = stored_offsets(con)
    held = [(r, stored.get((r.topic, r.partition))) for r in batch.ranges]
    ahead = [r for r, offset in held if offset is not None and offset < r.start]
    if ahead:
        listed = ", ".join(f"{r.partition} at {r.start:,}" for r in ahead[:5])
        raise StreamError(
            f"A batch of {batch.topic} would pass over messages that were never read: partition {listed}; nothing was"
            " read.",
            remedy="Was the hub restored from an older backup? Plan anew: reset the cursor of the sensor, or run"
            " `partyhub stream run`.",
        )
    if all(offset is not None and offset == r.end for r, offset in held):
        return True
    if any(offset is not None and offset != r.start for r, offset in held):
        raise _moved(batch)
    return False


def is_overtaken(con: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    """Tell whether another run has read where a batch begins, and not all of it and nothing else."""
    try:
        is_stored(con, batch)
    except StaleError:
        return True
    return False


def move_offsets(transaction: WriteTransaction, batch: Batch, topic_id: str) -> None:
    """Store where a batch ends, if the lake still stands where it begins (compare-and-set).

    Raises:
        StaleError: it does not.
    """
    con = transaction.con
    ranges = ", ".join(f"({r.partition}, {r.start}, {r.end})" for r in batch.ranges)
    con.execute(
        "create or replace temp table moving as select $topic::varchar as topic, partition::integer as partition,"
        f" first::bigint as first, next_offset::bigint as next_offset from (values {ranges}) as r(partition, first,"
        " next_offset)",
        {"topic": batch.topic},
    )
    row = con.execute(
        "select count(*) from moving join lake.stream_offsets as s using (topic, partition)"
        " where s.next_offset <> moving.first"
    ).fetchone()
    if row is None or row[0]:
        raise _moved(batch)
    transaction.upsert(STREAM_OFFSETS, "moving")
    con.execute(
        "create or replace temp table reading_topic as select $topic::varchar as topic, $topic_id::varchar as topic_id",
        {"topic": batch.topic, "topic_id": topic_id},
    )
    transaction.upsert(
        STREAM_TOPICS, "(from reading_topic anti join lake.stream_topics using (topic, topic_id))"
    )
    con.execute("drop table moving; drop table reading_topic")


def _moved(batch: Batch) -> StaleError:
    return StaleError(
        f"Another run has read from {batch.topic} where batch {batch.batch_id} begins; nothing of the batch"
        " was written.",
        remedy="Nothing is lost or doubled. The next run begins where the lake stands.",
    )
