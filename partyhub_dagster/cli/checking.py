"""Commands on deliveries and checks: load, checks."""

import getpass
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.places import config_file, open_hub

_PARTS, _IDS = 5, 3
"""Of a failed check, shown in the list; `partyhub checks NAME` shows all."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(load)
    app.command()(checks)


def load(
    *,
    accept: Annotated[
        str | None, typer.Option(help="Let this file through although it breaks its contract.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; required with --accept.")] = "",
    config: Config = None,
    json: Json = False,
) -> int:
    """Load new and changed files. With --accept a refused file, for its content only.

    Nothing is mastered or released: `partyhub build` does that, and loads as well.
    """
    from dataclasses import asdict

    from partyhub_dagster.sources.accepting import accept_delivery
    from partyhub_dagster.sources.audit import files_not_loaded

    if accept is not None and not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    with open_hub(config_file(config)).run() as run:
        if accept is not None:
            accept_delivery(run.session, run.config, accept, getpass.getuser(), reason)
        loaded = {source: run.load(source) for source in run.config.sources}
        waiting = files_not_loaded(run.session.con)
    if json:
        say_json({source: asdict(counts) for source, counts in loaded.items()})
        return int(bool(waiting))
    rows = [
        (source, c.rows_in, c.stored, c.unchanged, c.quarantined, c.failed) for source, c in loaded.items()
    ]
    say_table([("source", "rows", "stored", "unchanged", "quarantined", "files not loaded"), *rows])
    for file in waiting:
        say(f"Not loaded: {file.file} of source {file.source}: {file.error}")
    say("Next: partyhub build")
    return int(bool(waiting))


def checks(
    name: Annotated[
        str | None, typer.Argument(help="Only this check, with all of its parts and sample.")
    ] = None,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only checks that do not hold.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List results of checks. What failed with its meaning, counts and ids; never values."""
    from partyhub_dagster.answers.checks import read_checks

    found = read_checks(open_hub(config_file(config)), name, failed=failed)
    if json:
        say_json(found)
        return
    for check in found:
        say_check(check, whole=name is not None)
    if not found:
        say("Every check holds." if failed else "No check was evaluated yet: run `partyhub build`.")


def say_check(check: dict[str, Any], *, whole: bool = False, indent: str = "") -> None:
    """Print a check: one line if it holds, else what it means, where, some ids, and what to do."""
    if check["passed"]:
        say(f"{indent}{check['rule']}: holds ({check['rows_checked']:,} rows)")
        if whole:
            say(f"{indent}  {check['claims']}")
        return
    kind = "accepted" if check["accepted"] else "blocks" if check["severity"] == "block" else "warns"
    figure = f"{check['rows_failed']:,} of {check['rows_checked']:,} rows"
    if check["threshold"] is not None:
        figure += f", {check['measured']:.3g} against a bound of {check['threshold']:.3g}"
    say(f"{indent}{check['rule']} ({kind}): {check['meaning']} {figure}.")
    parts, ids = check["parts"], check["sample"]
    if parts:
        told = [f"{p['part']} {p['rows_failed']:,} of {p['rows_checked']:,}" for p in parts]
        say(f"{indent}  where: {'; '.join(told if whole else told[:_PARTS])}")
    if ids:
        say(f"{indent}  ids: {', '.join(ids if whole else ids[:_IDS])}")
    say(f"{indent}  next: {check['next_step']}")
    if kind == "blocks":
        say(f"{indent}        accept it by: partyhub release --accept {check['rule']} --reason TEXT")
