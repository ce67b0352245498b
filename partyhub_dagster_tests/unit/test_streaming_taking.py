"""Messages into the lake: nothing lost, nothing twice, whatever they hold and however often they come."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from partyhub_dagster.config import load_config
from partyhub_dagster.errors import StaleError, StreamError
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.streaming import taking
from partyhub_dagster.streaming.offsets import is_overtaken, is_stored, stored_offsets
from partyhub_dagster_tests.events import (
    LEFT_OUT,
    STREAMING,
    Message,
    Topic,
    batch,
    delete,
    empty,
    event,
    message,
    upsert,
)
from partyhub_dagster_tests.feed import Feed, Lake, new_lake

HUB = """
version: 1
sources:
  crm: {path: inbox/*, format: jsonl, key: ID, version: {column: REV, type: integer}, kind: person,
        columns: {NAME: person_name}}
  unversioned: {path: other/*, format: csv, key: ID, kind: person, columns: {NAME: person_name}}
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@contextmanager
def new_topic(lake: Lake, folder: Path, hub: str = HUB) -> Iterator[Topic]:
    """Yield an empty topic and, but for its tables, an empty lake."""
    (folder / "hub.yaml").write_text(hub + STREAMING, encoding="utf-8")
    try:
        yield Topic(Feed(lake, "crm", load_config(folder / "hub.yaml")))
    finally:
        empty(lake)


@pytest.fixture
def topic(lake: Lake, tmp_path: Path) -> Iterator[Topic]:
    with new_topic(lake, tmp_path) as topic:
        yield topic


def broken_rules(topic: Topic) -> list[str]:
    names = ("loads_reconcile", "current_is_newest_version")
    queries = {name: load_sql("partyhub_dagster.quality", f"{name}.sql") for name in names}
    return [name for name, query in queries.items() if topic.feed.lake.con.execute(query).fetchall()]


# --- what events do


def test_an_upsert_becomes_a_record_in_the_columns_of_its_source(topic: Topic) -> None:
    counts = topic.send(upsert("1"), upsert("2"))
    assert (counts.rows_in, counts.stored) == (2, 2)
    assert topic.feed.live() == {"1": '{"ID":"1","NAME":"Anna 1"}', "2": '{"ID":"2","NAME":"Anna 2"}'}


def test_an_event_that_comes_again_changes_nothing(topic: Topic) -> None:
    topic.send(upsert("1"), upsert("1"))
    before = topic.feed.epochs()
    assert topic.send(upsert("1")).unchanged == 1
    assert topic.feed.epochs() == before
    assert topic.outcomes() == ["stored", "unchanged", "unchanged"]


def test_an_older_version_that_comes_late_goes_to_history_only(topic: Topic) -> None:
    topic.send(upsert("1", 10))
    assert topic.send(upsert("1", 9, payload={"ID": "1", "NAME": "Old"})).late == 1
    assert "Anna" in topic.feed.live()["1"]
    assert len(topic.feed.versions("1")) == 2


def test_a_delete_needs_no_payload_and_a_newer_upsert_revives(topic: Topic) -> None:
    topic.send(upsert("1"), delete("1", 2))
    assert topic.feed.keys() == set()
    topic.send(upsert("1", 3))
    assert topic.feed.keys() == {"1"}


def test_a_delete_that_repeats_the_record_it_deletes_is_no_known_version(topic: Topic) -> None:
    topic.send(upsert("1"), message(event("1", op="delete")))
    assert topic.feed.keys() == set()


def test_a_delete_that_comes_before_an_older_upsert_holds(topic: Topic) -> None:
    topic.send(delete("1", 5), upsert("1", 4))
    assert topic.feed.keys() == set()


def test_the_version_of_the_payload_orders_where_the_event_has_none(topic: Topic) -> None:
    for revision, name in ((9, "New"), (8, "Old")):
        said = event("1", LEFT_OUT, payload={"ID": "1", "NAME": name, "REV": revision})
        topic.send(message(said))
    assert "New" in topic.feed.live()["1"]


def test_the_same_version_by_file_and_by_event_is_one(topic: Topic) -> None:
    topic.feed.send("a.jsonl", '{"ID":"1","REV":4,"NAME":"Anna"}\n')
    said = event("1", 4, payload={"ID": "1", "REV": 4, "NAME": "Anna"})
    assert topic.send(message(said)).unchanged == 1
    assert topic.send(upsert("1", 5)).stored == 1
    assert topic.feed.send("b.jsonl", '{"ID":"1","REV":3,"NAME":"Older"}\n').late == 1
    assert "Anna 1" in topic.feed.live()["1"]


def test_a_source_without_versions_in_hub_yaml_is_ordered_by_what_its_events_say(
    lake: Lake, tmp_path: Path
) -> None:
    hub = HUB.replace("version: {column: REV, type: integer}, ", "") + "  # crm has no version\n"
    with new_topic(lake, tmp_path, hub) as topic:
        config = topic.feed.config
        streaming = config.streaming
        assert streaming is not None
        fed = config.model_copy(update={"streaming": streaming.model_copy(update={"sources": ("crm",)})})
        topic.feed = replace(topic.feed, config=fed)
        topic.send(upsert("1", 10), upsert("1", 9, payload={"ID": "1", "NAME": "Old"}))
        assert "Anna" in topic.feed.live()["1"]


def test_fields_that_the_schema_does_not_know_are_kept(topic: Topic) -> None:
    topic.send(
        message(
            {**event("1", payload={"ID": "1", "COLOUR": {"a/b": [1]}}), "trace/id": "t~1", "more": [1, 2]}
        )
    )
    (kept,) = topic.feed.lake.con.execute("select unknown_fields from stream_messages").fetchall()
    assert kept == ('{"trace/id":"t~1","more":[1,2]}',)
    assert topic.feed.live()["1"] == '{"ID":"1","COLOUR":{"a/b":[1]}}'


def test_a_record_that_breaks_the_contract_of_its_source_is_rejected_and_others_are_not(
    lake: Lake, tmp_path: Path
) -> None:
    columns = "{NAME: {max_null_share: 0, pattern: '[A-Z].*'}, NOTE: {pattern: x, max_broken_share: 0.5}}"
    hub = HUB.replace("kind: person,\n", f"kind: person, contract: {{columns: {columns}}},\n", 1)
    with new_topic(lake, tmp_path, hub) as topic:
        records = [{"ID": "1", "NAME": "Anna", "NOTE": "y"}, {"ID": "2"}, {"ID": "3", "NAME": "anna"}]
        topic.send(*(upsert(record["ID"], payload=record) for record in records), delete("4"))
        assert topic.feed.keys() == {"1"}
        assert topic.reasons() == {
            1: ["column NAME breaks the contract: no value"],
            2: ["column NAME breaks the contract: not as the pattern"],
        }


# --- poison

POISON: list[tuple[Message, str]] = [
    (("crm:1", "{bad"), "message is not valid JSON"),
    (("crm:1", "[1]"), "message is JSON but not an object"),
    (("crm:1", '{"a":1,"a":2}'), "message names a key twice"),
    (("crm:1", b"\xff\xfe"), "message is not text in UTF-8"),
    (("crm:1", None), "message has no value: a deletion is an event with op delete"),
    (("crm:1", "[" * 1_000_001), "message is larger than 1000000 bytes"),
    ((None, upsert("0")[1]), "message has no key: it is source:source_record_id"),
    (("crm:2", upsert("1")[1]), "message key is not source:source_record_id"),
    (upsert("1", source="nobody"), "source is not in hub.yaml"),
    (upsert("1", source="unversioned"), "source takes no events: give it a version in hub.yaml or name it in"),
    (upsert("1", source=LEFT_OUT), "source is missing or no text"),
    (upsert(" "), "source_record_id is missing, blank or no text"),
    (upsert("1", event_id=7), "event_id is missing, blank, no text or too long"),
    (upsert("1", op="merge"), "op is neither upsert nor delete"),
    (upsert("1", event_time="yesterday"), "event_time is missing or no ISO 8601 time"),
    (upsert("1", 1.5), "version is neither a whole number nor text"),
    (upsert("1", "seven"), "version column REV is not an integer"),
    (upsert("1", LEFT_OUT), "version column REV is empty"),
    (upsert("1", schema_version=2), "schema_version is not 1"),
    (upsert("1", payload=LEFT_OUT), "payload is no object"),
    (upsert("1", payload={"ID": "8"}), "source_record_id is not the key that the payload has"),
]  # fmt: skip


def test_poison_goes_to_quarantine_with_its_reason_and_never_stops_the_rest(topic: Topic) -> None:
    counts = topic.send(upsert("good"), *(said for said, _ in POISON), upsert("better"))
    assert topic.feed.keys() == {"good", "better"}
    assert (counts.stored, counts.quarantined) == (2, len(POISON))
    reasons = topic.reasons()
    found = {
        place: [r for r in reasons[place + 1] if r.startswith(why)] for place, (_, why) in enumerate(POISON)
    }
    assert {place: reasons.get(place + 1) for place, whys in found.items() if not whys} == {}
    assert broken_rules(topic) == []


def test_every_reason_is_told_and_none_holds_a_value(topic: Topic) -> None:
    topic.send(
        upsert("secret", "secret", event_time="secret", op="secret", event_id=["secret"], source="secret")
    )
    (reasons,) = topic.reasons().values()
    assert len(reasons) == 4
    assert "secret" not in " ".join(reasons)


def test_a_rejected_message_waits_for_the_dead_letter_topic_byte_by_byte(topic: Topic) -> None:
    topic.send(upsert("1"), ("k\u00e9y", b"\xff\x00raw"))
    rows = topic.feed.lake.con.execute(
        "select message_offset, message_key, message_value from dead_letters"
    ).fetchall()
    assert rows == [(1, "k\u00e9y".encode(), b"\xff\x00raw")]


def test_the_same_poison_again_is_one_row_of_quarantine_and_two_dead_letters(topic: Topic) -> None:
    topic.send(("crm:1", "{bad"))
    assert topic.send(("crm:1", "{bad")).unchanged == 1
    assert topic.outcomes() == ["quarantined", "quarantined"]
    assert topic.feed.lake.con.execute("select count(*) from dead_letters").fetchall() == [(2,)]
    assert broken_rules(topic) == []


# --- offsets


def test_rows_and_offset_move_together_or_not_at_all(topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    topic.send(upsert("1"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(taking, "_note_messages", killed)
        with pytest.raises(KeyboardInterrupt):
            topic.send(upsert("2"), ("crm:3", "{bad"))
    con = topic.feed.lake.con
    assert stored_offsets(con) == {("raw", 0): 1}
    assert topic.feed.keys() == {"1"}
    assert topic.reasons() == {}
    topic.take(1, 3)
    assert stored_offsets(con) == {("raw", 0): 3}
    assert topic.outcomes() == ["stored", "stored", "quarantined"]


def test_a_second_daemon_with_the_same_batch_writes_nothing(topic: Topic) -> None:
    topic.send(upsert("1"))
    before = topic.feed.epochs()
    with pytest.raises(StaleError):
        topic.take(0, 1)
    assert topic.feed.epochs() == before
    assert is_stored(topic.feed.lake.con, batch(0, 1))


def test_a_batch_that_overlaps_what_was_read_is_stale(topic: Topic) -> None:
    topic.send(upsert("1"), upsert("2"))
    with pytest.raises(StaleError):
        is_stored(topic.feed.lake.con, batch(1, 3))
    overtaken = {span: is_overtaken(topic.feed.lake.con, batch(*span)) for span in ((0, 1), (0, 2), (2, 3))}
    assert overtaken == {(0, 1): True, (0, 2): False, (2, 3): False}


def test_a_batch_behind_what_was_read_is_refused_loudly(topic: Topic) -> None:
    """As after the hub was restored from an older backup: its offsets went back, those of the plan did not."""
    topic.send(upsert("1"))
    with pytest.raises(StreamError, match="would pass over messages"):
        is_stored(topic.feed.lake.con, batch(3, 4))


# --- law 1 on any messages

KEYS, VERSIONS = st.sampled_from("12"), st.sampled_from([1, 2])
GOOD = st.builds(upsert, KEYS, VERSIONS) | st.builds(delete, KEYS, VERSIONS)
ANY = GOOD | st.sampled_from([said for said, _ in POISON if said[1] is None or len(said[1]) < 1_000])


def check_law_1(topic: Topic, batches: list[list[Message]]) -> None:
    """Every message is stored, known or in quarantine; what the audit says is what the tables hold."""
    bad = {said for said, _ in POISON}
    for messages in batches:
        counts = topic.send(*messages)
        assert counts.rows_in == len(messages) == counts.stored + counts.unchanged + counts.quarantined
    everything = [said for messages in batches for said in messages]
    outcomes = Counter(topic.outcomes())
    assert outcomes["quarantined"] == sum(said in bad for said in everything)
    assert outcomes["stored"] == len({said for said in everything if said not in bad})
    assert sum(outcomes.values()) == len(everything)
    assert stored_offsets(topic.feed.lake.con).get(("raw", 0), 0) == len(everything)
    versions = topic.feed.ask("select count(*) from source_party_history where source = $name")
    assert versions == [(outcomes["stored"],)]
    assert broken_rules(topic) == []


@settings(max_examples=max(3, settings().max_examples // 20), suppress_health_check=[HealthCheck.too_slow])
@given(batches=st.lists(st.lists(ANY, max_size=6), min_size=1, max_size=3))
@example(batches=[[upsert("1"), upsert("1"), ("crm:1", "{bad")], [("crm:1", "{bad"), delete("1", 2)]])
def test_law_1_holds_for_any_messages_in_any_batches(
    lake: Lake, tmp_path_factory: pytest.TempPathFactory, batches: list[list[Message]]
) -> None:
    with new_topic(lake, tmp_path_factory.mktemp("topic")) as topic:
        check_law_1(topic, batches)


@pytest.mark.parametrize("bug", ["drops rejected messages", "moves the offset too far", "forgets a source"])
def test_law_1_finds_a_planted_bug(topic: Topic, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    move, load, begin = taking.move_offsets, taking.load_within, taking._begin_loads

    def too_far(transaction: Any, taken: Any, topic_id: str) -> None:
        (held,) = taken.ranges
        move(transaction, replace(taken, ranges=(replace(held, end=held.end + 1),)), topic_id)

    def dropping(transaction: Any, *rest: Any) -> Any:
        transaction.con.execute("delete from described where len(reasons) > 0")
        return load(transaction, *rest)

    match bug:
        case "drops rejected messages":
            monkeypatch.setattr(taking, "load_within", dropping)
        case "moves the offset too far":
            monkeypatch.setattr(taking, "move_offsets", too_far)
        case _:
            monkeypatch.setattr(
                taking,
                "_begin_loads",
                lambda con: {name: held for name, held in begin(con).items() if name != "crm"},
            )
    with pytest.raises(AssertionError):
        check_law_1(topic, [[upsert("1"), ("crm:1", "{bad")]])
