"""The command by which people review merges in doubt: one by one on the terminal, as a list, or by CSV."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from partyhub_dagster.cli.deciding import Author, OnlyPreview, Yes
from partyhub_dagster.cli.decision_taking import Terms, take_decision
from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import complain, say, say_json, say_table
from partyhub_dagster.cli.review_session import ReviewSession
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import reading
from partyhub_dagster.places import config_file, open_hub

if TYPE_CHECKING:
    from partyhub_dagster.stewardship.drafting import Signature
    from partyhub_dagster.stewardship.ledger import Entry


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(review)


def review(  # noqa: PLR0913 - each is an option
    *,
    list_: Annotated[bool, typer.Option("--list", help="List what is in doubt; ask nothing.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the questions into this new CSV file.", show_default=False)
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Take the answers of such a file.", show_default=False)
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.", show_default=False)] = None,
    reason: Annotated[str, typer.Option(help="Why, for every answer; required.", show_default=False)] = "",
    author: Author = None,
    preview: OnlyPreview = False,
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Review merges in doubt, made or refused. Each answer is a decision."""
    if sum((list_, out is not None, answers is not None)) > 1:
        raise typer.BadParameter("name one of --list, --out and --answers", param_hint="--list")
    terms = Terms(config, reason, author, None, preview=preview, yes=yes, json=json)
    if answers is not None:
        _take_answers(answers, terms)
        return
    hub = open_hub(config_file(config))
    most = limit or hub.config.review.most
    if out is not None:
        _write_questions(hub, out, most)
    elif list_ or json:
        _say_list(hub, most, json=json)
    else:
        ReviewSession(hub, terms.signed(), most).run()


def _offered(hub: Hub, most: int) -> tuple[list[dict[str, Any]], int]:
    """Return what is offered, as programs read it, and how many there are in all."""
    from partyhub_dagster.stewardship.review_answers import open_items, told_items

    with hub.place.connect(read_only=True) as con, reading(con):
        session = Session(hub.place, con, run_id="review")
        items = open_items(hub, session)
        return told_items(session, hub.config, items[:most]), len(items)


def _write_questions(hub: Hub, out: Path, most: int) -> None:
    from partyhub_dagster.stewardship.review_files import write_items

    told, count = _offered(hub, most)
    write_items(hub.config, told, out)
    say(f"Wrote {len(told):,} of {count:,} merges in doubt to {out}. It holds values of records as they are.")
    say(f"Answer y, n or u in the column answer, then: partyhub review --answers {out} --reason TEXT")


def _say_list(hub: Hub, most: int, *, json: bool) -> None:
    told, count = _offered(hub, most)
    if json:
        say_json({"in_doubt": count, "items": told})
        return
    say(f"{count:,} merges are in doubt.")
    rows = [
        (item["item"][:8], item["now"], item["probability"], item["expected_value"],
         _short(item["left"]), _short(item["right"]))
        for item in told
    ]  # fmt: skip
    if rows:
        say_table([("item", "now", "same", "value", "these", "and these"), *rows])


def _short(side: list[dict[str, Any]]) -> str:
    more = f" +{len(side) - 1}" if len(side) > 1 else ""
    return side[0]["key"] + more if side else "-"


def _take_answers(file: Path, terms: Terms) -> None:
    from partyhub_dagster.stewardship.drafting import Signature
    from partyhub_dagster.stewardship.review import find_items
    from partyhub_dagster.stewardship.review_answers import Answer, draft_answer, note_unsure
    from partyhub_dagster.stewardship.review_files import Answered, read_answers

    unsure: list[UUID] = []
    rows: list[Answered] = read_answers(file)

    def draft(session: Session, hub: Hub, signed: "Signature") -> "list[Entry]":
        items = {item.item_id: item for item in find_items(hub, session)}
        gone = [row.line for row in rows if row.item not in items]
        if gone:
            complain(
                f"{len(gone):,} answers are left out, for their items are no longer offered: decided, or changed"
                f" since the file was written (lines {', '.join(map(str, gone[:20]))})."
            )
        entries: list[Entry] = []
        for row in rows:
            if row.item in items:
                signature = Signature(signed.author, row.reason or signed.reason)
                entries += draft_answer(session, hub.config, items[row.item], row.answer, signature)
                unsure.extend([row.item] if row.answer is Answer.UNSURE else [])
        return entries

    fallback = "" if not all(row.reason for row in rows) else "as the file says"
    take_decision(draft, Terms(
        terms.config, terms.reason or fallback, terms.author, None,
        preview=terms.preview, yes=terms.yes, json=terms.json,
    ))  # fmt: skip
    if unsure and not terms.preview:
        note_unsure(open_hub(config_file(terms.config)).place, unsure)
