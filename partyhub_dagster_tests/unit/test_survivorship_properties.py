"""Golden values are a function of the party: of no order, no batch and no other party; and they are not invented."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.survivorship import Rule
from partyhub_dagster.survivorship import candidates, choice, golden
from partyhub_dagster_tests.unit.survivorship_world import SOURCES, Golden, Offer, Pin, configure, master

HUB = configure(
    """{
    sources: [dnb, crm],
    trust: {crm: {score: 0.9, half_life_days: 100}, dnb: 0.5},
    attributes: {
      name: [pinned, source_priority, most_complete],
      address: [validated, most_recent],
      note: [most_frequent, trust, most_recent],
      phone: [all],
    }}"""
)

values = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([True, False, None])), max_size=2)
few = settings(max_examples=max(4, settings.default.max_examples // 6))  # each builds a store
times = st.sampled_from([None, "2023-01-01", "2023-01-01", "2024-01-01"])


@st.composite
def worlds(draw: st.DrawFn) -> list[Offer]:
    """Some parties of some records; ids, event times and values repeat often enough to tie."""
    return [
        Offer(
            record + 1,
            {
                name: found
                for name in ("note", "phone", "address", "address_city", "name", "name_given")
                if (found := draw(values))
            },
            source=draw(st.sampled_from(SOURCES)),
            at=draw(times),
            recency=draw(st.integers(1, 3)),
            party=draw(st.integers(1, 4)),
        )
        for record in range(draw(st.integers(1, 12)))
    ]


@few
@given(world=worlds(), shuffle=st.integers(0, 99))
def test_the_order_of_rows_is_irrelevant(world: list[Offer], shuffle: int) -> None:
    pins = [Pin(1, "note", "p", 1), Pin(2, "note", "q", 2), Pin(1, "phone", "r", 3)]
    assert master(HUB, world, pins, shuffle=shuffle) == master(HUB, world, pins)


@few
@given(world=worlds())
def test_other_parties_and_chunks_are_irrelevant(world: list[Offer]) -> None:
    together = master(HUB, world)
    for party in {world[0].party, world[-1].party}:
        alone = master(HUB, [offer for offer in world if offer.party == party])
        assert alone == {party: together[party]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(golden, "_CHUNK", 2)
        assert master(HUB, world) == together


@few
@given(world=worlds())
def test_load_order_is_irrelevant_where_every_record_has_an_event_time(world: list[Offer]) -> None:
    timed = [replace(offer, at=offer.at or "2022-01-01") for offer in world]
    later = [replace(offer, recency=100 - offer.recency) for offer in timed]
    assert master(HUB, timed) == master(HUB, later)


@few
@given(world=worlds())
def test_every_value_stands_in_the_record_that_it_names(world: list[Offer]) -> None:
    assert_values_are_not_invented(world, master(HUB, world))


def assert_values_are_not_invented(world: Sequence[Offer], found: dict[int, Golden]) -> None:
    offers = {offer.record: offer for offer in world}
    assert set(found) == {offer.party for offer in world}
    for party, row in found.items():
        assert row.proofs.keys() == row.values.keys()
        for name, proofs in row.proofs.items():
            shown = row.values[name] if isinstance(row.values[name], list) else [row.values[name]]
            assert len(shown) == len(proofs)
            for value, (record, _) in zip(shown, proofs, strict=True):
                assert offers[record].party == party
                assert value in [text for text, _ in offers[record].values[name]]
        parts = [name for name in row.proofs if name.startswith("address")]
        assert len({record for name in parts for record, _ in row.proofs[name]}) <= 1, (
            "an address of two records"
        )


BUGS = {
    "the value of another party": (
        choice,
        "_select_best",
        lambda query: query.replace(
            "from ranked", "from (select * replace (3 - party as party) from ranked)"
        ),
    ),
    "the record of another value": (
        choice,
        "_select_best",
        lambda query: query.replace("arg_min(record_id, rank)", "(select max(record_id) from ranked)"),
    ),
    "a value that nobody offered": (
        candidates,
        "_whole_groups",
        lambda query: query.replace("[1].value as v0", "[1].value || '!' as v0"),
    ),
}


@pytest.mark.parametrize(("module", "function", "plant"), BUGS.values(), ids=BUGS.keys())
def test_an_invented_value_is_noticed(
    monkeypatch: pytest.MonkeyPatch, module: Any, function: str, plant: Callable[[str], str]
) -> None:
    sound = getattr(module, function)
    world = [
        Offer(1, {"note": [("a", None)], "name_given": [("b", None)]}),
        Offer(2, {"note": [("a", None)], "name": [("c", None)]}, source="markit"),
        Offer(3, {"note": [("b", None)], "address": [("a", None)]}, party=3),
    ]
    assert_values_are_not_invented(world, master(HUB, world))
    changed: list[bool] = []

    def planted(*arguments: Any) -> str:
        query = sound(*arguments)
        changed.append(plant(query) != query)
        return plant(query)

    monkeypatch.setattr(module, function, planted)
    with pytest.raises((AssertionError, KeyError)):
        assert_values_are_not_invented(world, master(HUB, world))
    assert any(changed), "the bug was not planted"


# An oracle that sorts in Python what the hub groups in SQL


def rank_of(rule: Rule, offer: Offer, value: str, *, valid: bool | None, party: Sequence[Offer]) -> Any:
    recency = (1, -offer.recency) if offer.at is None else (0, -time_of(offer.at))
    ranks = {
        "pinned": lambda: 0,
        "validated": lambda: {True: 0, None: 1, False: 2}[valid],
        "source_priority": lambda: rule.sources.index(offer.source),
        "most_recent": lambda: recency,
        "most_frequent": lambda: -sum(value in texts_of(other) for other in party),
        "most_complete": lambda: -len(value),
        "trust": lambda: -decayed(rule, offer, [time_of(other.at) for other in party if other.at]),
    }
    return ranks[rule.name]()


def time_of(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def texts_of(offer: Offer) -> list[str]:
    return [text for text, _ in offer.values.get("note", [])]


def decayed(rule: Rule, offer: Offer, times: list[float]) -> float:
    trust = rule.scores[offer.source]
    mine = time_of(offer.at) if offer.at else min(times, default=0)
    days = (max(times, default=0) - mine) / 86_400
    return round(trust.score * 0.5 ** (days / (trust.half_life_days or float("inf"))), 5)


def expected_note(rules: Sequence[Rule], party: Sequence[Offer]) -> tuple[str, int, str] | None:
    def key(candidate: tuple[Offer, int, str, bool | None]) -> list[Any]:
        offer, place, value, valid = candidate
        ranks = [rank_of(rule, offer, value, valid=valid, party=party) for rule in rules]
        return [*ranks, offer.record, place]

    standing = [
        (offer, place, value, valid)
        for offer in party
        for place, (value, valid) in enumerate(offer.values.get("note", []))
    ]
    if not standing:
        return None
    best = min(standing, key=key)
    others = [candidate for candidate in standing if candidate[2] != best[2]]
    if not others:
        return best[2], best[0].record, "only"
    next_best = min(others, key=key)
    words = [*(rule.name for rule in rules), "record_id", "record_id"]
    word = next(w for w, a, b in zip(words, key(best), key(next_best), strict=True) if a != b)
    return best[2], best[0].record, word


def with_rules(names: Sequence[str]) -> HubConfig:
    listed = ", ".join(names)
    trust = "trust: {crm: {score: 0.9, half_life_days: 100}, dnb: 0.5}"
    return configure(f"{{sources: [dnb, crm], {trust}, attributes: {{note: [{listed}]}}}}", "note")


RULES = ["pinned", "validated", "source_priority", "most_recent", "most_frequent", "most_complete", "trust"]


@settings(max_examples=max(10, settings.default.max_examples // 2))
@given(world=worlds(), names=st.permutations(RULES), length=st.integers(1, len(RULES)))
@example(world=[Offer(1, {"note": [("a", None), ("b", True)]})], names=RULES, length=7)
def test_a_list_of_rules_is_a_lexicographic_order(world: list[Offer], names: list[str], length: int) -> None:
    hub = with_rules(names[:length])
    found = master(hub, world)
    for party in {offer.party for offer in world}:
        members = [offer for offer in world if offer.party == party]
        expected = expected_note(hub.survivorship.rules_for("note"), members)
        row = found[party]
        shown = (row.values["note"], *row.proofs["note"][0]) if "note" in row.values else None
        assert shown == expected
