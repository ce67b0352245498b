"""The command that says why: of two records, or of a party, as text, JSON or a page."""

from pathlib import Path
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import say, say_json, say_table
from partyhub_dagster.places import config_file, open_hub
from partyhub_dagster.private_files import write_private

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(explain)


def explain(
    left: Annotated[str, typer.Argument(help="SOURCE:RECORD or record id; alone: its party, or a party id.")],
    right: Annotated[
        str | None, typer.Argument(help="Another SOURCE:RECORD or record id.", show_default=False)
    ] = None,
    *,
    html: Annotated[
        Path | None, typer.Option(help="Write a page into this new file as well.", show_default=False)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Explain why two records are, or are not, one party. Or a whole party."""
    from partyhub_dagster.answers.pairs import explain_records
    from partyhub_dagster.answers.party_why import explain_party

    hub = open_hub(config_file(config))
    if right is None:
        answer = explain_party(hub.place, hub.config, left)
    else:
        answer = explain_records(hub.place, hub.config, left, right)
    if html is not None:
        from partyhub_dagster.answers.explain_page import render_page

        write_private(html, render_page(answer))
    if json:
        say_json(answer)
    elif right is None:
        _say_party(answer)
    else:
        _say_pair(answer)
    if html is not None and not json:
        say(f"Wrote {html}. It holds values of records as they are.")


def _say_pair(answer: dict[str, Any]) -> None:
    from partyhub_dagster.answers.words import (
        compared_words,
        decision_words,
        join_words,
        merge_words,
        split_words,
        why_words,
    )

    say(f"{'Same party' if answer['same_party'] else 'Different parties'} in release {answer['release']}.")
    if answer["weight"] is None:
        say(answer["note"])
        return
    verdict = "linked" if answer["linked"] else "not linked"
    say(f"Pair weight {answer['weight']:+.2f} bits, probability {answer['probability']:.4f}: {verdict}")
    say(f"(at or above {answer['thresholds']['link']:+.2f} a pair links; one bit more doubles the odds).")
    _say_comparisons(answer)
    say(compared_words(answer))
    if not answer.get("merge"):
        say(why_words(answer["verdict"], answer["thresholds"]))
    else:
        miss = answer["thresholds"]["miss"]
        say(f"One party, by the merge of {merge_words(answer['merge'], miss)}.")
        if answer["weakest"] == answer["merge"]:
            say("No merge of their party has less to spare.")
        else:
            say(f"The weakest link of their party is another: {merge_words(answer['weakest'], miss)}.")
    words = split_words(answer["to_split"]) if answer["same_party"] else join_words(answer["to_join"])
    for line in words:
        say(line)
    for decision in answer["decisions"]:
        say(decision_words(decision))


def _say_comparisons(answer: dict[str, Any]) -> None:
    from partyhub_dagster.answers.words import weight_rows

    say_table([("compared", "found", "bits"), *weight_rows(answer)])


def _say_party(answer: dict[str, Any]) -> None:
    from partyhub_dagster.answers.words import decision_words, held_words, merge_words, split_words

    members, miss, cap = answer["members"], answer["thresholds"]["miss"], answer["thresholds"]["cap"]
    say(
        f"Party {answer['party_id']} in release {answer['release']}: {len(members):,} record{'s'[: len(members) > 1]}"
    )
    say_table([(m["key"], "; ".join(_first_values(m))) for m in members[:_SHOWN]])
    _say_rest(len(members))
    for group in answer["bound_by_decisions"]:
        say(f"Bound by SAME decisions: {', '.join(group)}")
    if answer["merges"]:
        say("Merged by evidence, in this order (one bit more doubles the odds; larger pieces need more):")
        for merge in answer["merges"][-_SHOWN:]:
            say(f"  {merge_words(merge, miss)}")
        _say_rest(len(answer["merges"]))
    if answer["weakest"]:
        weakest = answer["weakest"]
        say(f"Its weakest link: {merge_words(weakest, miss)}")
        if "pair" in weakest:
            say(held_words(weakest, cap))
            _say_comparisons(weakest["pair"])
        for line in split_words(answer["to_split"]):
            say(line)
    _say_neighbours(answer)
    for decision in answer["decisions"]:
        say(decision_words(decision))


def _say_neighbours(answer: dict[str, Any]) -> None:
    from partyhub_dagster.answers.words import names_words, why_words

    if answer["not_merged"]:
        say("Not merged with:")
    for other in answer["not_merged"]:
        say(f"  {names_words(other['members'])}")
        say(f"    {why_words(other, answer['thresholds'])}")
        if other["strongest"]:
            strongest = other["strongest"]
            say(f"    nearest pair: {' and '.join(strongest['pair'])}, {strongest['weight']:+.2f} bits")


def _first_values(member: dict[str, Any]) -> list[str]:
    return [str(values[0]) for values in list(member["values"].values())[:4]]


def _say_rest(count: int) -> None:
    if count > _SHOWN:
        say(f"  and {count - _SHOWN:,} more; --json has them all")
