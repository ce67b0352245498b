"""Models in words: the card of one, and two beside each other."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from partyhub_dagster.cli.printing import say, say_table
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session

if TYPE_CHECKING:
    from partyhub_dagster.matching.model import MatchModel


def say_card(card: dict[str, Any]) -> None:
    """Print the card of a model."""
    from partyhub_dagster.answers.words import level_words

    say(f"Model {card['version'][:12]}, {card['kind']}, {card['origin']} weights, format {card['format']}")
    sources = ", ".join(f"{name} {count:,}" for name, count in sorted(card["sources"].items()))
    say(f"Made from {card['records']:,} records{f' ({sources})' if sources else ''}")
    say(f"One pair in {card['one_pair_in']:,} is one party; thresholds "
        + ", ".join(f"{name} {bits:g}" for name, bits in card["thresholds"].items()))  # fmt: skip
    if (merges := card["measured"].get("merges")) is not None:
        say(
            f"`cut` is where {merges:,} merges of its records want it; shipped is {card['measured']['cut_shipped']:g}"
        )
    if (labels := card["labels"]) is not None:
        say(f"Learned from {labels['pairs']:,} labelled pairs, {labels['one_party']:,} of one party; bits that a label"
            f" costs: {labels['log_loss_before']:.2f} by the weights before,"
            f" {labels['log_loss_held_out']:.2f} where the other labels foretell it")  # fmt: skip
    for warning in card["warnings"]:
        say(f"! {warning}")
    if card["expected"]:
        say("\nWhat to expect of scored pairs by weight, as far as the model knows itself:")
        rows = [
            (f"{e['weight']:+}", f"{e['pairs']:,}", f"{e['precision']:.4f}", f"{e['recall']:.4f}")
            for e in card["expected"]
        ]
        say_table([("bits or more", "pairs", "precision", "recall"), *rows], indent="  ")
    say("\nBlocking rules (stop keys): " + ", ".join(
        f"{rule} ({card['blocking']['stop_keys'].get(rule, 0)})" for rule in card["blocking"]["rules"]
    ))  # fmt: skip
    say("\nWhat a comparison says, in bits:")
    for comparison in card["comparisons"]:
        learned = "learned" if comparison["learned"] else "shipped"
        say(f"  {comparison['name']} ({learned}): " + ", ".join(
            f"{level_words(level['name'])} {level['weight']:+.1f}" for level in comparison["levels"]
        ))  # fmt: skip


def told_comparison(hub: Hub, session: Session, old: "MatchModel", new: "MatchModel") -> dict[str, Any]:
    """Compare two models; pairs are named by their keys."""
    from partyhub_dagster.answers.surroundings import told_records
    from partyhub_dagster.matching.registry import compare

    found = compare(session, old, new)
    pairs = found["pairs_changed_most"]
    ids = list(dict.fromkeys(UUID(pair[side]) for pair in pairs for side in ("left", "right")))
    keys = {told["record_id"]: told["key"] for told in told_records(session, hub.config, ids)}
    found["pairs_changed_most"] = [
        {
            **pair,
            "left": keys.get(pair["left"], pair["left"]),
            "right": keys.get(pair["right"], pair["right"]),
        }
        for pair in pairs
    ]
    return found


def say_comparison(hub: Hub, session: Session, old: "MatchModel", new: "MatchModel") -> None:
    """Print what two models make of the same pairs."""
    found = told_comparison(hub, session, old, new)
    if found["old"] == found["new"]:
        say(f"  Both are model {found['old'][:12]}: the same content.")
        return
    sampled = "" if found["pairs"] == found["pairs_scored"] else f", {found['pairs_scored']:,} of them scored"
    say(f"  {found['old'][:12]} beside {found['new'][:12]}, on {found['pairs']:,} pairs{sampled}:")
    say_table([
        ("one party (0 bits or more) by", "both", "the old alone", "the new alone"),
        ("", *(f"{found[f'one_party_by_{who}']:,}" for who in ("both", "old_only", "new_only"))),
    ], indent="  ")  # fmt: skip
    say(
        f"  expected matches: {found['expected_matches_old']:,.0f}, then {found['expected_matches_new']:,.0f}"
    )
    if found["moved"] is not None:
        low, middle, high = found["moved"]
        say(
            f"  nine of ten weights move by {low:+.1f} to {high:+.1f} bits, half of them by {middle:+.1f} or less"
        )
    for what, words in (("rules_added", "added"), ("rules_dropped", "dropped")):
        if found[what]:
            say(f"  blocking rules {words}: {', '.join(found[what])}")
    for name, (before, after) in found["thresholds_changed"].items():
        say(f"  {name}: {before:g} -> {after:g}")
    _say_changes("weights that changed most", found["weights_changed_most"], ("comparison", "level"))
    _say_changes("pairs that changed sides", found["pairs_changed_most"], ("left", "right"))


def _say_changes(title: str, rows: list[dict[str, Any]], names: tuple[str, str]) -> None:
    if rows:
        say(f"  {title}:")
        say_table([(*names, "old", "new"), *(
            (*(row[name] for name in names), _bits(row["old"]), _bits(row["new"])) for row in rows
        )], indent="    ")  # fmt: skip


def _bits(weight: float | None) -> str:
    return "-" if weight is None else f"{weight:+.1f}"
