"""Decisions and previews in words, for people."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from partyhub_dagster.cli.printing import say, say_table

if TYPE_CHECKING:
    from partyhub_dagster.stewardship.ledger import Entry

_SHOWN = 20
_MEMBERS = 6

_BECAUSE = {
    "SAME": "a newer SAME holds",
    "NOT_SAME": "a newer NOT_SAME holds",
    "KIND": "one is a person, the other an organization",
    "ITSELF": "a record is never apart from itself",
    "PIN": "a newer PIN holds",
}


def say_preview(entries: "Sequence[Entry]", foreseen: dict[str, Any]) -> None:
    """Print what is decided and what would change by it."""
    say(f"{len(entries):,} decision{'' if len(entries) == 1 else 's'}:")
    say_table([_entry_row(entry) for entry in entries[:_SHOWN]])
    _say_rest(len(entries))
    if not (foreseen["parties"] or foreseen["values"]):
        say("No party and no golden value changes by it now.")
    for event in foreseen["parties"][:_SHOWN]:
        say(f"  {event_words(event)}")
    _say_rest(len(foreseen["parties"]))
    if foreseen["values"]:
        rows = [("party", "golden value", "now", "then")]
        rows += [_value_row(found) for found in foreseen["values"][:_SHOWN]]
        say_table(rows)
        _say_rest(len(foreseen["values"]))
    for key, words in (
        ("overruled", "It overrules"), ("restored", "It brings back"),
        ("overrides_exclusive", "In spite of different exclusive identifiers"),
    ):  # fmt: skip
        for found in foreseen[key][:_SHOWN]:
            because = f": {_BECAUSE[found['because']]}" if "because" in found else ""
            say(f"{words}: {_words(found)} ({found['decision_id'][:8]}){because}")
        _say_rest(len(foreseen[key]))
    for key in foreseen["waiting"][:_SHOWN]:
        say(f"Waits for {key}, which is not there; it holds as soon as the record comes.")
    _say_rest(len(foreseen["waiting"]))


def say_decisions(listed: list[dict[str, Any]]) -> None:
    """Print decisions as `decide list` gives them."""
    if not listed:
        say("No decision is like that.")
        return
    heading = ("id", "decision", "state", "group", "author", "day", "reason")
    rows = [
        (found["decision_id"][:8], _words(found), _state(found), found["group"], found["author"],
         found["decided_at"][:10], found["reason"])
        for found in listed[:_SHOWN]
    ]  # fmt: skip
    say_table([heading, *rows])
    _say_rest(len(listed))


def _state(found: dict[str, Any]) -> str:
    if found["state"] == "stands" and found["waits_for"]:
        return f"waits for {', '.join(found['waits_for'])}"
    if not found["taken_up"]:
        return f"{found['state']} from the next build"
    if found["conflicts"]:
        return "overruled"
    if found["overrides_exclusive"]:
        return "overrides exclusive identifiers"
    return str(found["state"])


def _entry_row(entry: "Entry") -> tuple[str, ...]:
    match entry.verdict.value:
        case "PIN":
            return ("PIN", f"{entry.left}", f"{entry.attribute} = {_shown(entry.value)}")
        case "REVOKE":
            return ("REVOKE", str(entry.revokes), "")
        case verdict:
            return (verdict, f"{entry.left}", f"{entry.right}")


def _words(found: dict[str, Any]) -> str:
    if found["verdict"] == "REVOKE":
        return f"REVOKE {found['revokes']}"
    if found["verdict"] == "PIN":
        value = f" = {_shown(found['value'])}" if "value" in found else ""
        return f"PIN {found['left']} {found['attribute']}{value}"
    return f"{found['verdict']} {found['left']} {found['right']}"


def event_words(event: dict[str, Any]) -> str:
    """Say what becomes of a party."""
    party, other = event["party_id"], event["other_id"]
    match event["event"]:
        case "MERGED":
            return f"Party {party} ({_listed(event['members_before'])}) joins party {other}."
        case "SPLIT":
            return f"Party {party} ({_listed(event['members'])}) splits off party {other}."
        case _:
            return f"Party {party} keeps its id and has {_listed(event['members'])}."


def _listed(members: list[str]) -> str:
    shown = ", ".join(members[:_MEMBERS])
    return f"{shown} and {len(members) - _MEMBERS} more" if len(members) > _MEMBERS else shown


def _value_row(found: dict[str, Any]) -> tuple[str, str, str, str]:
    before = list(dict.fromkeys(_shown(value) for value in found["before"].values()))
    return found["party_id"], found["attribute"], " | ".join(before), _shown(found["after"])


def _shown(value: Any) -> str:
    match value:
        case None:
            return "-"
        case list():
            return ", ".join(str(held) for held in value)
        case str() if value.startswith("["):
            return ", ".join(json.loads(value))
        case _:
            return str(value)


def _say_rest(count: int) -> None:
    if count > _SHOWN:
        say(f"  and {count - _SHOWN:,} more; --json lists all")
