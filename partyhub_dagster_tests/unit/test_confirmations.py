"""What a confirmation says: old and new ids, the events it answers, and nobody's data."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from partyhub_dagster.errors import InvariantError, StreamError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.tables import CONFIRMATIONS, PARTY_LINEAGE
from partyhub_dagster.streaming.confirming import list_confirmations, where_to_go_on
from partyhub_dagster.streaming.kafka import TopicState
from partyhub_dagster.streaming.ranges import PartitionState
from partyhub_dagster.streaming.sent import Sent
from partyhub_dagster_tests.consumer import apply
from partyhub_dagster_tests.factories import ask, copy_hub, id_of

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "confirmation.schema.json").read_text())
MESSAGES = {
    # event id -> record, the release that took it in, outcome
    "phone-of-4": ("crm:4", 2, "stored"),
    "again-4": ("crm:4", 2, "unchanged"),
    "bad": ("crm:4", 2, "quarantined"),
    "delete-6": ("crm:6", 3, "stored"),
    "split-7": ("crm:7", 3, "stored"),
    "mended-8": ("crm:8", 3, "replayed"),
}


@pytest.fixture(scope="module")
def hub(history_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """The hub of three releases, as if some of its records had come by Kafka."""
    made = copy_hub(history_hub, tmp_path_factory.mktemp("told") / "hub")
    with made.place.connect() as con:
        for offset, (event_id, (key, release, outcome)) in enumerate(MESSAGES.items()):
            con.execute(
                "insert into lake.stream_messages (topic, partition, message_offset, event_id, source, record_id,"
                " outcome, epoch) select 't', 0, $offset, $event, 'crm', $record, $outcome, head_epoch"
                " from lake.releases where number = $release",
                {
                    "offset": offset,
                    "event": event_id,
                    "record": id_of(key),
                    "outcome": outcome,
                    "release": release,
                },
            )
    return made


@pytest.fixture(scope="module")
def told(hub: Hub) -> list[dict[str, Any]]:
    ((last,),) = ask(hub, "select max(lineage_seq) from releases")
    with hub.place.connect(read_only=True) as con:
        rows = list_confirmations(con, "people", 7, 0, last)
    for sequence, key, value in rows:
        assert (sequence, key) == (json.loads(value)["sequence"], json.loads(value)["party_id"])
    return [json.loads(value) for _, _, value in rows]


def find(told: list[dict[str, Any]], event: str, key: str) -> dict[str, Any]:
    (found,) = [m for m in told if m["event"] == event and m["party_id"] == str(id_of(key))]
    return found


def test_every_confirmation_keeps_the_published_schema(told: list[dict[str, Any]]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [list(validator.iter_errors(message)) for message in told] == [[] for _ in told]
    assert set(SCHEMA["properties"]) == set(told[0])


def test_a_schema_that_lacks_a_field_is_found(told: list[dict[str, Any]]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert list(validator.iter_errors({**told[0], "name": "Anna"})) != []


def test_old_and_new_ids_tell_where_a_party_came_from_and_went(told: list[dict[str, Any]]) -> None:
    five, six, seven = (str(id_of(f"crm:{n}")) for n in (5, 6, 7))
    merged, split, gone = (
        find(told, "MERGED", "crm:7"), find(told, "SPLIT", "crm:7"), find(told, "RETIRED", "crm:6"),
    )  # fmt: skip
    assert (merged["old_party_id"], merged["new_party_id"]) == (seven, five)
    assert (split["old_party_id"], split["new_party_id"]) == (five, seven)
    assert (gone["old_party_id"], gone["new_party_id"]) == (six, None)
    born = find(told, "CREATED", "crm:8")
    assert (born["old_party_id"], born["new_party_id"]) == (None, str(id_of("crm:8")))
    assert (born["generation"], born["hub"], born["release"]) == (7, "people", 3)


def test_an_event_is_answered_by_what_became_of_its_party_in_its_release(told: list[dict[str, Any]]) -> None:
    answers = {(m["event"], m["party_id"]): m["answers"] for m in told if m["answers"]}
    assert answers["UPDATED", str(id_of("crm:4"))] == ["phone-of-4"]
    assert answers["RETIRED", str(id_of("crm:6"))] == ["delete-6"]
    assert answers["SPLIT", str(id_of("crm:7"))] == ["split-7"]
    assert {party for (_, party), ids in answers.items() if "split-7" in ids} == {
        str(id_of("crm:5")), str(id_of("crm:7")),
    }  # fmt: skip
    assert answers["CREATED", str(id_of("crm:8"))] == ["mended-8"]
    assert {event for ids in answers.values() for event in ids} == {
        "phone-of-4", "delete-6", "split-7", "mended-8",
    }  # fmt: skip
    assert {m["release"] for m in told if "phone-of-4" in m["answers"]} == {2}


def test_a_confirmation_holds_no_value_of_a_record(hub: Hub, told: list[dict[str, Any]]) -> None:
    values = {row[0] for row in ask(hub, "select unnest(values.name).value from normalized_parties")}
    keys = {row[0] for row in ask(hub, "select payload from source_party_history")}
    text = json.dumps(told)
    assert values
    assert [value for value in values | keys if value and value in text] == []
    assert "crm" not in text


def test_replayed_in_parts_they_give_the_parties_of_the_hub(hub: Hub, told: list[dict[str, Any]]) -> None:
    rows = ask(hub, "select party_id::varchar, list(record_id::varchar) from party_clusters group by all")
    assert apply(told[3:], apply(told[:3])) == {party: frozenset(members) for party, members in rows}


def test_a_gap_in_lineage_is_not_sent_over(hub: Hub, tmp_path: Path) -> None:
    broken = copy_hub(hub, tmp_path / "broken")
    with broken.place.connect() as con:
        con.execute("delete from lake.party_lineage where sequence = 4")
        with pytest.raises(InvariantError, match="every event from 3 to 6"):
            list_confirmations(con, "people", 1, 2, 6)


def state(topic_id: str = "T1") -> TopicState:
    return TopicState("updates", topic_id, (PartitionState("updates", 0, None, 0, 9),))


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that resuming reads, with a lineage of five events."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as lake")
        for table in (CONFIRMATIONS, PARTY_LINEAGE):
            connection.execute(table.create_statement())
        connection.execute(
            "insert into lake.party_lineage (sequence, run_id) select i, 'r' || i from range(1, 6) as t(i)"
        )
        yield connection


def noted(con: duckdb.DuckDBPyConnection, *rows: tuple[int, int]) -> None:
    for generation, sequence in rows:
        con.execute(
            "insert into lake.confirmations values ('updates', $g, 'T1', $s, null, null, null, 0)",
            {"g": generation, "s": sequence},
        )


@pytest.mark.parametrize(
    ("notes", "last", "expected"),
    [
        ((), None, (1_000, 0)),  # the first time: generations count by the clock
        ((), (7, 5), (7, 5)),  # killed before the note was written
        (((7, 3),), (7, 5), (7, 5)),  # the topic knows better
        (((7, 5),), (7, 3), (7, 3)),  # the broker lost some: they are sent again
        (((7, 5),), None, (7, 5)),  # all have expired
        (((7, 5), (9, 0)), (7, 5), (9, 0)),  # a person began a generation
        (((7, 5), (9, 2)), (7, 5), (9, 0)),  # and what was sent of it is lost
        (((7, 5),), (9, 2), (9, 2)),  # the lake was restored from before that, to the same history
    ],
)
def test_where_to_go_on_follows_the_topic_before_the_note(
    con: duckdb.DuckDBPyConnection,
    notes: tuple[tuple[int, int], ...],
    last: tuple[int, int] | None,
    expected: tuple[int, int],
) -> None:
    noted(con, *notes)
    sent = None if last is None else Sent(*last, f"r{last[1]}")
    found = where_to_go_on(con, state(), sent, 1_000)
    assert (found.generation, found.sequence) == expected


def test_what_cannot_go_on_stops_loudly(con: duckdb.DuckDBPyConnection) -> None:
    noted(con, (7, 5))
    with pytest.raises(StreamError, match="made anew"):
        where_to_go_on(con, state("T2"), None, 1_000)
    for of_another_lake in (Sent(7, 5, "x"), Sent(7, 999, "r5")):
        with pytest.raises(StreamError, match="older backup"):
            where_to_go_on(con, state(), of_another_lake, 1_000)
