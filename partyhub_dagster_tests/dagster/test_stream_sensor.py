"""The sensor of a topic, tick by tick, on a real Dagster instance; the test says what broker and lake hold."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from partyhub_dagster.errors import BrokerError, StreamError
from partyhub_dagster.orchestration.assets.topics import topic_key
from partyhub_dagster.orchestration.build import build_defs
from partyhub_dagster.orchestration.stream_attempts import ATTEMPT_TAG, BATCH_TAG, TOPIC_TAG
from partyhub_dagster.orchestration.stream_sensor import sensor_name, stream_sensors
from partyhub_dagster_tests.dagster.hubs import SMALL, hub_of, write_small_hub
from partyhub_dagster_tests.dagster.stream_world import TOPIC, World, stream_run


@pytest.fixture(name="storage", scope="module")
def _storage() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(name="world")
def _world(tmp_path: Path, storage: dg.DagsterInstance) -> World:
    write_small_hub(tmp_path / "files")
    file = tmp_path / "files" / "hub.yaml"
    file.write_text(
        f"{SMALL}streaming: {{max_batch_messages: 10, sensor: {{attempts: 3}}}}\n", encoding="utf-8"
    )
    storage.wipe()
    return World(hub_of(file, tmp_path / "home"), storage)


def test_a_day_of_a_topic_from_the_first_message_to_quiet(world: World) -> None:
    assert world.reason() == f"No new messages on {TOPIC}."
    world.high[0] = 4
    assert world.launched() == [(0, 0, 4), (1, 0, 0)]
    world.high = {0: 20, 1: 3}
    assert "is at work" in world.reason()
    world.succeed()
    assert world.launched() == [(0, 4, 11), (1, 0, 3)]
    world.succeed()
    assert world.launched() == [(0, 11, 20)]
    world.succeed()
    assert world.reason() == f"No new messages on {TOPIC}."
    assert world.stored == world.high


def test_a_run_is_found_by_its_tags_and_told_ranges_only(world: World) -> None:
    world.high[0] = 4
    world.launched()
    (run,) = world.runs
    assert run.run_config == {
        "ops": {"take_batch": {"config": {"topic": TOPIC, "ranges": [[0, 0, 4], [1, 0, 0]]}}}
    }
    assert {TOPIC_TAG: TOPIC, ATTEMPT_TAG: "1"}.items() <= run.tags.items()
    assert run.tags["dagster/run_key"] == f"{run.tags[BATCH_TAG]}-1"


def test_a_broker_that_is_down_is_a_skip_with_the_reason_and_changes_nothing(world: World) -> None:
    world.high[0] = 4
    world.launched()
    before = dict(world.cursors)
    world.later = timedelta(seconds=31)
    world.trouble = BrokerError("No Kafka broker answers at localhost:9.", remedy="Start it.")
    assert "No Kafka broker answers" in world.reason()
    assert world.cursors == before
    world.trouble = None
    world.succeed()
    assert world.reason() == f"No new messages on {TOPIC}."


def test_a_run_at_work_has_the_lake_to_itself_but_for_a_look_now_and_then(world: World) -> None:
    world.high[0] = 4
    world.launched()
    world.trouble = AssertionError("it looked")
    assert "is at work" in world.reason()
    world.later = timedelta(seconds=31)
    with pytest.raises(dg.Failure, match="Unexpected AssertionError"):
        world.tick()


def test_a_topic_that_does_not_exist_yet_is_waited_for(world: World) -> None:
    world.trouble = StreamError(f"The Kafka broker has no topic {TOPIC}.", remedy="Create it.")
    assert "has no topic" in world.reason()


def test_an_error_that_could_quote_a_value_is_told_by_type_and_place_only(world: World) -> None:
    world.trouble = ValueError("Ottoline Quenby-Farrow")
    with pytest.raises(dg.Failure) as told:
        world.tick()
    assert "Unexpected ValueError" in str(told.value.description)
    assert "Ottoline" not in str(told.value.description)
    assert told.value.__cause__ is None
    assert told.value.__context__ is None


def test_a_failed_batch_is_tried_again_later_with_the_same_offsets_and_a_fresh_key(world: World) -> None:
    world.high[0] = 4
    first = world.launched()
    world.fail()
    world.high[0] = 9
    assert "attempt 2 of 3 follows" in world.reason()
    world.later = timedelta(seconds=10)
    assert world.launched() == first
    keys = [run.tags["dagster/run_key"] for run in world.runs]
    assert len(set(keys)) == len(keys) == 2
    world.succeed()
    assert world.launched() == [(0, 4, 9)]


def test_a_batch_that_keeps_failing_stops_the_topic_loudly_until_the_cursor_is_reset(world: World) -> None:
    world.high[0] = 4
    for attempt in range(3):
        world.later = timedelta(hours=attempt)
        world.launched()
        world.fail()
    world.later = timedelta(hours=9)
    for _ in range(2):
        with pytest.raises(dg.Failure, match="was tried 3 times and is not in the lake") as told:
            world.tick()
        assert "reset the cursor" in str(told.value.description)
    assert len(world.runs) == 3
    world.cursors["one"] = None
    assert world.launched() == [(0, 0, 4), (1, 0, 0)]
    world.succeed()
    assert world.stored == {0: 4, 1: 0}


def test_a_run_re_executed_by_hand_ends_the_stop(world: World) -> None:
    world.high[0] = 4
    for attempt in range(3):
        world.later = timedelta(hours=attempt)
        world.launched()
        world.fail()
    world.later = timedelta(hours=9)
    failed = world.runs[-1]
    again = world.instance.create_run_for_job(
        stream_run,
        run_config=failed.run_config,
        tags={t: failed.tags[t] for t in (TOPIC_TAG, BATCH_TAG, ATTEMPT_TAG)},
    )
    assert "is at work" in world.reason()
    assert world.runs[-1].run_id == again.run_id
    world.succeed()
    assert world.reason() == f"No new messages on {TOPIC}."


def test_a_run_killed_between_storing_and_releasing_is_followed_by_one_that_releases(world: World) -> None:
    world.high[0] = 4
    first = world.launched()
    world.fail(stored=True)
    world.later = timedelta(minutes=1)
    assert world.launched() == first
    world.succeed()
    assert world.reason() == f"No new messages on {TOPIC}."
    assert world.released


def test_a_release_that_a_check_holds_back_stops_the_topic_until_there_is_one(world: World) -> None:
    world.high[0] = 4
    for attempt in range(3):
        world.later = timedelta(hours=attempt)
        world.launched()
        world.fail(stored=True)
    world.high[0] = 9
    world.later = timedelta(hours=9)
    with pytest.raises(dg.Failure, match="no release shows them"):
        world.tick()
    world.released = True  # `partyhub release --accept`
    assert world.launched() == [(0, 4, 9)]


@pytest.mark.parametrize(
    "cursor", [None, "", "{}", "junk", '{"topic": "other", "first_attempt": 1, "ranges": []}']
)
def test_a_cursor_reset_while_a_run_is_at_work_starts_no_second_one(world: World, cursor: str | None) -> None:
    world.high[0] = 4
    world.launched()
    world.cursors["one"] = cursor
    world.high[0] = 9
    assert "is at work" in world.reason()
    world.succeed()
    assert world.launched() == [(0, 4, 9)]


def test_a_cursor_reset_after_a_run_has_ended_reads_nothing_twice(world: World) -> None:
    world.high[0] = 4
    world.launched()
    world.succeed()
    world.cursors["one"] = None
    assert world.reason() == f"No new messages on {TOPIC}."
    world.high[0] = 5
    assert world.launched() == [(0, 4, 5)]


def test_two_daemons_on_one_storage_start_one_run(world: World) -> None:
    world.high[0] = 4
    world.launched("one")
    assert "is at work" in world.reason("two")
    world.succeed()
    assert world.reason("two") == world.reason("one") == f"No new messages on {TOPIC}."


def test_two_daemons_that_decide_at_the_same_moment_ask_for_the_same_key(world: World) -> None:
    world.high[0] = 4
    world.launched("one")
    (run,) = world.runs
    with dg.DagsterInstance.ephemeral() as before:  # what the other saw: no run yet
        twin = World(world.hub, before, world.high)
        twin.launched()
        world.start(dg.RunRequest(run_key=twin.runs[0].tags["dagster/run_key"], tags=dict(twin.runs[0].tags)))
    assert [r.run_id for r in world.runs] == [run.run_id]


def test_two_daemons_with_a_storage_each_neither_skip_nor_double(world: World) -> None:
    with dg.DagsterInstance.ephemeral() as elsewhere:
        other = World(world.hub, elsewhere, world.high, world.low, world.stored)
        world.high[0] = 4
        world.launched()
        world.high[0] = 6
        assert other.launched() == [(0, 0, 6), (1, 0, 0)]
        world.succeed()
        other.stored = world.stored
        assert not other.store(other.runs[-1])  # it comes second, and its start is not where the lake stands
        other.fail()
        assert other.launched() == [(0, 4, 6)]
        assert world.launched() == [(0, 4, 6)]


def test_a_lake_restored_from_an_older_backup_is_read_on_from_there(world: World) -> None:
    world.high[0] = 4
    world.launched()
    world.succeed()
    backup = dict(world.stored)
    world.high[0] = 8
    second = world.launched()
    world.succeed()
    world.stored = backup
    assert "ended, but the lake does not hold its batch" in world.reason()
    world.later = timedelta(seconds=10)
    assert world.launched() == second
    assert len({run.tags["dagster/run_key"] for run in world.runs}) == 3
    world.succeed()
    assert world.reason() == f"No new messages on {TOPIC}."


def test_a_backup_restored_under_a_run_at_work_makes_it_fail_and_the_next_start_there(world: World) -> None:
    world.high[0] = 4
    world.launched()
    world.succeed()
    world.high[0] = 8
    world.launched()
    world.stored = {0: 2, 1: 0}
    assert not world.store(world.runs[-1])
    world.fail()
    assert world.launched() == [(0, 2, 8)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"low": {0: 6, 1: 0}, "high": {0: 9, 1: 0}},
            "were deleted before the hub read them: partition 0 from 4 to 5",
        ),
        ({"high": {0: 1, 1: 0}}, "went back: partition 0 ends at 1, the hub had reached 4"),
        ({"high": {0: 90, 1: 0}, "topic_id": "second"}, "is not the topic that the hub has read"),
    ],
)
def test_data_that_is_gone_stops_the_topic_loudly_and_for_good(
    world: World, changes: dict[str, object], told: str
) -> None:
    world.high[0] = 4
    world.launched()
    world.succeed()
    for name, value in changes.items():
        setattr(world, name, value)
    for cursor in ("{}", None):
        world.cursors["one"] = cursor
        with pytest.raises(dg.Failure, match=told) as failure:
            world.tick()
        assert "partyhub stream restart" in str(failure.value.description)
    assert len(world.runs) == 1


def test_a_build_at_work_goes_first(world: World) -> None:
    world.high[0], world.busy = 4, True
    assert "it goes first" in world.reason()
    world.busy = False
    assert world.launched() == [(0, 0, 4), (1, 0, 0)]


def test_the_lag_of_each_partition_is_shown_on_the_topic_when_it_changes(world: World) -> None:
    world.high = {0: 4, 1: 3}
    world.launched()
    world.reason()
    world.succeed()
    world.reason()
    world.reason()
    newest, first = (
        record.asset_observation
        for record in world.instance.fetch_observations(topic_key(TOPIC), limit=9).records
    )
    assert first is not None
    assert newest is not None
    assert [first.metadata[name].value for name in ("lag", "lag/0", "lag/1")] == [7, 4, 3]
    rows = [record.data for record in first.metadata["partitions"].value.records]  # type: ignore[union-attr]
    assert rows[0] == {"partition": 0, "stored": -1, "low": 0, "high": 4, "lag": 4}
    assert newest.metadata["lag"].value == 0


def test_what_waits_behind_a_stop_is_shown_too(world: World) -> None:
    world.high, world.low, world.stored = {0: 40}, {0: 20}, {0: 4}
    with pytest.raises(dg.Failure):
        world.tick()
    (record,) = world.instance.fetch_observations(topic_key(TOPIC), limit=9).records
    assert record.asset_observation is not None
    assert str(record.asset_observation.metadata["plan"].value).startswith("STOPPED: Messages of")


def test_names_of_topics_become_names_of_sensors(world: World) -> None:
    (sensor,) = stream_sensors(world.hub)
    assert sensor.name == sensor_name(TOPIC) == "stream_party_events_raw"
    assert sensor.minimum_interval_seconds == 5
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_a_hub_that_takes_events_has_their_jobs_and_a_topic_before_its_records(world: World) -> None:
    definitions = build_defs(world.hub)
    repository = definitions.get_repository_def()
    jobs = {job.name: job for job in repository.get_all_jobs()}
    assert {"stream_run", "stream_drain"} <= jobs.keys()
    for name in ("stream_run", "stream_drain"):
        (step,) = jobs[name].all_node_defs
        assert isinstance(step, dg.OpDefinition)
        assert step.pool == "lake"
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    records, topic = specs[dg.AssetKey("source_parties")], specs[topic_key(TOPIC)]
    assert topic.key in {dep.asset_key for dep in records.deps}
    assert "Grain: one row per message" in str(topic.description)
    personal = {c.name for c in topic.metadata["dagster/column_schema"].columns if "pii" in c.tags}
    assert personal == {"key", "value"}


def test_a_hub_without_streaming_has_none_of_it(tmp_path: Path) -> None:
    hub = hub_of(write_small_hub(tmp_path / "plain"), tmp_path / "home")
    repository = build_defs(hub).get_repository_def()
    assert {sensor.name for sensor in repository.sensor_defs} == {"new_decisions"}
    assert "stream_run" not in repository.job_names


def test_hubs_that_ask_for_drain_runs_launch_those_with_the_batch_to_begin_with(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "files" / "hub.yaml"
    file.write_text(f"{SMALL}streaming: {{sensor: {{runs: drain}}}}\n", encoding="utf-8")
    world.hub = hub_of(file, tmp_path / "home")
    world.high[0] = 4
    (sensor,) = stream_sensors(world.hub, world.look)
    with dg.build_sensor_context(instance=world.instance) as context:
        found = sensor(context)
    assert isinstance(found, dg.SensorResult)
    (request,) = found.run_requests or []
    first = {"topic": TOPIC, "ranges": [[0, 0, 4], [1, 0, 0]]}
    assert (request.job_name, request.run_config) == (
        "stream_drain",
        {"ops": {"take_batches": {"config": first}}},
    )
