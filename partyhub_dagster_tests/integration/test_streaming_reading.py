"""Reading ranges of a real broker: in portions, to the offset, and not past what vanishes meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from partyhub_dagster.errors import BrokerError, StreamError
from partyhub_dagster.streaming import reading
from partyhub_dagster.streaming import stream as streams
from partyhub_dagster.streaming.kafka import broker_of
from partyhub_dagster.streaming.ranges import OffsetRange
from partyhub_dagster.streaming.reading import read_portion
from partyhub_dagster.streaming.run import run_batches
from partyhub_dagster_tests.events import upsert
from partyhub_dagster_tests.integration.stream_world import World, make_world
from partyhub_dagster_tests.services.fixtures import MakeTopic

pytestmark = pytest.mark.service


@pytest.fixture
def world(kafka: str, make_topic: MakeTopic, tmp_path: Path) -> Callable[..., World]:
    return partial(make_world, kafka, make_topic, tmp_path)


def test_a_batch_larger_than_memory_may_hold_is_taken_in_several_transactions(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world().set(max_bytes_at_once=1)
    monkeypatch.setattr(reading, "_AT_ONCE", 3)
    here.send(*(upsert(str(n)) for n in range(10)))
    with here.stream() as (run, stream):
        (batch,) = stream.waiting()
        assert stream.take(batch).counts.stored == 10
        loads = run.session.con.execute("select rows_in from lake.load_audit").fetchall()
    assert sum(rows for (rows,) in loads) == 10
    assert len(loads) >= 4
    assert here.take() == {"stored": 10}


def test_a_batch_of_which_a_part_was_taken_is_planned_anew_from_there(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world()
    right = streams.read_portion

    def dies_later(broker: Any, consumer: Any, ranges: Any, most_bytes: int) -> Any:
        (whole,) = ranges
        if whole.start:
            raise BrokerError("gone", remedy="wait")
        read = right(broker, consumer, [replace(whole, end=4)], most_bytes)
        return replace(read, left=(replace(whole, start=4),))

    here.send(*(upsert(str(n)) for n in range(10)))
    with here.stream() as (_, stream):
        (batch,) = stream.waiting()
        monkeypatch.setattr(streams, "read_portion", dies_later)
        with pytest.raises(BrokerError):
            stream.take(batch)
    monkeypatch.undo()
    assert here.stored() == 4
    with here.hub.run() as run:
        again = run_batches(run, [batch])
    assert again.taken == []
    assert again.release is not None
    assert again.release.counts["records"] == 4
    assert here.take() == {"stored": 10}


def test_messages_that_vanish_while_they_are_read_are_not_passed_over(world: Callable[..., World]) -> None:
    """Retention can overtake a run between its look at the topic and its reading."""
    here = world()
    here.send(upsert("1"), upsert("2"), upsert("3"))
    admin = AdminClient({"bootstrap.servers": here.servers})
    for done in admin.delete_records([TopicPartition(here.topic, 0, 2)]).values():
        done.result(10)
    broker = broker_of(here.hub.config)
    consumer = broker.consumer()
    with pytest.raises(StreamError, match="no longer holds where reading must go on"):
        read_portion(broker, consumer, [OffsetRange(here.topic, 0, 0, 3)], 1_000)
    assert read_portion(broker, consumer, [OffsetRange(here.topic, 0, 2, 3)], 1_000).messages.num_rows == 1
    consumer.close()


def test_a_planted_bug_that_reads_one_message_too_many_is_found(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading past the end takes a message twice: the next batch begins where this one should have ended."""
    right = streams.read_portion

    def too_far(broker: Any, consumer: Any, ranges: Any, most_bytes: int) -> Any:
        read = right(broker, consumer, [replace(r, end=r.end + 1) for r in ranges], most_bytes)
        return replace(read, read=tuple(ranges))

    here = world()
    here.send(upsert("1"), upsert("2"))
    with here.stream() as (_, stream):
        (batch,) = stream.waiting()
        here.send(upsert("3"))
        monkeypatch.setattr(streams, "read_portion", too_far)
        stream.take(batch)
    monkeypatch.undo()
    assert here.take() != {"stored": 3}
