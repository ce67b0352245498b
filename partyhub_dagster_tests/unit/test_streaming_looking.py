"""Looking at the lake again and again: at once when it was written, at no cost when it was not."""

from pathlib import Path

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import STREAM_OFFSETS
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster.streaming import looking
from partyhub_dagster.streaming.looking import Lookout
from partyhub_dagster_tests.dagster.hubs import hub_of, write_small_hub

TOPIC = "party.events.raw"


@pytest.fixture(name="hub")
def _hub(tmp_path: Path) -> Hub:
    """A hub with empty tables."""
    hub = hub_of(write_small_hub(tmp_path / "files"), tmp_path / "home")
    with hub.run():
        return hub


def write_offset(hub: Hub, offset: int) -> None:
    with hub.place.connect() as con, write_transaction(Session(hub.place, con, "test")) as transaction:
        row = f"(select '{TOPIC}' as topic, 0::integer as partition, {offset}::bigint as next_offset)"
        transaction.upsert(STREAM_OFFSETS, row)


def test_what_another_process_writes_is_seen_at_the_next_look_and_else_the_lake_is_not_opened(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, times = looking._read_lake, []

    def counted(given: Hub) -> looking._Stored:
        times.append(1)
        return read(given)

    monkeypatch.setattr(looking, "_read_lake", counted)
    lookout = Lookout(hub)
    assert not lookout.was_read(TOPIC)
    write_offset(hub, 7)
    assert lookout._look_at_lake().offsets == {(TOPIC, 0): 7}
    write_offset(hub, 9)
    assert lookout._look_at_lake().offsets == {(TOPIC, 0): 9}
    lookout.was_read(TOPIC)  # the last to close an SQLite catalog tidies it up, which looks like a write
    before = len(times)
    assert [lookout.was_read(TOPIC) for _ in range(5)] == [True] * 5
    assert len(times) == before


def test_a_hub_that_was_never_built_and_one_of_before_streams_have_read_nothing(
    hub: Hub,
) -> None:
    with hub.place.connect() as con:
        con.execute("drop table stream_topics")
    seen = Lookout(hub)._look_at_lake()
    assert (seen.offsets, seen.ids, seen.released) == ({}, {}, True)
    hub.place.catalog.unlink()
    assert not Lookout(hub).was_read(TOPIC)
