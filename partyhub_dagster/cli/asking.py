"""Commands that ask and change nothing: status, show, evaluate, verify."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.checking import say_check
from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.hub import Hub
from partyhub_dagster.places import config_file, open_hub

_SHOWN = 10
"""Reasons that people read; programs get all."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (status, show, evaluate, verify):
        app.command()(command)


def status(*, config: Config = None, json: Json = False) -> None:
    """Say how the hub stands. Counts of the newest release, checks, models, what stands against a release."""
    from partyhub_dagster.answers.status import read_status

    hub = open_hub(config_file(config))
    answer = {**read_status(hub), "decisions": _decisions(hub)}
    if json:
        say_json(answer)
        return
    released = (
        f"release {answer['release']} of {answer['released_at']}" if answer["release"] else "no release yet"
    )
    say(f"Hub {answer['hub']}: {released}")
    if held := answer["rolled_back"]:
        say(
            f"  ROLLED BACK from release {held['from_release']} to {held['to_release']} by {held['author']}"
            f" at {held['since']}: {held['reason']}"
        )
        say("  No release is made until `partyhub release --lift`.")
    labels = {
        "records": "live source records", "quarantined": "rows in quarantine", "edges": "scored pairs kept",
        "parties": "parties", "parties_of_several_sources": "parties of several sources",
        "lineage_seq": "lineage events",
    }  # fmt: skip
    say_table([(label, answer[key]) for key, label in labels.items()])
    for kind, model in answer["models"].items():
        say(f"  model of {kind}s: {model['origin']}, version {model['version']}" + _model_notes(model))
    say(f"  checks: {answer['checks']['passed']} passed, {answer['checks']['failed']} failed")
    for check in answer["failed_checks"]:
        say_check(check, indent="    ")
    _say_decisions(answer["decisions"])
    _say_deliveries(answer)
    if answer["objections"]:
        say("The head is not released, because:")
        for objection in answer["objections"][:_SHOWN]:
            say(f"    {objection}")
        if len(answer["objections"]) > _SHOWN:
            say(f"    and {len(answer['objections']) - _SHOWN} more; --json lists them")
        say("Correct what failed; `partyhub build` checks again.")
    _say_last_run(answer["last_run"])


def _decisions(hub: Hub) -> dict[str, int]:
    """Count the ledger, and what of it waits: for the next run, or for records that are not there."""
    from partyhub_dagster.lake.session import Session
    from partyhub_dagster.lake.write import reading
    from partyhub_dagster.stewardship.listing import count_ledger

    with hub.place.connect(read_only=True) as con, reading(con):
        return count_ledger(Session(hub.place, con, run_id="status"))


def _say_decisions(decisions: dict[str, int]) -> None:
    if not decisions["decisions"]:
        return
    say(f"  decisions: {decisions['standing']:,} stand")
    waiting = {"new": "not taken up yet: the next build does", "waiting": "for records that are not there"}
    for key, why in waiting.items():
        if decisions[key]:
            say(f"    {decisions[key]:,} {why}")


def _say_last_run(run: dict[str, Any] | None) -> None:
    if run is None:
        return
    say(f"Last run that changed something: {run['seconds']:,.1f} s in its stages, until {run['ended_at']}")
    stages = [
        (s, f"{held['seconds']:,.2f}", held["changed"], held["removed"]) for s, held in run["stages"].items()
    ]
    say_table([("stage", "seconds", "changed", "removed"), *stages])


def _say_deliveries(answer: dict[str, Any]) -> None:
    for load in answer["failed_loads"]:
        say(f"  {load['status']}: {load['file']} of source {load['source']}: {load['error']}")
        if load["status"] == "refused":
            say(f"    let it through by: partyhub load --accept {quote(load['file'])} --reason TEXT")
    for late in answer["overdue"]:
        since = "nothing ever came" if late["hours"] is None else f"nothing new for {late['hours']:,g} hours"
        say(f"  overdue: source {late['source']}: {since}, at most {late['max_age_hours']:,g} are promised")
    for source, patterns in answer["sources_without_files"].items():
        say(f"  WARNING: source {source} names no file that is there: {patterns}")


