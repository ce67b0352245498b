"""Who is with whom, said with sets, networkx and fractions: slow, plain, and written apart from the system."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from math import floor, log2

import networkx as nx

from partyhub_dagster.identity.decisions import Decision
from partyhub_dagster.identity.thresholds import Thresholds

Pair = tuple[int, int]


@dataclass(frozen=True)
class Record:
    """What the oracle knows of a live record."""

    first_seen: int
    kind: int = 0
    exclusive: Mapping[int, frozenset[int]] = field(default_factory=dict)  # scheme -> values


@dataclass(frozen=True)
class Party:
    """One expected party."""

    members: frozenset[int]
    anchor: int
    component: int
    weakest: Fraction | None


def standing(ledger: Iterable[Decision]) -> list[Decision]:
    """A decision stands unless a later one that stands revokes it, or its group."""
    ledger = sorted(ledger, key=lambda d: d.sequence)
    return [d for i, d in enumerate(ledger) if d.kind_of != "REVOKE" and _stands(i, ledger)]


def _stands(i: int, ledger: list[Decision]) -> bool:
    names = {ledger[i].decision_id, ledger[i].group_id} - {None}
    later = range(i + 1, len(ledger))
    return not any(
        ledger[j].kind_of == "REVOKE" and ledger[j].revokes in names and _stands(j, ledger) for j in later
    )


def settle(ledger: Iterable[Decision], records: Mapping[int, Record]) -> tuple[list[Pair], list[Pair]]:
    """Go through what stands, newest first; keep what contradicts nothing kept before."""
    same: list[Pair] = []
    apart: list[Pair] = []
    for decision in reversed(standing(ledger)):
        pair = (decision.left, decision.right)
        if decision.kind_of == "SAME" and _agrees([*same, pair], apart, records):
            same.append(pair)
        elif decision.kind_of == "NOT_SAME" and _agrees(same, [*apart, pair], records):
            apart.append(pair)
    return same, apart


def _agrees(same: list[Pair], apart: list[Pair], records: Mapping[int, Record]) -> bool:
    graph = nx.Graph([*same, *((key, key) for pair in apart for key in pair)])
    groups = list(nx.connected_components(graph))
    one_kind = all(len({records[key].kind for key in group if key in records}) <= 1 for group in groups)
    return one_kind and not any({*pair} <= group for pair in apart for group in groups)


def expected_parties(
    records: Mapping[int, Record],
    weights: Mapping[Pair, int],
    ledger: Collection[Decision],
    limits: Mapping[int, Thresholds],
) -> list[Party]:
    """Say what parties there must be; `limits` by kind."""
    same, apart = settle(ledger, records)
    bound = nx.Graph()
    bound.add_nodes_from(records)
    bound.add_edges_from((d.left, d.right) for d in standing(ledger) if d.kind_of == "SAME")
    bound.add_edges_from(
        pair for pair, weight in weights.items() if weight >= limits[records[pair[0]].kind].link
    )
    groups = nx.Graph([*same, *((key, key) for key in [*records, *(k for pair in apart for k in pair)])])
    blocked = [
        (nx.node_connected_component(groups, a), nx.node_connected_component(groups, b)) for a, b in apart
    ]
    parties = []
    for nodes in nx.connected_components(bound):
        component = nodes & records.keys()
        for kind in {records[key].kind for key in component}:
            of_kind = frozenset(key for key in component if records[key].kind == kind)
            for part in _parts(of_kind, weights, groups, limits[kind]):
                for members, weakest in _link(part, records, weights, groups, blocked, limits[kind]):
                    anchor = min(members, key=lambda key: (records[key].first_seen, key))
                    parties.append(Party(members, anchor, min(component), weakest))
    return parties


def _parts(
    members: frozenset[int],
    weights: Mapping[Pair, int],
    groups: nx.Graph,
    limits: Thresholds,
    raised: int = 1,
) -> list[frozenset[int]]:
    level = limits.link + raised * 1_000
    if len(members) <= limits.max_part or level > limits.cap:
        return [members]
    graph = nx.Graph()
    graph.add_nodes_from(members)
    graph.add_edges_from(p for p, weight in weights.items() if weight >= level and {*p} <= members)
    for key in members:
        graph.add_edges_from((key, mate) for mate in nx.node_connected_component(groups, key) & members)
    pieces = [frozenset(piece) for piece in nx.connected_components(graph)]
    return [part for piece in pieces for part in _parts(piece, weights, groups, limits, raised + 1)]


def _link(
    part: frozenset[int],
    records: Mapping[int, Record],
    weights: Mapping[Pair, int],
    groups: nx.Graph,
    blocked: list[tuple[set[int], set[int]]],
    limits: Thresholds,
) -> list[tuple[frozenset[int], Fraction | None]]:
    clusters = {frozenset(nx.node_connected_component(groups, key) & part): None for key in part}
    clusters = dict.fromkeys(sorted(clusters, key=min))

    def mean(one: frozenset[int], other: frozenset[int]) -> Fraction:
        pairs = [(min(a, b), max(a, b)) for a in one for b in other]
        return Fraction(sum(min(weights.get(p, limits.miss), limits.cap) for p in pairs), len(pairs))

    def refused(one: frozenset[int], other: frozenset[int]) -> bool:
        if any((one & a and other & b) or (one & b and other & a) for a, b in blocked):
            return True
        held = [_values(side, records) for side in (one, other)]
        return any(not held[0][scheme] & held[1][scheme] for scheme in held[0].keys() & held[1].keys())

    def asked(smaller: int) -> int:
        return max(limits.cut, min(0, limits.cut + limits.doubling * floor(log2(smaller))))

    while True:
        possible = [
            (-mean(one, other), min(one), min(other), one, other)
            for one, other in combinations(sorted(clusters, key=min), 2)
            if not refused(one, other) and mean(one, other) >= asked(min(len(one), len(other)))
        ]
        if not possible:
            return list(clusters.items())
        best, _, _, one, other = min(possible, key=lambda row: row[:3])
        known = [weight for weight in (clusters.pop(one), clusters.pop(other)) if weight is not None]
        clusters[one | other] = min([-best, *known])


def _values(members: frozenset[int], records: Mapping[int, Record]) -> dict[int, set[int]]:
    held: dict[int, set[int]] = {}
    for key in members:
        for scheme, values in records[key].exclusive.items():
            held.setdefault(scheme, set()).update(values)
    return held
