"""Commands by which people decide: decide same, not-same, split, pin, revoke, list, import, export."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from partyhub_dagster.cli.decision_taking import Terms, take_decision
from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import complain, say, say_json
from partyhub_dagster.cli.telling_decisions import say_decisions
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import reading
from partyhub_dagster.places import config_file, open_hub

if TYPE_CHECKING:
    from partyhub_dagster.stewardship.drafting import Signature
    from partyhub_dagster.stewardship.ledger import Entry

decide_app = typer.Typer(help="Decide who is whom and what holds, and take it back.", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", help="Why; required.", show_default=False)]
Author = Annotated[
    str | None, typer.Option("--author", help="Who decides; default: your user name.", show_default=False)
]
Group = Annotated[
    str | None,
    typer.Option("--group", help="Name under which to take it back together.", show_default=False),
]
OnlyPreview = Annotated[bool, typer.Option("--preview", help="Show what would change; write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Ref = Annotated[str, typer.Argument(help="SOURCE:RECORD, or the id of a party.", show_default=False)]
Refs = Annotated[list[str], typer.Argument(help="SOURCE:RECORD, or the ids of parties.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    named: dict[str, Callable[..., Any]] = {
        "same": same, "not-same": not_same, "split": split, "pin": pin, "revoke": revoke, "list": list_,
        "import": import_, "export": export,
    }  # fmt: skip
    for name, command in named.items():
        decide_app.command(name)(command)
    app.add_typer(decide_app, name="decide")


def same(  # noqa: PLR0913 - each is an option
    records: Refs,
    *,
    reason: Reason = "",
    author: Author = None,
    group: Group = None,
    preview: OnlyPreview = False,
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Decide that records, or whole parties, are one party."""
    from partyhub_dagster.stewardship.drafting import draft_same

    take_decision(
        lambda session, hub, signed: draft_same(session, hub.config, records, signed),
        Terms(config, reason, author, group, preview=preview, yes=yes, json=json),
    )


def not_same(  # noqa: PLR0913 - each is an option
    left: Ref,
    right: Ref,
    *,
    reason: Reason = "",
    author: Author = None,
    group: Group = None,
    preview: OnlyPreview = False,
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Decide that two records, or two parties, are never one party."""
    from partyhub_dagster.stewardship.drafting import draft_not_same

    take_decision(
        lambda session, hub, signed: draft_not_same(session, hub.config, left, right, signed),
        Terms(config, reason, author, group, preview=preview, yes=yes, json=json),
    )


def split(  # noqa: PLR0913 - each is an option
    party: Ref,
    records: Annotated[
        list[str] | None, typer.Argument(help="Members to take out of it.", show_default=False)
    ] = None,
    *,
    as_of: Annotated[
        int | None,
        typer.Option(help="Instead: into the parties of this release.", show_default=False),
    ] = None,
    reason: Reason = "",
    author: Author = None,
    group: Group = None,
    preview: OnlyPreview = False,
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take records out of a party. With --as-of: split it as it was in a release."""
    from partyhub_dagster.stewardship.drafting import draft_split, draft_split_as_of

    if (as_of is None) == (not records):
        raise typer.BadParameter("name members to take out, or a release with --as-of", param_hint="RECORDS")

    def draft(session: Session, hub: Hub, signed: "Signature") -> "list[Entry]":
        if as_of is None:
            return draft_split(session, hub.config, party, records or [], signed)
        return draft_split_as_of(session, hub.config, party, as_of, signed)

    take_decision(draft, Terms(config, reason, author, group, preview=preview, yes=yes, json=json))


def pin(  # noqa: PLR0913 - each is an option
    record: Ref,
    attribute: Annotated[str, typer.Argument(help="An attribute of hub.yaml.", show_default=False)],
    values: Annotated[
        list[str] | None, typer.Argument(help="Its value, or its values.", show_default=False)
    ] = None,
    *,
    blank: Annotated[bool, typer.Option("--blank", help="Pin that it has no value.")] = False,
    reason: Reason = "",
    author: Author = None,
    group: Group = None,
    preview: OnlyPreview = False,
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set a golden value by hand. It holds whatever the rules say, until it is revoked."""
    from partyhub_dagster.stewardship.drafting import draft_pin

    if blank == bool(values):
        raise typer.BadParameter(
            "give a value, or --blank; `decide revoke` takes a pin back", param_hint="VALUES"
        )
    take_decision(
        lambda session, hub, signed: draft_pin(session, hub.config, record, attribute, values or [], signed),
        Terms(config, reason, author, group, preview=preview, yes=yes, json=json),
    )


def revoke(  # noqa: PLR0913 - each is an option
    decisions: Annotated[
        list[str] | None, typer.Argument(help="Ids of decisions, or how they begin.", show_default=False)
    ] = None,
    *,
    group: Annotated[
        str | None, typer.Option("--group", help="Instead: all of this group.", show_default=False)
    ] = None,
    reason: Reason = "",
    author: Author = None,
    preview: OnlyPreview = False,
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take decisions back. What they overruled holds again."""
    from partyhub_dagster.stewardship.drafting import draft_revoke

    if (group is None) == (not decisions):
        raise typer.BadParameter("name decisions, or a group with --group", param_hint="DECISIONS")
    take_decision(
        lambda session, _, signed: draft_revoke(session, decisions or [], group, signed),
        Terms(config, reason, author, None, preview=preview, yes=yes, json=json),
    )


def list_(
    *,
    waiting: Annotated[bool, typer.Option("--waiting", help="Whose records are not there.")] = False,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="That newer ones overrule.")] = False,
    group: Annotated[str | None, typer.Option(help="Of this group.", show_default=False)] = None,
    record: Annotated[
        str | None, typer.Option(help="On this record, or this party.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Revoked ones and revocations too.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the decisions that stand, newest first."""
    from partyhub_dagster.stewardship.listing import Wanted, list_decisions

    hub = open_hub(config_file(config))
    with hub.place.connect(read_only=True) as con, reading(con):
        wanted = Wanted(waiting, conflicts, group, record, everything)
        answer = list_decisions(Session(hub.place, con, run_id="decide"), hub.config, wanted)
    if json:
        say_json(answer)
    else:
        say_decisions(answer)


def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file as `decide export` writes it.")],
    *,
    reason: Annotated[str, typer.Option(help="For rows that give none.", show_default=False)] = "",
    author: Author = None,
    preview: OnlyPreview = False,
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write the decisions of a CSV file. All rows are checked before one is written."""
    from partyhub_dagster.stewardship.exchange import read_decisions

    names: dict[UUID, str] = {}

    def draft(session: Session, hub: Hub, signed: "Signature") -> "list[Entry]":
        found = read_decisions(session, hub.config, file, signed.author, reason.strip() or None)
        names.update(found.group_names)
        if found.known:
            complain(f"{found.known:,} rows are in the ledger already and are left out.")
        return found.entries

    terms = Terms(config, reason or "as the file says", author, None, preview=preview, yes=yes, json=json)
    take_decision(draft, terms, names)


def export(file: Annotated[Path, typer.Argument(help="A new CSV file.")], *, config: Config = None) -> None:
    """Write the decisions that stand into a CSV file."""
    from partyhub_dagster.stewardship.exchange import export_decisions

    hub = open_hub(config_file(config))
    with hub.place.connect(read_only=True) as con, reading(con):
        count = export_decisions(Session(hub.place, con, run_id="decide"), file)
    say(f"Wrote {count:,} decisions to {file}. It holds keys, values and reasons as they were given.")
