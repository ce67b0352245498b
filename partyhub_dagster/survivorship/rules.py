"""The rules as ranks: each comparison is a number from 0 (best), and the numbers of a list of rules pack into one.

A list of rules is a lexicographic order, so the first comparison takes the highest bits and one integer comparison
stands for the whole list: that is what makes grouping by party cheap. Expressions read the columns of a candidate
(`candidates.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from partyhub_dagster.config.survivorship import Rule
from partyhub_dagster.errors import ConfigError
from partyhub_dagster.lake.metadata import quote_text

ONLY = "only"
"""Provenance: the members hold no other value, so no rule had to decide."""
TIE = "record_id"
"""Provenance: every rule left it open, and the smaller record_id decided (within a record: the earlier value)."""
PINNED = "pinned"
ALL = "all"

VALID, UNCHECKED, INVALID = 0, 1, 2
PLACE_BITS = 12  # of the values that one record lists for a single-valued attribute, the first 4,095 stand
_VALIDITY_BITS = 2
_PARTS_BITS = 8
_SIZE_BITS = 16
_TRUST_BITS = 20  # six digits: the last bits of a floating-point power decide nothing
_LONG_BITS = 62
_HUGE_BITS = 126


@dataclass(frozen=True, slots=True)
class Extent:
    """How large the numbers of a chunk get, in bits."""

    member: int
    party: int
    """Members of the largest party."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number from 0 to 2**bits - 1, the smaller the better; null counts as worst."""

    rule: str
    expression: str
    bits: int
    of_value: bool = False
    """The same for all records that hold the value, and known only after counting them."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Comparisons packed into one integer, the first in the highest bits; the last two tell all candidates apart."""

    comparisons: tuple[Comparison, ...]

    def __post_init__(self) -> None:
        if self.bits > _HUGE_BITS:
            raise ConfigError(
                f"A list of {len(self.comparisons)} comparisons cannot be ranked over a party this large.",
                remedy="Shorten survivorship rules that follow most_frequent, or split the party.",
            )

    @property
    def bits(self) -> int:
        """Bits of the packed number."""
        return sum(comparison.bits for comparison in self.comparisons)

    @property
    def sql_type(self) -> str:
        """The narrowest type that holds the packed number."""
        return "BIGINT" if self.bits <= _LONG_BITS else "HUGEINT"

    def packed(self, *, of_value: bool) -> str:
        """Return the sum of the comparisons that are (or are not) known only after counting."""
        terms = []
        below = self.bits
        for comparison in self.comparisons:
            below -= comparison.bits
            if comparison.of_value == of_value:
                worst = 2**comparison.bits - 1
                bounded = f"least(greatest(coalesce({comparison.expression}, {worst}), 0), {worst})"
                terms.append(f"{bounded}::{self.sql_type} * {2**below}::{self.sql_type}")
        return " + ".join(terms) or f"0::{self.sql_type}"

    def decided(self, first: str, second: str) -> str:
        """Return the name of the rule whose comparison is the first to tell two packed numbers apart."""
        whens = []
        below = self.bits
        for comparison in self.comparisons:
            below -= comparison.bits
            floor = f"{2**below}::{self.sql_type}"
            whens.append(f"when {first} // {floor} <> {second} // {floor} then {quote_text(comparison.rule)}")
        return f"case when {second} is null then '{ONLY}' {' '.join(whens)} else '{TIE}' end"


def rank(rules: Sequence[Rule], extent: Extent) -> Ranking:
    """Pack a list of rules and the tie-break; `pinned` and `all` compare nothing."""
    compared = [comparison for rule in rules for comparison in _comparisons(rule, extent)]
    ties = [Comparison(TIE, "member", extent.member), Comparison(TIE, "place", PLACE_BITS)]
    return Ranking((*compared, *ties))


def uses(rules: Sequence[Rule], name: str) -> bool:
    """Whether a list of rules names this one."""
    return any(rule.name == name for rule in rules)


def _comparisons(rule: Rule, extent: Extent) -> Iterator[Comparison]:
    match rule.name:
        case "validated":
            yield Comparison(rule.name, "validity", _VALIDITY_BITS)
        case "source_priority":
            yield Comparison(rule.name, source_rank(rule.sources), len(rule.sources).bit_length())
        case "most_recent":
            yield Comparison(rule.name, "recent", extent.member)
        case "most_frequent":
            fewer = f"{2**extent.party - 1} - votes"
            yield Comparison(rule.name, fewer, extent.party, of_value=True)
        case "most_complete":
            yield Comparison(rule.name, f"{2**_PARTS_BITS - 1} - parts", _PARTS_BITS)
            yield Comparison(rule.name, f"{2**_SIZE_BITS - 1} - size", _SIZE_BITS)
        case "trust":
            yield Comparison(rule.name, _distrust(rule), _TRUST_BITS)
        case "pinned" | "all":
            return


def source_rank(sources: Sequence[str]) -> str:
    """Return the place of a record's source in an order of sources, best first; one not listed comes last."""
    if not sources:
        return "0"
    whens = " ".join(f"when {quote_text(name)} then {place}" for place, name in enumerate(sources))
    return f"case source {whens} else {len(sources)} end"


def _distrust(rule: Rule) -> str:
    """Return what the score lacks to 1, the score halved per half-life before the party's newest event time.

    A record without event time counts as old as the oldest one that has one: saying nothing earns nothing.
    """
    days = "coalesce((epoch_us(newest) - epoch_us(coalesce(event_time, oldest))) / 86400000000.0, 0.0)"
    whens = []
    for source, trust in rule.scores.items():
        score = f"{float(trust.score)!r}::double"
        if trust.half_life_days is not None:
            score += f" * pow(0.5, {days} / {float(trust.half_life_days)!r}::double)"
        whens.append(f"when {quote_text(source)} then {score}")
    if not whens:
        return "0"
    scale = 2**_TRUST_BITS - 1
    return f"{scale} - round({scale} * (case source {' '.join(whens)} else 0.0 end))::bigint"
