"""The hard cases by name, how common each is, and which records get one.

Two families. *Look-alikes* are different parties that resemble one another; they are pairs of entities, and every
record of both carries the name. *Variants* are one party that looks different; the variant record carries the name.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from partyhub_dagster.sources.generator.arrays import Bools, Ints, Rng, Text, blank, number_of

RECORDS_PER_ENTITY: Final = 1.6
_COUNT_WEIGHTS: Final = (0.63, 0.215, 0.095, 0.04, 0.02)

PERSON_LOOKALIKES: Final = {
    "jr_sr": 0.02,
    "twins": 0.015,
    "shared_household": 0.03,
    "reused_identifier": 0.012,
}
PERSON_VARIANTS: Final = {
    "typo": 0.035,
    "nickname": 0.025,
    "moved": 0.03,
    "married_name": 0.015,
    "swapped_names": 0.012,
    "placeholder_values": 0.02,
}
ORGANIZATION_LOOKALIKES: Final = {
    "sibling_funds": 0.03,
    "parent_subsidiary": 0.03,
    "reused_identifier": 0.012,
}
ORGANIZATION_VARIANTS: Final = {
    "typo": 0.03,
    "legal_form_variant": 0.035,
    "dba": 0.02,
    "moved": 0.025,
    "placeholder_values": 0.02,
}
NON_LATIN_SHARE: Final = 0.012
HARD_CASES: Final = tuple(
    sorted(
        {
            *PERSON_LOOKALIKES,
            *PERSON_VARIANTS,
            *ORGANIZATION_LOOKALIKES,
            *ORGANIZATION_VARIANTS,
            "non_latin_name",
        }
    )
)


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """Which entities resemble which, in blocks from entity 0 on: case -> (originals, their doubles)."""

    pairs: dict[str, tuple[Ints, Ints]]
    native: Ints  # entities with a name in another script

    @property
    def reserved(self) -> int:
        """Return the number of entities that have a role; the rest are ordinary."""
        return sum(2 * len(a) for a, _ in self.pairs.values()) + len(self.native)


def plan_lookalikes(shares: dict[str, float], records: int) -> Lookalikes:
    """Give the first entities their roles; records are shuffled later, so the order tells nothing."""
    pairs, start = {}, 0
    for case, share in shares.items():
        n = number_of(share / (2 * RECORDS_PER_ENTITY), records)
        pairs[case] = (np.arange(start, start + 2 * n, 2), np.arange(start + 1, start + 2 * n, 2))
        start += 2 * n
    return Lookalikes(pairs, np.arange(start, start + number_of(NON_LATIN_SHARE / 1.2, records)))


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """Which entity each record describes, in random order."""

    entity: Ints
    ordinal: Ints  # 0 is the entity's first and most complete record
    case: Text


def plan_records(rng: Rng, records: int, lookalikes: Lookalikes) -> RecordPlan:
    """Spread the records over entities, about 1.6 each, and mark those of look-alikes and non-Latin names."""
    counts = 1 + rng.choice(len(_COUNT_WEIGHTS), size=records, p=_COUNT_WEIGHTS).astype(np.int64)
    counts[lookalikes.native] = np.maximum(counts[lookalikes.native], 2)
    entity = np.repeat(np.arange(records), counts)[:records]
    ordinal = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts))[:records]
    case = blank(records)
    role = blank(records)
    for name, (originals, doubles) in lookalikes.pairs.items():
        role[originals], role[doubles] = name, name
    case[:] = role[entity]
    case[np.isin(entity, lookalikes.native) & (ordinal == 1)] = "non_latin_name"
    shuffled = rng.permutation(records)
    return RecordPlan(entity[shuffled], ordinal[shuffled], case[shuffled])


def assign_variants(rng: Rng, plan: RecordPlan, shares: dict[str, float], eligible: dict[str, Bools]) -> None:
    """Mark records as variants: second and later records of ordinary entities, never one that has a case.

    `eligible` narrows a case down, for instance to people whose name has a nickname.
    """
    order = rng.permutation(len(plan.entity))
    single = np.bincount(plan.entity)[plan.entity] == 1
    for case, share in shares.items():
        free = (plan.case == "") & (plan.ordinal > 0)
        if case == "placeholder_values":  # a record without company must not gain any either
            free |= (plan.case == "") & single & (order % 10 == 0)
        free &= eligible.get(case, np.ones(len(free), dtype=np.bool_))
        chosen = order[free[order]][: number_of(share, len(order))]
        plan.case[chosen] = case
