"""A rejected message, mended or tried again after hub.yaml was corrected, ends where it would have at first."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from partyhub_dagster.config import load_config
from partyhub_dagster.sources.quarantine import export_rows, find_ids, list_rows, show_row
from partyhub_dagster.sources.replay import Replayed, replay_file, replay_rows
from partyhub_dagster.streaming.replaying import replay_messages
from partyhub_dagster_tests.events import STREAMING, Topic, delete, empty, upsert
from partyhub_dagster_tests.feed import Feed, Lake, new_lake

HUB = """
version: 1
sources:
  crm: {path: inbox/*, format: jsonl, key: ID, version: {column: REV, type: integer}, kind: person,
        columns: {NAME: person_name}}
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture
def topic(lake: Lake, tmp_path: Path) -> Iterator[Topic]:
    (tmp_path / "hub.yaml").write_text(HUB + STREAMING, encoding="utf-8")
    yield Topic(Feed(lake, "crm", load_config(tmp_path / "hub.yaml")))
    empty(lake)


def replay(topic: Topic, file: Path | None = None, *, ids: list[str] | None = None) -> Replayed:
    feed = topic.feed
    messages = partial(replay_messages, feed.session, feed.config, looked_at=bool(file or ids))
    if file is not None:
        return replay_file(feed.session, feed.config, file, messages)
    return replay_rows(feed.session, feed.config, ids, None, messages)


def states(topic: Topic) -> list[str]:
    rows = topic.feed.lake.con.execute("select replay_state from quarantine order by line").fetchall()
    return [row[0] for row in rows]


def test_a_message_is_listed_and_shown_by_topic_partition_and_offset(topic: Topic) -> None:
    topic.send(upsert("1"), upsert("2", op="merge"))
    con = topic.feed.lake.con
    (row,) = list_rows(con, None, 10)
    assert (row["source"], row["file"], row["line"]) == ("crm", "kafka:raw/0", 1)
    assert show_row(con, row["quarantine_id"])["record"]["op"] == "merge"


def test_the_text_of_a_message_that_is_no_json_can_be_mended_where_it_stands(
    topic: Topic, tmp_path: Path
) -> None:
    topic.send(("crm:3", upsert("3")[1][:-1]), ("crm:4", "{bad"))  # type: ignore[index]  # it is text
    out = tmp_path / "mended.jsonl"
    export_rows(topic.feed.lake.con, None, out, typed=True)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["raw"] += "}"  # the one lacked it, the other is no JSON still
    out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    outcome = replay(topic, out)
    assert (outcome.loaded, [row["line"] for row in outcome.still_rejected]) == (1, [1])
    assert topic.feed.live() == {"3": '{"ID":"3","NAME":"Anna 3"}'}
    assert states(topic) == ["replayed", "open"]


def test_a_message_mended_in_the_exported_file_is_loaded_and_cleared(topic: Topic, tmp_path: Path) -> None:
    topic.send(upsert("1", op="merge"), upsert("2", payload="none"), ("crm:3", "{bad"))
    out = tmp_path / "mended.jsonl"
    export_rows(topic.feed.lake.con, None, out, typed=True)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        if row["record"] is None:
            row["record"] = json.loads(str(upsert("3")[1]))
        row["record"]["op"] = "upsert"
    out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    outcome = replay(topic, out)
    assert (outcome.loaded, len(outcome.still_rejected)) == (2, 1)
    assert topic.feed.keys() == {"1", "3"}
    assert sorted(states(topic)) == ["open", "replayed", "replayed"]
    assert topic.outcomes() == ["replayed", "quarantined", "replayed"]
    before = topic.feed.epochs()
    assert replay(topic, out).settled_before == 2
    assert topic.feed.epochs() == before


def test_messages_of_a_source_that_hub_yaml_names_now_are_loaded_with_their_versions(topic: Topic) -> None:
    topic.send(upsert("1", 2, source="erp"), delete("2", 5, source="erp"), upsert("2", 4, source="erp"))
    assert topic.feed.keys() == set()
    (topic.feed.config.root / "hub.yaml").write_text(
        HUB + HUB.split("sources:\n")[1].replace("crm", "erp") + STREAMING, encoding="utf-8"
    )
    topic.feed = replace(topic.feed, name="erp", config=load_config(topic.feed.config.root / "hub.yaml"))
    assert replay(topic).loaded == 3
    assert topic.feed.keys() == {"1"}
    assert states(topic) == ["replayed"] * 3


def test_what_is_wrong_for_ever_stays_and_is_told(topic: Topic) -> None:
    topic.send(("crm:1", "{bad"), ("crm:1", b"\xff"))
    outcome = replay(topic)
    assert outcome.loaded == 0
    assert [row["reasons"] for row in outcome.still_rejected] == [
        ["message is not valid JSON"], ["message is not text in UTF-8"],
    ]  # fmt: skip
    assert states(topic) == ["open", "open"]


def test_a_message_of_another_key_is_loaded_only_when_somebody_names_it(topic: Topic) -> None:
    topic.send(("crm:2", upsert("1")[1]))
    assert [row["reasons"] for row in replay(topic).still_rejected] == [
        ["message key is not source:source_record_id"]
    ]
    named = find_ids(topic.feed.lake.con, [list_rows(topic.feed.lake.con, None, 1)[0]["quarantine_id"][:8]])
    assert replay(topic, ids=named).loaded == 1
    assert topic.feed.keys() == {"1"}


def test_a_message_whose_record_came_since_is_superseded(topic: Topic) -> None:
    topic.send(upsert("1", payload={"ID": "9"}))
    topic.send(upsert("1", 2))
    outcome = replay(topic)
    assert (outcome.superseded, outcome.loaded, outcome.still_rejected) == (1, 0, [])
    assert states(topic) == ["superseded"]
