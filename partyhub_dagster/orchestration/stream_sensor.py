"""The sensor of a topic: looks, asks the planner, starts at most one run. It reads no message."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg

from partyhub_dagster.config.streaming import Streaming
from partyhub_dagster.errors import BrokerError, StreamError
from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.assets.topics import is_due, observe_topic
from partyhub_dagster.orchestration.scrubber import failure_of
from partyhub_dagster.orchestration.stream_attempts import latest_attempts, tags_of
from partyhub_dagster.orchestration.stream_cursor import read_cursor, write_cursor
from partyhub_dagster.orchestration.stream_jobs import DRAIN_JOB, RUN_JOB, run_config_of
from partyhub_dagster.streaming.looking import Lookout, TopicLook
from partyhub_dagster.streaming.losses import Stop
from partyhub_dagster.streaming.planning import (
    Attempt,
    Launch,
    Limits,
    Plan,
    TopicFacts,
    Wait,
    name_run_at_work,
    plan_tick,
)

INTERVAL_S = 5
Look = Callable[[str], TopicLook]
Clock = Callable[[], datetime]


def stream_sensors(
    hub: Hub, look: Look | None = None, clock: Clock = lambda: datetime.now(UTC)
) -> list[dg.SensorDefinition]:
    """List the sensor of every topic of hub.yaml; they are switched on in the UI."""
    told = hub.config.streaming
    look = Lookout(hub).look_at if look is None else look
    return [] if told is None else [_sensor(hub, told, topic, look, clock) for topic in told.topics]


def sensor_name(topic: str) -> str:
    """Return a topic's name as Dagster takes it."""
    return f"stream_{re.sub('[^A-Za-z0-9_]', '_', topic)}"


def limits_of(told: Streaming) -> Limits:
    """Return what hub.yaml says of how much at once, and how often."""
    return Limits(
        told.max_batch_messages,
        told.sensor.attempts,
        timedelta(seconds=told.sensor.retry_seconds),
        timedelta(seconds=told.sensor.longest_retry_seconds),
    )


def _sensor(hub: Hub, told: Streaming, topic: str, look: Look, clock: Clock) -> dg.SensorDefinition:
    job = DRAIN_JOB if told.sensor.runs == "drain" else RUN_JOB
    limits = limits_of(told)

    @dg.sensor(
        name=sensor_name(topic),
        job_name=job,
        minimum_interval_seconds=INTERVAL_S,
        description=f"Take what comes on {topic} into the hub: at most one batch at a time, from where the lake"
        " stands. The cursor may be reset at any time: nothing is lost or read twice by that.",
    )
    def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now, attempts = clock(), latest_attempts(context.instance, topic)
        at_work = name_run_at_work(topic, attempts)
        if at_work is not None and not is_due(context.instance, topic, now):
            return dg.SkipReason(at_work)  # nothing to decide, nothing to show: leave the lake to the run
        try:
            looked = look(topic)
        except BrokerError as error:
            return dg.SkipReason(str(error))
        except StreamError as error:
            if not Lookout(hub).was_read(topic):
                return dg.SkipReason(str(error))  # it is made when its first producer comes
            failure = failure_of(error)
        except Exception as error:  # noqa: BLE001 - the border: nothing unscrubbed passes
            failure = failure_of(error)
        else:
            plan = plan_tick(_facts(looked, attempts, now), read_cursor(context.cursor, topic), limits)
            observe_topic(context.instance, looked, _in_words(plan), now)
            return _answer(plan, job)
        raise failure

    return tick


def _facts(looked: TopicLook, attempts: list[Attempt], now: datetime) -> TopicFacts:
    return TopicFacts(
        topic=looked.topic,
        partitions=looked.partitions,
        attempts=attempts,
        released=looked.released,
        busy=looked.busy,
        now=now,
        stored_id=looked.stored_id,
        broker_id=looked.broker_id,
    )


def _answer(plan: Plan, job: str) -> dg.SensorResult:
    match plan:
        case Launch(pending):
            request = dg.RunRequest(
                run_key=plan.run_key,
                job_name=job,
                run_config=run_config_of(job, pending.batch),
                tags=tags_of(plan),
            )
            return dg.SensorResult([request], cursor=write_cursor(pending))
        case Wait(pending, reason):
            return dg.SensorResult(skip_reason=reason, cursor=write_cursor(pending))
        case Stop(message, remedy):
            raise dg.Failure(description=f"{message} Remedy: {remedy}")


def _in_words(plan: Plan) -> str:
    match plan:
        case Launch(pending, attempt):
            return f"run {attempt} takes {pending.batch.offsets:,} offsets"
        case Wait(_, reason):
            return reason
        case Stop(message):
            return f"STOPPED: {message}"
