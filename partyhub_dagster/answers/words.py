"""Explanations in plain sentences, the same on the terminal and on a page."""

from collections.abc import Sequence
from typing import Any

_SHOWN = 6
_WHY = {
    "SAME_DECISION": "a SAME decision binds them, directly or through others.",
    "WEIGHT": "the mean weight between the pieces that brought them together is {mean:+.2f} bits,"
    " and merging these needs {asked:+.2f}.",
    "KIND": "one is a person, the other an organization.",
    "COMPONENT": "no chain of pairs at or above {link:+.2f} bits leads from one to the other.",
    "NOT_SAME_DECISION": "a NOT_SAME decision stands between them (mean weight {mean:+.2f} bits).",
    "EXCLUSIVE": "they hold different values of an exclusive identifier, {schemes}"
    " (mean weight {mean:+.2f} bits).",
    "PART": "their component is too large to cluster whole, and they fell into different parts of it.",
    "BELOW_CUT": "the mean weight between them is {mean:+.2f} bits, and merging them needs {asked:+.2f}.",
}
_TOGETHER = {"SAME_DECISION", "WEIGHT"}


def why_words(verdict: dict[str, Any], thresholds: dict[str, float]) -> str:
    """Say whether two records are one party or two, and what decided it."""
    said = "One party" if verdict["why"] in _TOGETHER else "Two parties"
    return f"{said}: {reason_words(verdict, thresholds)}"


def reason_words(verdict: dict[str, Any], thresholds: dict[str, float]) -> str:
    """Say what decided, as the end of a sentence."""
    mean = verdict["mean_weight"]
    return _WHY[verdict["why"]].format(
        mean=0.0 if mean is None else mean,
        asked=verdict["asked"],
        schemes=", ".join(verdict["schemes"]) or "of one kind",
        **thresholds,
    )


def pairs_words(told: dict[str, Any], miss: float) -> str:
    """Say on how many pairs a mean rests."""
    between, scored = told["pairs_between"], told["pairs_scored"]
    if scored == between:
        return "the one pair" if between == 1 else f"all {between:,} pairs scored"
    return f"{scored:,} of {between:,} pairs scored, the others count {miss:+.2f}"


def names_words(keys: Sequence[str]) -> str:
    """List SOURCE:RECORD, the first few."""
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def parties_words(parties: Sequence[Sequence[str]]) -> str:
    """Say who would be with whom."""
    if len(parties) == 1:
        return f"one party of {names_words(parties[0])}"
    return f"{len(parties)} parties: " + " | ".join(names_words(keys) for keys in parties)


def split_words(told: dict[str, Any]) -> list[str]:
    """Say what would take two records, or a party, apart."""
    if "revoke" in told:
        return [f"To split: {_revoking(told)}."]
    lines = []
    if "spare_bits" in told:
        lost = told["parties_if_lost"]
        then = (
            f"then {parties_words(lost)}"
            if len(lost) > 1
            else "even then other pairs hold the party together"
        )
        lines.append(
            f"To split by evidence: that mean must lose more than the {told['spare_bits']:.2f} bits it has to spare"
            f"{_in_total(told, 'spare')}; {then}."
        )
    lines += [
        f"  `{name}` of this one pair carries the merge: without it, the mean would be too low."
        for name in told.get("carried_by", [])
    ]
    lines += [
        f"  Without {held['record']} there would be {parties_words(held['parties_then'])}."
        for held in told.get("held_together_by", [])
    ]
    _, left, right = told["decision"]
    lines.append(
        f"To split by decision: partyhub decide not-same {left} {right} --reason TEXT;"
        f" then {parties_words(told['parties_then'])}."
    )
    return lines


def join_words(told: dict[str, Any]) -> list[str]:
    """Say what would make two records one party."""
    if not told:
        return []
    if "revoke" in told:
        return [f"To join: {_revoking(told)}."]
    lines = []
    if "missing_bits" in told:
        lines.append(
            f"To join by evidence: the mean lacks {told['missing_bits']:.2f} bits{_in_total(told, 'missing')}."
        )
    _, left, right = told["decision"]
    lines.append(
        f"To join by decision: partyhub decide same {left} {right} --reason TEXT;"
        f" then {parties_words(told['parties_then'])}."
    )
    return lines


def merge_words(merge: dict[str, Any], miss: float) -> str:
    """Say which two pieces became one, and how sure that was."""
    return (
        f"{names_words(merge['left'])} + {names_words(merge['right'])}: mean {merge['mean_weight']:+.2f} bits,"
        f" {merge['asked']:+.2f} needed, {merge['margin']:.2f} to spare ({pairs_words(merge, miss)})"
    )


def compared_words(pair: dict[str, Any]) -> str:
    """Say why a pair was compared, and what clustering counts it as if that is not its weight."""
    counts = (
        f"; clustering counts the pair as {pair['counts']:+.2f}" if pair["counts"] != pair["weight"] else ""
    )
    if not pair["blocking_rules"]:
        return f"Never compared until asked here: nothing that they share brings the pair together{counts}."
    shared = ", ".join(pair["blocking_rules"]).replace("_", " ")
    return f"Compared because they share: {shared}{counts}."


def level_words(level: str) -> str:
    """Say the level of a comparison as a person would."""
    share = level.removeprefix("words_")
    return f"{share} % of the words" if share.isdigit() else level.replace("_", " ")


def weight_rows(pair: dict[str, Any]) -> list[tuple[str, str, float]]:
    """List what makes a weight, from two records at random to all together."""
    compared = [(c["name"], level_words(c["level"]), c["weight"]) for c in pair["comparisons"]]
    return [
        ("start", "two records at random", pair["prior"]),
        *compared,
        ("weight", "all together", pair["weight"]),
    ]


def held_words(weakest: dict[str, Any], cap: float) -> str:
    """Say which pair holds the weakest merge most."""
    one, other = weakest["strongest"]["pair"]
    weight = weakest["strongest"]["weight"]
    capped = f", of which {cap:.2f} count" if weight > cap else ""
    return f"Its strongest pair is {one} and {other}, {weight:+.2f} bits{capped}:"


def decision_words(decision: dict[str, Any]) -> str:
    """Say who decided what, when, why, and whether it stands."""
    what = " ".join(
        str(decision[name]) for name in ("verdict", "left", "right", "attribute") if decision[name]
    )
    return (
        f"Decision {what} by {decision['author']} on {decision['decided_at'][:10]}, {decision['state']}:"
        f" {decision['reason']}"
    )


def _in_total(told: dict[str, Any], what: str) -> str:
    bits, total = told[f"{what}_bits"], told[f"{what}_in_total"]
    return "" if total == bits else f" ({total:.2f} over all its pairs)"


def _revoking(told: dict[str, Any]) -> str:
    ids = " ".join(id_[:8] for id_ in told["revoke"])
    return f"partyhub decide revoke {ids} --reason TEXT; then {parties_words(told['parties_then'])}"
