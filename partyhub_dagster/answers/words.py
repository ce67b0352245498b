"""Explanations in plain sentences, the same on the terminal and on a page."""

from collections.abc import Sequence
from typing import Any

_SHOWN = 6
_WHY = {
    "SAME_DECISION": "One party, because a SAME decision binds them, directly or through others.",
    "WEIGHT": "One party; its weakest merge has a mean weight of {mean:+.2f} bits.",
    "KIND": "Two parties: one is a person, the other an organization.",
    "COMPONENT": "Two parties: no chain of pairs at or above {link:+.2f} bits leads from one to the other.",
    "NOT_SAME_DECISION": "Two parties: a NOT_SAME decision stands between them (mean weight {mean:+.2f} bits).",
    "EXCLUSIVE": "Two parties: they hold different values of an exclusive identifier, {schemes}"
    " (mean weight {mean:+.2f} bits).",
    "PART": "Two parties: their component is too large to cluster whole, and they fell into different parts of it.",
    "BELOW_CUT": "Two parties: the mean weight between them is {mean:+.2f} bits, and merging them needs {asked:+.2f}.",
}


def why_words(verdict: dict[str, Any], thresholds: dict[str, float]) -> str:
    """Say what decided that two records are one party or two."""
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
        return [
            f"To split: revoke {names_words(told['revoke'])}; then {parties_words(told['parties_then'])}."
        ]
    lines = []
    if "spare_bits" in told:
        lines.append(
            f"To split by evidence: the mean must lose more than {told['spare_bits']:.2f} bits"
            f" ({told['spare_in_total']:.2f} over all its pairs)."
        )
    lines += [
        f"  Without the comparison `{name}` of this pair alone, it would not have been merged."
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
        way = f"partyhub decide revoke {told['revoke'][0][:8]} --reason TEXT"
        return [f"To join: {way}; then {parties_words(told['parties_then'])}."]
    lines = []
    if "missing_bits" in told:
        lines.append(
            f"To join by evidence: the mean lacks {told['missing_bits']:.2f} bits"
            f" ({told['missing_in_total']:.2f} over all its pairs)."
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
        f"{names_words(merge['left'])} + {names_words(merge['right'])}: mean {merge['mean_weight']:+.2f} bits"
        f" ({pairs_words(merge, miss)})"
    )
