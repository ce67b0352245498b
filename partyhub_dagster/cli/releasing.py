"""The command that decides what readers see: release."""

import getpass
import sys
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.history import say_difference
from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json
from partyhub_dagster.hub import Hub
from partyhub_dagster.places import config_file, open_hub


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(release)


def release(
    *,
    accept: Annotated[
        list[str] | None, typer.Option(help="Let this failed check pass, for this state only.")
    ] = None,
    rollback: Annotated[
        int | None,
        typer.Option(help="Show this earlier release again and make no new one.", show_default=False),
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="End a rollback: make releases again.")] = False,
    reason: Annotated[str, typer.Option(help="Why; required with --accept and --rollback.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Release the head if its checks allow it. Or past a failed check, or go back to an earlier release."""
    if (accept or rollback is not None) and not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    if rollback is not None and (accept or lift):
        raise typer.BadParameter("give it alone", param_hint="--rollback")
    hub = open_hub(config_file(config))
    if rollback is not None:
        _roll_back(hub, rollback, reason, ask=sys.stdin.isatty() and not (yes or json), json=json)
        return
    _release(hub, accept or [], reason, lifting=lift, json=json)


def _release(hub: Hub, accept: list[str], reason: str, *, lifting: bool, json: bool) -> None:
    from partyhub_dagster.lake.rollbacks import lift
    from partyhub_dagster.quality.gate import accept as accept_check

    with hub.run() as run:
        lifted = lift(run.session, getpass.getuser(), reason) if lifting else None
        for rule in accept:
            accept_check(run.session, run.config, rule, getpass.getuser(), reason)
        if lifted is not None and not json:
            say(f"The rollback to release {lifted.release} is lifted.")
        made = run.release()
    if json:
        say_json(None if made is None else {"number": made.number, "counts": made.counts})
    else:
        say("Nothing to release." if made is None else f"Release {made.number} is what readers see.")


def _roll_back(hub: Hub, number: int, reason: str, *, ask: bool, json: bool) -> None:
    from partyhub_dagster.answers.diff import diff_releases
    from partyhub_dagster.lake.rollbacks import roll_back
    from partyhub_dagster.lake.session import Session

    with diff_releases(hub.place, str(number)) as difference:
        lost: dict[str, Any] = difference.summary()
    if not json:
        say("What readers will no longer see:")
        say_difference(lost)
    if ask:
        typer.confirm(f"Show release {number} again?", abort=True)
    with hub.place.connect() as con:  # without the lock of a run: it takes effect while a build is at work
        shown = roll_back(Session(hub.place, con, run_id="rollback"), number, getpass.getuser(), reason)
    if json:
        say_json({"release": shown.number, "lost": lost})
        return
    say(f"Release {shown.number} is what readers see. No release is made until `partyhub release --lift`.")
    say("Builds go on at the head. `partyhub export` writes this release as golden Parquet.")
