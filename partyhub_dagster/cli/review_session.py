"""A review on the terminal: one merge after the other, side by side, answered with one key."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from partyhub_dagster.cli.printing import complain, say, say_table
from partyhub_dagster.cli.side_by_side import read_key, say_sides
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import reading

if TYPE_CHECKING:
    from partyhub_dagster.stewardship.drafting import Signature
    from partyhub_dagster.stewardship.ledger import Entry
    from partyhub_dagster.stewardship.review import ReviewItem

_KEYS = "y one party   n two parties   u unsure   s skip   z undo   w why   q quit"


@dataclass(slots=True)
class _Given:
    """An answer that was given: where it was, what it wrote."""

    place: int
    word: str
    entries: "list[Entry]"


@dataclass(slots=True)
class ReviewSession:
    """What is asked, what was answered, and the way back. Every answer is written when it is given."""

    hub: Hub
    signature: "Signature"
    most: int
    items: "list[ReviewItem]" = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    given: list[_Given] = field(default_factory=list)
    decided: dict[UUID, set[UUID]] = field(default_factory=dict)

    def run(self) -> None:
        """Ask until everything is answered or skipped, or somebody quits."""
        from partyhub_dagster.stewardship.review_answers import open_items, told_items

        with self.hub.place.connect(read_only=True) as con, reading(con):
            session = Session(self.hub.place, con, run_id="review")
            found = open_items(self.hub, session)
            self.items = found[: self.most]
            self.told = told_items(session, self.hub.config, self.items)
        say(
            f"{len(found):,} merges are in doubt; {len(self.items):,} are offered, the most worthwhile first."
        )
        place = 0
        while 0 <= place < len(self.items):
            place = self._ask(place)
        self._say_end()

    def _ask(self, place: int) -> int:
        """Ask about one merge; return which one comes next, -1 to stop."""
        from partyhub_dagster.stewardship.review import is_decided

        if is_decided(self.items[place], self.decided):
            return place + 1  # an answer given before has settled it
        self._show(place)
        while True:
            match read_key():
                case "y" | "n" | "u" as word:
                    self._answer(place, word)
                    return place + 1
                case "s":
                    say("  skipped")
                    return place + 1
                case "z":
                    back = self._undo()
                    return place if back is None else back
                case "w":
                    self._say_why(place)
                case "q" | "":
                    return -1
                case _:
                    say(f"  {_KEYS}")

    def _show(self, place: int) -> None:
        item = self.told[place]
        done = sum(given.word != "u" for given in self.given)
        say()
        say(f"--- {place + 1} of {len(self.items)} · {done} decided · the hub has them as {item['now']}"
            f", {item['probability']:.0%} sure that they are one ---")  # fmt: skip
        say_sides(self.hub.config.attributes, item["left"], item["right"])
        say("Are these one party?  " + _KEYS)

    def _answer(self, place: int, word: str) -> None:
        from partyhub_dagster.stewardship.review_answers import Answer, draft_answer, note_unsure

        item = self.items[place]
        with self.hub.place.connect(read_only=True) as con, reading(con):
            session = Session(self.hub.place, con, run_id="review")
            entries = draft_answer(session, self.hub.config, item, Answer(word), self.signature)
            if entries:
                self._say_foreseen(session, entries)
        if entries:
            self._write(entries)
            self._note_decided(item)
        else:
            note_unsure(self.hub.place, [item.item_id])
            say("  unsure: it is asked again after all others")
        self.given.append(_Given(place, word, entries))

    def _say_foreseen(self, session: Session, entries: "list[Entry]") -> None:
        from partyhub_dagster.cli.telling_decisions import event_words
        from partyhub_dagster.stewardship.preview import forget_preview, preview_entries

        foreseen = preview_entries(self.hub, session, entries)
        forget_preview(session)
        for event in foreseen["parties"][:5]:
            say(f"  {event_words(event)}")
        if not foreseen["parties"]:
            say("  confirmed: nothing changes")

    def _write(self, entries: "list[Entry]") -> None:
        from partyhub_dagster.stewardship.ledger import append_entries

        with self.hub.place.connect() as con:
            append_entries(Session(self.hub.place, con, run_id="review"), entries)

    def _note_decided(self, item: "ReviewItem") -> None:
        self.decided.setdefault(item.left[0], set()).add(item.right[0])

    def _undo(self) -> int | None:
        """Take the last answer back, in the ledger by a revocation; return where it was."""
        from partyhub_dagster.identity.decisions import DecisionKind
        from partyhub_dagster.stewardship.review_answers import note_unsure

        if not self.given:
            say("  there is nothing to undo")
            return None
        last = self.given.pop()
        item = self.items[last.place]
        if last.entries:
            names = {entry.group_id or entry.decision_id for entry in last.entries}
            self._write([self.signature.entry(DecisionKind.REVOKE, revokes=name) for name in names])
            self.decided[item.left[0]].discard(item.right[0])
        else:
            note_unsure(self.hub.place, [], forget=[item.item_id])
        say(f"  taken back: {last.word}")
        return last.place

    def _say_why(self, place: int) -> None:
        from partyhub_dagster.answers.pairs import explain_records
        from partyhub_dagster.answers.words import level_words
        from partyhub_dagster.errors import PartyHubError

        item = self.told[place]
        one, other = item["left"][0]["key"], item["right"][0]["key"]
        try:
            answer = explain_records(self.hub.place, self.hub.config, one, other)
        except PartyHubError as error:  # not released yet: the review looks at the head
            complain(f"  {error.args[0]}")
            return
        say(f"  {one} and {other}:")
        rows = [(c["name"], level_words(c["level"]), c["weight"]) for c in answer["comparisons"]]
        say_table([("compared", "found", "bits"), *rows], indent="    ")

    def _say_end(self) -> None:
        count = {word: sum(given.word == word for given in self.given) for word in "ynu"}
        say()
        say(f"{count['y']} one party, {count['n']} two parties, {count['u']} unsure.")
        if count["y"] + count["n"]:
            say("The next build brings it into the golden records; `partyhub decide list` shows it.")
