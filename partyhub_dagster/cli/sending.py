"""Commands that send events to Kafka: events simulate, send, create-topics."""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.options import Config, Json, Quiet
from partyhub_dagster.cli.printing import complain, say, say_json
from partyhub_dagster.config import HubConfig, load_config
from partyhub_dagster.errors import ConfigError
from partyhub_dagster.places import config_file

_TOLD_EVERY_S = 5.0
Topic = Annotated[
    str | None, typer.Option("--topic", help="Topic; default the first of hub.yaml.", show_default=False)
]
Rate = Annotated[
    float, typer.Option("--rate", min=0, help="Messages a second; 0: as fast as they are taken.")
]
Share = Annotated[float, typer.Option(min=0, max=1, help="Share of all messages.")]

events_app = typer.Typer(help="Send events to Kafka: made-up ones, or files of them.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (simulate, send, create_topics):
        events_app.command(command.__name__.replace("_", "-"))(command)
    app.add_typer(events_app, name="events")


def simulate(  # noqa: PLR0913 - each is an option
    *,
    rate: Rate = 10,
    messages: Annotated[
        int | None, typer.Option(min=1, help="How many; default: until Ctrl-C.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Same seed, same messages; default: drawn.", show_default=False)
    ] = None,
    updates: Share = 0.22,
    deletes: Share = 0.05,
    late: Share = 0.05,
    duplicates: Share = 0.02,
    poison: Share = 0.01,
    topic: Topic = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Send made-up events of the generated sources. Inserts, and a share of each other kind."""
    from partyhub_dagster.streaming.kafka import streaming_of
    from partyhub_dagster.streaming.sending import Pace
    from partyhub_dagster.streaming.simulating import Mix, simulate_events

    hub = load_config(config_file(config))
    _refuse_other_sources(hub)
    mix = Mix(updates, deletes, late, duplicates, poison)
    drawn = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    sender, pace, counts = _sender(hub, topic), Pace(rate), Counter[str]()
    bursts = simulate_events(drawn, mix, messages, streaming_of(hub).max_message_bytes)
    began = told = time.monotonic()
    try:
        for number, burst in enumerate(bursts):
            if number == 0:
                began = told = time.monotonic()  # the first world is made, which takes seconds
            sender.send_all(burst.messages, pace)
            counts += burst.counts
            if not quiet and time.monotonic() - told > _TOLD_EVERY_S:
                told = time.monotonic()
                complain(
                    f"[{told - began:6.1f} s] sent {sender.sent:,}, acknowledged {sender.acknowledged:,}"
                )
    except KeyboardInterrupt:
        counts["of a part that was interrupted"] = sender.sent - counts.total()
    sender.finish()
    answer = _told(sender, time.monotonic() - began) | {"seed": drawn, "kinds": dict(sorted(counts.items()))}
    if json:
        say_json(answer)
        return
    _say_sent(answer)
    say("Of these " + ", ".join(f"{kind}: {count:,}" for kind, count in answer["kinds"].items()))
    say(f"Again the same: --seed {drawn}, and all other options as they were.")


def _refuse_other_sources(hub: HubConfig) -> None:
    from partyhub_dagster.streaming.simulating import KEYS

    keys = {name: source.key for name, source in hub.sources.items()}
    if any(keys.get(name) != (key,) for name, key in KEYS.items()):
        raise ConfigError(
            "Made-up events are of the generated sources crm, dnb and markit, which this hub.yaml does not have;"
            " nothing was sent.",
            remedy="Write one that has them: `partyhub generate --out FOLDER --streaming`. Your own events are sent"
            " by `partyhub events send FILE`.",
        )


def send(
    file: Annotated[Path, typer.Argument(help="Events as JSON, one a line.", show_default=False)],
    *,
    topic: Topic = None,
    rate: Rate = 0,
    again: Annotated[bool, typer.Option("--again", help="From the start, whatever was sent before.")] = False,
    as_is: Annotated[bool, typer.Option("--as-is", help="Lines that are no events too.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Send a file of events. Checked first; what was acknowledged before is not sent again."""
    from partyhub_dagster.streaming.event_files import send_file
    from partyhub_dagster.streaming.event_lines import find_mistakes
    from partyhub_dagster.streaming.kafka import broker_of, read_topics, streaming_of
    from partyhub_dagster.streaming.sending import Pace
    from partyhub_dagster.streaming.taking import fed_sources

    hub = load_config(config_file(config))
    limit = streaming_of(hub).max_message_bytes
    sender = _sender(hub, topic)
    (state,) = read_topics(broker_of(hub), {}, [sender.topic])
    report = send_file(
        file, sender, state.topic_id,
        None if as_is else lambda lines: find_mistakes(lines, hub.sources, fed_sources(hub), limit),
        Pace(rate), again=again,
    )  # fmt: skip
    answer = _told(sender, report.seconds) | {"acknowledged_before": report.before}
    if json:
        say_json(answer)
        return
    if report.before:
        say(
            f"{report.before:,} events of {file} were sent before; a part of a file is never sent twice by itself."
        )
    _say_sent(answer)


def create_topics(
    *,
    partitions: Annotated[int, typer.Option(min=1, help="Of topics of events and of confirmations.")] = 6,
    copies: Annotated[
        int | None, typer.Option(min=1, help="Of each partition; default: the broker's.", show_default=False)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Create the topics of hub.yaml that are missing. Those that are there stay as they are."""
    from partyhub_dagster.streaming.kafka import broker_of, streaming_of
    from partyhub_dagster.streaming.topics import create_topics as create

    hub = load_config(config_file(config))
    created = create(broker_of(hub), streaming_of(hub), partitions, copies)
    if json:
        say_json({"created": created})
        return
    for topic, new in created.items():
        say(f"{topic}: {'created' if new else 'is there already'}")


def _sender(hub: HubConfig, topic: str | None) -> Any:
    from partyhub_dagster.streaming.kafka import broker_of, read_topics, streaming_of
    from partyhub_dagster.streaming.sending import PARTITIONER, Sender

    told = streaming_of(hub)
    if told.registry is not None:
        raise ConfigError(
            "This hub reads messages in the wire format of a schema registry, and these commands send plain JSON;"
            " nothing was sent.",
            remedy="Send with the serializers of the registry, or take `registry` out of `streaming` for a trial.",
        )
    chosen = topic or told.topics[0]
    broker = broker_of(hub)
    read_topics(broker, {}, [chosen])  # a missing topic is told at once and with its name
    return Sender(broker.producer({"partitioner": PARTITIONER}), chosen)


def _told(sender: Any, seconds: float) -> dict[str, Any]:
    return {
        "topic": sender.topic,
        "sent": sender.sent,
        "acknowledged": sender.acknowledged,
        "partitions": dict(sorted(sender.partitions.items())),
        "seconds": round(seconds, 3),
    }


def _say_sent(answer: dict[str, Any]) -> None:
    places = ", ".join(f"{partition}: {count:,}" for partition, count in answer["partitions"].items())
    rate = answer["sent"] / max(answer["seconds"], 0.001)
    say(
        f"Sent {answer['sent']:,} messages to {answer['topic']} in {answer['seconds']:.1f} s ({rate:,.0f}/s);"
        f" acknowledged: {answer['acknowledged']:,}"
    )
    if places:
        say(f"By partition {places}")