def _model_notes(model: dict[str, Any]) -> str:
    notes = []
    if model["sources_never_seen"]:
        notes.append(f"never saw source {', '.join(model['sources_never_seen'])}")
    if model["outgrown"]:
        notes.append("the hub has outgrown it: train again")
    if model["settings_differ"]:
        notes.append("hub.yaml asks for other matching settings: train or revert")
    return f" ({'; '.join(notes)})" if notes else ""


def show(
    party: Annotated[str, typer.Argument(help="A party id, a record id, or SOURCE:RECORD.")],
    *,
    as_of: Annotated[
        str | None, typer.Option(help="A release, or a day or time: the party as readers saw it then.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one party. Its golden record, where each value comes from, and its members."""
    from partyhub_dagster.answers.as_of import show_party_as_of
    from partyhub_dagster.answers.parties import show_party

    hub = open_hub(config_file(config))
    if as_of is None:
        answer = show_party(hub.place, hub.config, party)
    else:
        answer = show_party_as_of(hub.place, hub.config, party, as_of)
    if json:
        say_json(answer)
        return
    say(
        f"Party {answer['party_id']}  {answer['party_type']}  (release {answer['release']}"
        + (f" of {answer['released_at']})" if as_of else ")")
    )
    rows = [
        (attribute, str(item["value"]), f"{item['source']}:{item['source_record_id']}", item["rule"])
        for attribute, held in answer["values"].items()
        for item in held.get("each", [held])
    ]
    say_table([("attribute", "value", "from", "rule"), *rows])
    say(f"Members: {len(answer['members'])}")
    say_table([(m["source"], m["source_record_id"], m["record_id"]) for m in answer["members"]])


def evaluate(
    *,
    truth: Annotated[Path, typer.Option(help="CSV: source, source_record_id, entity_id[, hard_case].")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Compare the newest release with labels. Gives pairwise and B-cubed precision, recall and F1."""
    from partyhub_dagster.answers.evaluation import evaluate_release

    hub = open_hub(config_file(config))
    answer = evaluate_release(hub.place, truth)
    if json:
        say_json(answer)
        return
    say(
        f"{answer['records']:,} labelled records, {answer['entities']:,} entities, {answer['parties']:,} parties"
    )
    rows: list[tuple[Any, ...]] = [("", "precision", "recall", "F1")]
    rows += [(name, *_scores(answer[name])) for name in ("pairs", "bcubed")]
    rows += [(f"{kind} pairs", *_scores(held["pairs"])) for kind, held in answer["kinds"].items()]
    rows += [(f"case {case}", *_scores(held["pairs"])) for case, held in answer.get("hard_cases", {}).items()]
    say_table(rows)


def _scores(figures: dict[str, float | None]) -> tuple[float | None, ...]:
    return figures["precision"], figures["recall"], figures["f1"]


def verify(
    *,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Rebuild so many components only, compared with all records.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Which ones: another seed, another sample (default: the release).")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Compare the hub with a rebuild of itself, or of a sample. Exit code 1 if the two differ."""
    from partyhub_dagster.answers.verification import verify_hub

    if seed is not None and sample is None:
        raise typer.BadParameter(
            "it says which sample; name the number of components with --sample too.", param_hint="--seed"
        )
    answer = verify_hub(open_hub(config_file(config)), sample, seed)
    if json:
        say_json(answer)
        return 0 if answer["equal"] else 1
    drawn = answer.get("sampled")
    if drawn:
        say(
            f"Sampled {drawn['components']:,} of {drawn['of']:,} components with {drawn['records']:,} records,"
            f" compared with all; seed {drawn['seed']}."
        )
    if answer["equal"]:
        say(f"Equal: a rebuild gives the same {answer['parties']:,} parties, ids and values included.")
        return 0
    say(f"The hub differs from its rebuild, first in {answer['first_stage']}:")
    rows = [
        (d["table"], d["what"], d["rows"], ", ".join(d["columns"]), " ".join(d["records"][:3]))
        for d in answer["differences"]
    ]
    say_table([("stage", "what", "rows", "columns", "records"), *rows])
    if answer["outdated_stages"]:
        say(
            f"Other code, libraries or settings made {', '.join(answer['outdated_stages'])} than now at work:"
        )
        say("what differs may come from that alone. `partyhub build`, then verify again.")
    say("`partyhub show RECORD` shows a record; --json names more of them.")
    return 1
