"""Which values survive, and why: the survivorship of `deliveries.HUB_YAML` said with lists and sorting."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from partyhub_dagster_tests.pipeline.laboratory import Offered

SOURCES = ("reg", "crm", "web")
TRUST = {"crm": (0.8, 40), "web": (0.7, 30), "reg": (0.4, None)}
DEFAULT = ("validated", "most_recent", "source_priority")
GROUPS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("name", "name_given", "name_middle", "name_family", "name_suffix"): ("most_frequent", "most_complete"),
    ("birth_date",): DEFAULT,
    (
        "address", "address_line", "address_city", "address_region", "address_postal_code", "address_country",
    ): ("source_priority", "most_recent"),
    ("phone",): ("validated", "all"),
    ("email",): ("trust", "most_recent"),
    ("lei",): ("all",),
}  # fmt: skip
"""Attributes that survive together, the leading one first, and their rules; pins outrank all rules."""
LISTS = {"phone", "email", "lei"}
ATTRIBUTES = [attribute for group in GROUPS for attribute in group]
TYPES = {"P": "INDIVIDUAL", "O": "ORGANIZATION", "L": "LEGAL_ENTITY"}


@dataclass(frozen=True, eq=False)
class Member:
    """What survivorship knows of a record; `place` is its place among all record ids."""

    place: int
    source: str
    kind: str
    recency: int
    event_time: datetime | None
    values: Mapping[str, Offered]


@dataclass(frozen=True)
class Pin:
    """A standing PIN and the live record that it is on."""

    sequence: int
    place: int
    attribute: str
    value: str | None


@dataclass(frozen=True)
class Golden:
    """A golden record without its id; provenance names places of records."""

    party_type: str
    kind: str
    members: int
    values: dict[str, Any]
    provenance: dict[str, list[tuple[int, str]]]


class Candidate(NamedTuple):
    """A value, or values that go together, offered by a record."""

    values: tuple[Any, ...]
    member: Member
    nth: int
    validity: int
    parts: int
    size: int


Proofs = list[tuple[int, str]]
Survivors = dict[str, tuple[Any, Proofs]]


def expected_golden(members: Sequence[Member], pins: Iterable[Pin]) -> Golden:
    """Say what the golden record of these members is."""
    held: Survivors = {}
    newest = {pin.attribute: pin for pin in sorted(pins, key=lambda pin: pin.sequence) if _readable(pin)}
    for group, rules in GROUPS.items():
        held |= _survivors(group, rules, members, newest)
    for attribute, pin in newest.items():
        value = _typed(pin)
        held[attribute] = (value, [(pin.place, "pinned")] * (len(value) if isinstance(value, list) else 1))
    best = min(members, key=lambda m: (m.kind != "L", SOURCES.index(m.source), m.place))
    return Golden(
        TYPES[best.kind],
        "person" if best.kind == "P" else "organization",
        len(members),
        {attribute: held[attribute][0] for attribute in ATTRIBUTES},
        {attribute: proofs for attribute, (value, proofs) in held.items() if value is not None},
    )


def _survivors(
    group: tuple[str, ...], rules: tuple[str, ...], members: Sequence[Member], pins: Mapping[str, Pin]
) -> Survivors:
    lead = group[0]
    if "all" in rules:
        return {lead: _union(_elements(lead, members), rules, members)}
    if len(group) > 1:
        candidates = _whole_groups(group, members)
        if lead in pins:
            said = _typed(pins[lead])
            candidates = [c for c in candidates if said is not None and c.values[0] == said]
    else:
        candidates = _whole_lists(lead, members) if lead in LISTS else _elements(lead, members)
    if not candidates:
        return dict.fromkeys(group, (None, []))
    best, rule = _best(candidates, rules, members)
    proof = (best.member.place, rule)
    if lead in LISTS:
        return {lead: (list(best.values[0]), [proof] * len(best.values[0]))}
    return {attribute: (value, [proof]) for attribute, value in zip(group, best.values, strict=True)}


def _best(
    candidates: list[Candidate], rules: Sequence[str], members: Sequence[Member]
) -> tuple[Candidate, str]:
    """Return the best candidate, and the rule that told it from the best one of another value."""
    measures = {c: [_measure(rule, c, candidates, members) for rule in rules] for c in candidates}
    order = sorted(candidates, key=lambda c: (*measures[c], c.member.place, c.nth))
    others = [c for c in order if c.values != order[0].values]
    if not others:
        return order[0], "only"
    apart = zip(rules, measures[order[0]], measures[others[0]], strict=True)
    return order[0], next((rule for rule, mine, theirs in apart if mine != theirs), "record_id")


def _union(
    candidates: list[Candidate], rules: Sequence[str], members: Sequence[Member]
) -> tuple[list[Any] | None, Proofs]:
    """Return every value of the first rank, each with the best record behind it."""
    before = [rule for rule in rules if rule != "all"]
    ranks = {c: [_measure(rule, c, candidates, members) for rule in before] for c in candidates}
    first = [c for c in candidates if ranks[c] == min(ranks.values())]
    listed = sorted({c.values[0] for c in first})
    proofs = [
        (_best([c for c in first if c.values[0] == v], DEFAULT, members)[0].member.place, "all")
        for v in listed
    ]
    return (listed or None), proofs


def _measure(rule: str, candidate: Candidate, candidates: list[Candidate], members: Sequence[Member]) -> Any:
    """Return how a candidate does by a rule: the smaller, the better."""
    member = candidate.member
    match rule:
        case "validated":
            return candidate.validity
        case "most_recent":
            at = member.event_time
            return (1, -member.recency) if at is None else (0, -at.timestamp())
        case "source_priority":
            return SOURCES.index(member.source)
        case "most_frequent":
            return -len({c.member.place for c in candidates if c.values == candidate.values})
        case "most_complete":
            return (-candidate.parts, -candidate.size)
        case "trust":
            return -round(_trust(member, members) * 2**20)  # six digits
    raise ValueError(rule)


def _trust(member: Member, members: Sequence[Member]) -> float:
    score, half_life = TRUST[member.source]
    times = [m.event_time for m in members if m.event_time is not None]
    if half_life is None or not times:
        return score
    age = max(times) - (member.event_time or min(times))
    return float(score * 0.5 ** (age.total_seconds() / 86_400 / half_life))


def _elements(attribute: str, members: Sequence[Member]) -> list[Candidate]:
    as_type: Callable[[str], Any] = date.fromisoformat if attribute == "birth_date" else str
    return [
        Candidate((as_type(value),), member, nth, _validity([valid]), 1, len(value))
        for member in members
        for nth, (value, valid) in enumerate(member.values.get(attribute, ()), 1)
    ]


def _whole_groups(group: tuple[str, ...], members: Sequence[Member]) -> list[Candidate]:
    found = []
    for member in members:
        firsts = [(member.values.get(attribute) or ((None, None),))[0] for attribute in group]
        values = tuple(value for value, _ in firsts)
        parts = sum(value is not None for value in values)
        if parts:
            size = len(values[0] or "")
            found.append(Candidate(values, member, 1, _validity([valid for _, valid in firsts]), parts, size))
    return found


def _whole_lists(attribute: str, members: Sequence[Member]) -> list[Candidate]:
    found = []
    for member in members:
        offered = member.values.get(attribute, ())
        values = tuple(sorted({value for value, _ in offered}))
        flags = {valid for _, valid in offered if valid is not None}
        if values:
            validity = _validity([any(flags) if flags else None])
            found.append(Candidate((values,), member, 1, validity, len(values), sum(map(len, values))))
    return found


def _validity(flags: Sequence[bool | None]) -> int:
    if False in flags:
        return 2
    return 0 if True in flags else 1


def _readable(pin: Pin) -> bool:
    if pin.attribute != "birth_date" or pin.value is None:
        return True
    try:
        date.fromisoformat(pin.value)
    except ValueError:
        return False
    return True


def _typed(pin: Pin) -> Any:
    if pin.value is None or not pin.value.strip():
        return None
    if pin.attribute in LISTS:
        return sorted(set(json.loads(pin.value) if pin.value.startswith("[") else [pin.value]))
    return date.fromisoformat(pin.value) if pin.attribute == "birth_date" else pin.value
