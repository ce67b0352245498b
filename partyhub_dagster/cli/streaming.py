"""Commands on events: stream run, drain, status, restart, confirm."""

from dataclasses import asdict
from getpass import getuser
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.options import Config, Json, Quiet
from partyhub_dagster.cli.printing import complain, progress, say, say_json, say_table
from partyhub_dagster.places import config_file, open_hub

stream_app = typer.Typer(help="Take events from Kafka.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (run, drain, status, restart, confirm):
        stream_app.command(command.__name__)(command)
    app.add_typer(stream_app, name="stream")


def run(*, config: Config = None, json: Json = False, quiet: Quiet = False) -> None:
    """Take the next batch of each topic. Straight through to a release."""
    _stream(config, json=json, quiet=quiet, draining=False)


def drain(*, config: Config = None, json: Json = False, quiet: Quiet = False) -> None:
    """Take batch after batch until none comes. Each has its own release."""
    _stream(config, json=json, quiet=quiet, draining=True)


def _stream(config: Any, *, json: bool, quiet: bool, draining: bool) -> None:
    from partyhub_dagster.streaming.run import stream_hub

    hub = open_hub(config_file(config))
    report = stream_hub(hub, draining=draining, progress=progress(quiet=quiet or json))
    complain(*(f"WARNING: {warning}" for warning in report.warnings))
    told = report.as_dict()
    if json:
        say_json(told)
        return
    say(
        f"{told['messages']:,} messages: {told['stored']:,} stored ({told['late']:,} of them late),"
        f" {told['unchanged']:,} known, {told['quarantined']:,} new in quarantine."
    )
    say("Nothing to release." if told["release"] is None else f"Release {told['release']}.")


def status(*, config: Config = None, json: Json = False) -> None:
    """Show what waits: by partition, and dead letters."""
    from partyhub_dagster.streaming.standing import read_standing

    standing = read_standing(open_hub(config_file(config)))
    if json:
        say_json(standing)
        return
    rows: list[tuple[Any, ...]] = [("topic", "partition", "read up to", "from", "to", "waiting")]
    for topic in standing["topics"]:
        rows += [
            (topic["topic"], p["partition"], p["stored"], p["low"], p["high"], p["lag"])
            for p in topic["partitions"]
        ]
    say_table(rows)
    counted = ", ".join(f"{count:,} {outcome}" for outcome, count in standing["messages"].items())
    say(f"Messages read: {counted or 'none'}")
    say(f"Rejected messages on their way to the dead letter topic: {standing['dead_letters']:,}")
    told = standing["confirmations"]
    say(f"Confirmed on {told['topic']}: event {told['sequence']:,} of {told['lineage_seq']:,} released")
    complain(*(f"WARNING: {problem}" for problem in standing["problems"]))


def restart(
    topic: Annotated[str, typer.Argument(help="The topic.")],
    *,
    reason: Annotated[str, typer.Option(help="Why what is gone may be given up.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Go on with what the broker has. After messages were lost, or the topic was made anew."""
    from partyhub_dagster.streaming.restarting import restart_topic

    with open_hub(config_file(config)).run() as run:
        moved = restart_topic(run, topic, getuser(), reason)
    if json:
        say_json([asdict(place) for place in moved])
        return
    say_table(
        [("partition", "stopped at", "goes on at"), *((m.partition, m.stopped, m.goes_on) for m in moved)]
    )


def confirm(
    *,
    anew: Annotated[bool, typer.Option("--anew", help="Send everything again, in a new generation.")] = False,
    reason: Annotated[str, typer.Option(help="Why everything is sent again; required with --anew.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Send the confirmations that wait. Up to the release that readers see."""
    from partyhub_dagster.streaming.confirming import confirm_anew, confirm_release

    hub = open_hub(config_file(config))
    done = confirm_anew(hub, getuser(), reason) if anew else confirm_release(hub)
    if json:
        say_json(asdict(done))
        return
    say(f"{done.sent:,} confirmations sent; consumers know event {done.sequence:,}.")
