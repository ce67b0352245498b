"""Taking a decision: drafted, shown, asked about where somebody can answer, written."""

import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer

from partyhub_dagster.cli.printing import say, say_json
from partyhub_dagster.cli.telling_decisions import say_preview
from partyhub_dagster.errors import DecisionError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import reading
from partyhub_dagster.places import config_file, open_hub

if TYPE_CHECKING:
    from partyhub_dagster.stewardship.drafting import Signature
    from partyhub_dagster.stewardship.ledger import Entry

    Draft = Callable[[Session, Hub, Signature], list[Entry]]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a decision is taken: signed, and previewed, asked about or written at once."""

    config: Path | None
    reason: str
    author: str | None
    group: str | None
    preview: bool
    yes: bool
    json: bool

    @property
    def asks(self) -> bool:
        """Whether somebody is there to answer and wants to be asked."""
        return sys.stdin.isatty() and not (self.yes or self.json)

    def signed(self) -> "Signature":
        """Return who decides and why."""
        from partyhub_dagster.stewardship.drafting import Signature

        return Signature(getpass.getuser() if self.author is None else self.author, self.reason, self.group)


def take_decision(draft: "Draft", terms: Terms, names: dict[UUID, str] | None = None) -> None:
    """Draft, show, ask where somebody can answer, write."""
    from partyhub_dagster.stewardship.preview import forget_preview, preview_entries

    signature, hub = terms.signed(), open_hub(config_file(terms.config))
    with hub.place.connect(read_only=True) as con:
        session = Session(hub.place, con, run_id="decide")
        with reading(con):
            entries = draft(session, hub, signature)
            foreseen = preview_entries(hub, session, entries)
            forget_preview(session)
    if not terms.json:
        say_preview(entries, foreseen)
    if terms.preview or not entries:
        _say_outcome(terms, entries, foreseen, written=False)
        return
    if terms.asks and not typer.confirm("Write this?"):
        raise DecisionError(
            "It was not confirmed; nothing was decided.", remedy="Decide again when it is right."
        )
    _write(hub, entries, {**_name_of(terms), **(names or {})})
    _say_outcome(terms, entries, foreseen, written=True)


def _name_of(terms: Terms) -> dict[UUID, str]:
    from partyhub_dagster.stewardship.ledger import group_id_of

    return {} if terms.group is None else {group_id_of(terms.group): terms.group}


def _write(hub: Hub, entries: "Sequence[Entry]", names: dict[UUID, str]) -> None:
    from partyhub_dagster.stewardship.ledger import append_entries

    with hub.place.connect() as con:
        append_entries(Session(hub.place, con, run_id="decide"), entries, names)


def _say_outcome(
    terms: Terms, entries: "Sequence[Entry]", foreseen: dict[str, Any], *, written: bool
) -> None:
    groups = sorted({str(entry.group_id) for entry in entries if entry.group_id is not None})
    if terms.json:
        say_json({
            "written": written, "preview": foreseen, "groups": groups,
            "decisions": [str(entry.decision_id) for entry in entries],
        })  # fmt: skip
    elif not written:
        say("Nothing was written.")
    else:
        what = str(entries[0].decision_id) if len(entries) == 1 else f"{len(entries):,} decisions"
        undo = next(iter(groups), "") if terms.group is None else repr(terms.group)
        way = f"--group {undo}" if groups else str(entries[0].decision_id)[:8]
        say(f"Written: {what}. The next build brings it into the golden records.")
        say(f"To take it back: partyhub decide revoke {way} --reason TEXT")
