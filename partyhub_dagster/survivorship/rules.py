"""The rules as sort keys: the smaller key survives.

A list of rules is one lexicographic order. Keys are BIGINT expressions over the columns of a candidate
(`candidates.py`): source, event_time, recency, validity, parts, size, votes, newest, oldest. None is null.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from partyhub_dagster.config.survivorship import Rule
from partyhub_dagster.lake.metadata import quote_text

ONLY = "only"
"""Provenance: the members hold no other value, so no rule had to decide."""
TIE = "record_id"
"""Provenance: every rule left it open, and the smaller record_id (then the record's own order) decided."""
PINNED = "pinned"
ALL = "all"

VALID, UNCHECKED, INVALID = 0, 1, 2
_DAY_US = 86_400_000_000
_SCALE = 1_000_000_000  # trust is compared to nine digits, so that rounding of the last bit decides nothing


@dataclass(frozen=True, slots=True)
class SortKey:
    """One comparison of a rule. `of_value`: the same for all records that hold the value, known after counting."""

    rule: str
    expression: str
    of_value: bool = False


def sort_keys(rules: Sequence[Rule]) -> list[SortKey]:
    """Return the comparisons of a list of rules, in order; `pinned` and `all` compare nothing."""
    return [key for rule in rules for key in _keys_of(rule)]


def uses_trust(rules: Sequence[Rule]) -> bool:
    """Whether a rule looks at the event times of the whole party."""
    return any(rule.name == "trust" for rule in rules)


def _keys_of(rule: Rule) -> list[SortKey]:
    match rule.name:
        case "validated":
            return [SortKey(rule.name, "validity")]
        case "source_priority":
            return [SortKey(rule.name, source_rank(rule.sources))]
        case "most_recent":
            # Ingest sequence counts only where the source tells no time: load order must not decide elsewhere.
            return [
                SortKey(rule.name, "(event_time is null)::bigint"),
                SortKey(rule.name, "-coalesce(epoch_us(event_time), recency, 0)"),
            ]
        case "most_frequent":
            return [SortKey(rule.name, "-votes", of_value=True)]
        case "most_complete":
            return [SortKey(rule.name, "-parts"), SortKey(rule.name, "-size")]
        case "trust":
            return [SortKey(rule.name, _distrust(rule))]
        case _:
            return []


def source_rank(sources: Sequence[str], column: str = "source") -> str:
    """Return the place of a source in an order of sources, best first; a source not listed comes last."""
    if not sources:
        return "0::bigint"
    whens = " ".join(f"when {quote_text(name)} then {place}" for place, name in enumerate(sources))
    return f"(case {column} {whens} else {len(sources)} end)::bigint"


def _distrust(rule: Rule) -> str:
    """Return the negative score, halved once per half-life before the newest event time of the party.

    A record without event time counts as old as the oldest one that has one: saying nothing earns nothing.
    """
    age = f"(epoch_us(newest) - epoch_us(coalesce(event_time, oldest))) / {_DAY_US}.0"
    whens = []
    for source, trust in rule.scores.items():
        decay = ""
        if trust.half_life_days is not None:
            decay = f" * pow(0.5, coalesce({age}, 0.0) / {float(trust.half_life_days)!r})"
        whens.append(f"when {quote_text(source)} then {float(trust.score)!r}::double{decay}")
    if not whens:
        return "0::bigint"
    return f"-round({_SCALE} * case source {' '.join(whens)} else 0.0 end)::bigint"
