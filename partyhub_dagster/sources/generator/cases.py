"""The hard cases by name, how common each is, and which records get one.

Two families. *Look-alikes* are different parties that resemble one another; they are pairs of entities, and every
record of both carries the name. *Variants* are one party that looks different; the variant record carries the name.
"""

from dataclasses import dataclass
from itertools import cycle
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
    "international_address": 0.008,
    "shared_phone": 1 / 60,  # a hundredth of all records
}
MOST_WITH_ONE_PHONE: Final = 10_000
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
    "international_address": 0.01,
}
HOUSEHOLD_SHARE: Final = 0.012
BRANCH_SHARE: Final = 0.015
NATIVE_CASES: Final = {"non_latin_name": 0.012, "transliteration": 0.008}
IDENTIFIERS_OFTEN_ABSENT: Final = (*ORGANIZATION_VARIANTS, *NATIVE_CASES)
HARD_CASES: Final = tuple(
    sorted(
        {
            *PERSON_LOOKALIKES,
            *PERSON_VARIANTS,
            *ORGANIZATION_LOOKALIKES,
            *ORGANIZATION_VARIANTS,
            *NATIVE_CASES,
            "household",
            "branch",
            "shared_phone",
        }
    )
)


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """Which entities resemble which, in blocks from entity 0 on: case -> (originals, their doubles).

    A household or a company with branches is one original with many doubles.
    """

    pairs: dict[str, tuple[Ints, Ints]]
    native: dict[str, Ints]  # entities with a name in another script, by what their second record shows of it


def household_sizes(records: int) -> list[int]:
    """Return how many persons each household has."""
    persons = number_of(HOUSEHOLD_SHARE / RECORDS_PER_ENTITY, records)
    return [size for size, _ in zip(cycle((3, 4, 6, 5)), range(max(1, persons // 4)), strict=False)]


def branch_counts(records: int) -> list[int]:
    """Return how many branches each company with branches has: hundreds, as far as `records` allow it."""
    left = number_of(BRANCH_SHARE / RECORDS_PER_ENTITY, records)
    counts = [min(100, number_of(0.04 / RECORDS_PER_ENTITY, records))]
    for count in cycle((250, 400, 150, 300, 100)):
        left -= counts[-1]
        if left < count:
            return counts
        counts.append(count)
    return counts


def plan_lookalikes(shares: dict[str, float], groups: dict[str, list[int]], records: int) -> Lookalikes:
    """Give the first entities their roles; records are shuffled later, so the order tells nothing.

    `groups` says of each case with groups how many entities each of them has.
    """
    pairs, start = {}, 0
    for case, share in shares.items():
        n = number_of(share / (2 * RECORDS_PER_ENTITY), records)
        pairs[case] = (np.arange(start, start + 2 * n, 2), np.arange(start + 1, start + 2 * n, 2))
        start += 2 * n
    for case, sizes in groups.items():
        heads = start + np.cumsum([0, *sizes[:-1]])
        members = np.arange(start, start + sum(sizes))
        pairs[case] = (np.repeat(heads, np.array(sizes) - 1), members[~np.isin(members, heads)])
        start += sum(sizes)
    native = {}
    for case, share in NATIVE_CASES.items():
        n = number_of(share / 1.2, records)
        native[case] = np.arange(start, start + n)
        start += n
    return Lookalikes(pairs, native)


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """Which entity each record describes, in random order."""

    entity: Ints
    ordinal: Ints  # 0 is the entity's first and most complete record
    case: Text


def plan_records(rng: Rng, records: int, lookalikes: Lookalikes) -> RecordPlan:
    """Spread the records over entities, about 1.6 each, and mark those of look-alikes and non-Latin names."""
    counts = 1 + rng.choice(len(_COUNT_WEIGHTS), size=records, p=_COUNT_WEIGHTS).astype(np.int64)
    for native in lookalikes.native.values():
        counts[native] = np.maximum(counts[native], 2)
    entity = np.repeat(np.arange(records), counts)[:records]
    ordinal = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts))[:records]
    case = blank(records)
    role = blank(records)
    for name, (originals, doubles) in lookalikes.pairs.items():
        role[originals], role[doubles] = name, name
    case[:] = role[entity]
    for name, native in lookalikes.native.items():
        case[np.isin(entity, native) & (ordinal == 1)] = name
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
        if case == "shared_phone":
            free = plan.case == ""
        if case == "placeholder_values":  # a record without company must not gain any either
            free |= (plan.case == "") & single & (order % 10 == 0)
        free &= eligible.get(case, np.ones(len(free), dtype=np.bool_))
        most = MOST_WITH_ONE_PHONE if case == "shared_phone" else len(order)
        chosen = order[free[order]][: min(most, number_of(share, len(order)))]
        plan.case[chosen] = case
