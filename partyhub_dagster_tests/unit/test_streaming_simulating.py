"""Made-up events: as many as asked for, of the kinds asked for, and the hub reads them as what they are."""

from collections import Counter

import duckdb
import pyarrow as pa
import pytest

from partyhub_dagster.errors import ConfigError
from partyhub_dagster.streaming.event_lines import find_mistakes
from partyhub_dagster.streaming.events import understand_messages
from partyhub_dagster.streaming.poison import POISON
from partyhub_dagster.streaming.sending import Outgoing, Pace
from partyhub_dagster.streaming.simulating import Mix, simulate_events

SOURCES = ["crm", "dnb", "markit"]
LARGEST = 20_000
MIX = Mix(poison=0.05, duplicates=0.05)


@pytest.fixture(scope="module")
def sent() -> tuple[list[Outgoing], Counter[str]]:
    bursts = list(simulate_events(5, MIX, 1_000, LARGEST))
    counts: Counter[str] = sum((burst.counts for burst in bursts), Counter())
    return [message for burst in bursts for message in burst.messages], counts


def reasons_of(messages: list[Outgoing]) -> list[list[str]]:
    held = pa.table(
        {
            "message_offset": range(len(messages)),
            "message_key": pa.array([m.key for m in messages], pa.binary()),
            "message_value": pa.array([m.value for m in messages], pa.binary()),
        }
    )
    with duckdb.connect() as con:
        con.register("held", held)
        con.execute(
            "create temp table messages as select 'topic' as topic, 0 as partition, *, null::varchar as decoded,"
            " null::varchar as undecoded from held"
        )
        understand_messages(con, SOURCES, SOURCES, max_bytes=LARGEST)
        return [r for (r,) in con.execute("select reasons from events order by message_offset").fetchall()]


def test_there_are_as_many_of_each_kind_as_asked_for(sent: tuple[list[Outgoing], Counter[str]]) -> None:
    messages, counts = sent
    assert len(messages) == counts.total() == 1_000
    assert counts["poison"] == 50
    for kind in ("updates", "deletes", "late", "duplicates"):
        assert counts[kind] == pytest.approx(1_000 * getattr(MIX, kind), abs=3)


def test_the_hub_refuses_the_poison_each_in_its_way_and_nothing_else(
    sent: tuple[list[Outgoing], Counter[str]],
) -> None:
    messages, counts = sent
    refused = [tuple(reasons) for reasons in reasons_of(messages) if reasons]
    assert len(refused) == counts["poison"]
    assert len(set(refused)) == len(POISON) + 1
    assert (f"message is larger than {LARGEST} bytes",) in refused


def test_a_duplicate_has_the_bytes_of_its_original_and_no_other_message_repeats(
    sent: tuple[list[Outgoing], Counter[str]],
) -> None:
    messages, counts = sent
    events = [message for message, reasons in zip(messages, reasons_of(messages), strict=True) if not reasons]
    assert len(events) - len(set(events)) == counts["duplicates"]


def test_a_seed_repeats_its_messages_and_another_has_none_of_them() -> None:
    first, again, other = (
        [m for burst in simulate_events(seed, MIX, 200, LARGEST) for m in burst.messages]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert not {m.key for m in first if m.key} & {m.key for m in other if m.key}


@pytest.mark.parametrize("count", [1, 2, 27])
def test_few_messages_are_as_many_as_asked_for(count: int) -> None:
    for mix in (MIX, Mix(poison=1, updates=0, deletes=0, late=0, duplicates=0)):
        bursts = list(simulate_events(1, mix, count, LARGEST))
        assert sum(len(burst.messages) for burst in bursts) == count


def test_without_a_number_of_messages_one_world_follows_the_other() -> None:
    keys, seen = set(), 0
    for burst in simulate_events(1, MIX, None, LARGEST):
        keys |= {
            message.key.rsplit(b".", 1)[1]
            for message in burst.messages
            if message.key and b"-S1" in message.key
        }
        seen += len(burst.messages)
        if seen > 5_100:
            break
    assert keys == {b"0", b"1"}


def test_shares_above_one_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"Shares of 1\.33 in all"):
        Mix(poison=0.5, updates=0.71)


def test_lines_are_judged_as_the_hub_would_without_quoting_them() -> None:
    good = next(m.value for b in simulate_events(1, Mix(poison=0), 1, LARGEST) for m in b.messages)
    lines = [good or b"", b"{", b'{"op": "Jane Doe"}', (good or b"").replace(b'"source":"', b'"source":"un')]
    found = find_mistakes(lines, SOURCES, SOURCES, LARGEST)
    assert found[0] == []
    assert found[1] == ["message is not valid JSON"]
    assert "op is neither upsert nor delete" in found[2]
    assert found[3] == ["source is not in hub.yaml"]
    assert "Jane" not in str(found)


def test_a_pace_makes_up_for_what_was_late() -> None:
    pace = Pace(100)
    assert pace.until_due(0) == 0
    assert pace.until_due(10) == pytest.approx(0.1, abs=0.05)
    assert Pace(0).until_due(1_000_000) == 0
