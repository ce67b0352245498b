"""What must be in the hub, table by table, and the queries that read what is."""

import json
import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import duckdb

from partyhub_dagster.answers.parties import resolve_party
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.identity.decisions import Decision, DecisionKind
from partyhub_dagster_tests.identity_oracle import Party, Record, standing
from partyhub_dagster_tests.pipeline.contents import lei_is_valid
from partyhub_dagster_tests.pipeline.deliveries import PLACE, UNIVERSE, Expected, Key, Version, event_time
from partyhub_dagster_tests.pipeline.golden import ATTRIBUTES, Golden, Member, Pin, expected_golden
from partyhub_dagster_tests.pipeline.laboratory import Laboratory
from partyhub_dagster_tests.pipeline.steps import Ledger
from partyhub_dagster_tests.pipeline.told import Event, Told, replayed

KINDS = {"P": 0, "O": 1, "L": 1}
PLACE_OF_ID = {key.record_id: place for key, place in PLACE.items()}
Live = Mapping[Key, Version]


class DivergenceError(AssertionError):
    """The hub holds something else than it must."""


def must_equal(what: str, found: Any, expected: Any) -> None:
    """Raise if two things differ; of dictionaries, say in what."""
    if found == expected:
        return
    if isinstance(found, dict):
        keys = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
        told = [
            f"{key}: found {found.get(key)}, expected {expected.get(key)}" for key in sorted(keys, key=str)
        ]
    else:
        told = [f"found {found}", f"expected {expected}"]
    raise DivergenceError("\n  ".join([what, *told[:6]]))


# --- records


def compare_records(con: duckdb.DuckDBPyConnection, expected: Expected) -> None:
    """Every record with its current version, the order in which it was first seen, and what deleted it."""
    rows = con.execute(
        "select source, source_record_id, record_id, ingest_seq, first_seen, deleted, deleted_by"
        " from source_parties"
    ).fetchall()
    wanted = {}
    for key in expected.versions:
        version = expected.current(key)
        assert version is not None
        by = ("absence" if version.by_absence else "marker") if version.deleted else None
        wanted[key] = (key.record_id, version.seq, expected.first_seen(key), version.deleted, by)
    must_equal("source_parties", {Key(*row[:2]): row[2:] for row in rows}, wanted)
    versions = con.execute("select source, source_record_id, ingest_seq from source_party_history").fetchall()
    accepted = {(*key, version.seq) for key, held in expected.versions.items() for version in held}
    must_equal("source_party_history", sorted(versions), sorted(accepted))
    rejected = con.execute("select source, count(*) from quarantine group by source").fetchall()
    must_equal("quarantine", dict(rejected), {s: len(rows) for s, rows in expected.rejected.items() if rows})


def compare_normalized(con: duckdb.DuckDBPyConnection, live: Live, laboratory: Laboratory) -> None:
    """Every live record, and no other, with what its content means."""
    rows = con.execute('select source, source_record_id, "values" from normalized_parties').fetchall()
    found = {
        Key(*row[:2]): {a: tuple((v["value"], v["valid"]) for v in listed) for a, listed in row[2].items()}
        for row in rows
    }
    must_equal("normalized_parties", found, {k: laboratory.values[v.content] for k, v in live.items()})


# --- pairs and parties


def expected_weights(live: Live, laboratory: Laboratory) -> dict[tuple[int, int], int]:
    """Return what each two live records weigh, the smaller place first."""
    keys = [key for key in UNIVERSE if key in live]
    found = {}
    for n, one in enumerate(keys):
        for other in keys[n + 1 :]:
            weight = laboratory.weights.get((live[one].content, live[other].content))
            if weight is not None:
                found[PLACE[one], PLACE[other]] = weight
    return found


def compare_edges(con: duckdb.DuckDBPyConnection, weights: dict[tuple[int, int], int]) -> None:
    """Every pair at or above `keep`, in both directions."""
    rows = con.execute("select record_id, other_id, weight from match_edges").fetchall()
    found = {(PLACE_OF_ID[one], PLACE_OF_ID[other]): weight for one, other, weight in rows}
    must_equal("match_edges", found, weights | {(b, a): weight for (a, b), weight in weights.items()})


def identity_records(live: Live, expected: Expected) -> dict[int, Record]:
    """Return the live records as the identity oracle knows them."""
    return {
        PLACE[key]: Record(
            expected.first_seen(key),
            KINDS[version.content.KIND],
            {0: frozenset({version.content.LEI})} if lei_is_valid(version.content.LEI) else {},
        )
        for key, version in live.items()
    }


def compare_clusters(con: duckdb.DuckDBPyConnection, parties: list[Party]) -> None:
    """Every record in its component and its party, with the confidence in it."""
    rows = con.execute("select record_id, component_id, party_id, confidence from party_clusters").fetchall()
    found = {PLACE_OF_ID[row[0]]: (PLACE_OF_ID[row[1]], PLACE_OF_ID[row[2]], row[3]) for row in rows}
    wanted = {
        m: (party.component, party.anchor, _confidence(party)) for party in parties for m in party.members
    }
    must_equal("party_clusters", found, wanted)


def _confidence(party: Party) -> float | None:
    """Return the probability of the weakest merge; decisions alone are certain."""
    if len(party.members) == 1:
        return None
    return 1.0 if party.weakest is None else round(1 / (1 + math.pow(2, -float(party.weakest) / 1_000)), 6)


# --- golden records


def expected_records(
    parties: list[Party], live: Live, laboratory: Laboratory, ledger: Ledger, told: Told
) -> dict[int, Golden]:
    """Return the golden record of every party."""
    members = {
        PLACE[key]: Member(
            PLACE[key], key.source, version.content.KIND, version.seq, event_time(key, version),
            laboratory.values[version.content],
        )
        for key, version in live.items()
    }  # fmt: skip
    pins = [pin for d in standing(ledger.decisions) if (pin := _pin(d, ledger, told)) is not None]
    return {
        party.anchor: expected_golden(
            [members[m] for m in sorted(party.members)], [pin for pin in pins if pin.place in party.members]
        )
        for party in parties
    }


def _pin(decision: Decision, ledger: Ledger, told: Told) -> Pin | None:
    """Return where a pin is today: on its record, or where the id of the deleted record leads."""
    entry = ledger.entries[decision.decision_id]
    at: int | None = decision.left
    while at is not None and at not in told.party:
        at = told.leads_to.get(at)
    if decision.kind_of != DecisionKind.PIN or at is None or entry.attribute is None:
        return None
    return Pin(decision.sequence, at, entry.attribute, entry.value)


def compare_golden(con: duckdb.DuckDBPyConnection, expected: dict[int, Golden]) -> None:
    """Every golden record: its values, and for each value the record and the rule behind it."""
    names = ", ".join(ATTRIBUTES)
    rows = con.execute(
        f"select party_id, party_type, kind, members, provenance, {names} from golden_parties"
    ).fetchall()
    found = {}
    for party, party_type, kind, members, provenance, *values in rows:
        proofs = {a: [(PLACE_OF_ID[p["record_id"]], p["rule"]) for p in ps] for a, ps in provenance.items()}
        held = dict(zip(ATTRIBUTES, values, strict=True))
        found[PLACE_OF_ID[party]] = Golden(party_type, kind, members, held, proofs)
    must_equal("golden_parties", found, expected)


# --- what is told


def compare_lineage(con: duckdb.DuckDBPyConnection, after: int, events: list[Event], told: Told) -> int:
    """Exactly these events since sequence `after`, one a party; replayed from nothing they give the parties."""
    rows = con.execute(
        "select sequence, event, party_id, other_id, members, attributes from party_lineage order by sequence"
    ).fetchall()
    must_equal("sequence of lineage", [row[0] for row in rows], list(range(1, len(rows) + 1)))
    found = [_event(row) for row in rows]
    must_equal("events", sorted(map(str, found[after:])), sorted(map(str, events)))
    parties = {party: frozenset(members) for party, members in replayed(found).items()}
    now: dict[int, set[int]] = {}
    for key, party in told.party.items():
        now.setdefault(party, set()).add(key)
    must_equal("lineage replayed", parties, {party: frozenset(members) for party, members in now.items()})
    return len(rows)


def _event(row: tuple[Any, ...]) -> Event:
    members = tuple(sorted(PLACE_OF_ID[m] for m in row[4] or ()))
    return (row[1], PLACE_OF_ID[row[2]], PLACE_OF_ID.get(row[3]), members, tuple(row[5] or ()))


def compare_ids(con: duckdb.DuckDBPyConnection, told: Told) -> None:
    """Every id that was ever a party's answers: the party of today, or that it is retired."""
    for party in sorted(told.ever):
        if party not in told.party:  # those of live records are in party_clusters
            must_equal(f"where {UNIVERSE[party]} leads", _answer(con, party), told.resolve(party))


def _answer(con: duckdb.DuckDBPyConnection, party: int) -> int | None:
    try:
        return PLACE_OF_ID[UUID(str(resolve_party(con, UNIVERSE[party].record_id)))]
    except NotFoundError as error:
        if "retired" not in str(error):
            raise DivergenceError(f"{UNIVERSE[party]} was forgotten") from error
        return None


def compare_histories(con: duckdb.DuckDBPyConnection, told: Told) -> None:
    """The open rows of the histories are the state that was released."""
    rows = con.execute("select record_id, party_id from membership_history where valid_to is null").fetchall()
    must_equal("membership_history", {PLACE_OF_ID[r]: PLACE_OF_ID[p] for r, p in rows}, told.party)
    rows = con.execute("select party_id, golden from golden_history where valid_to is null").fetchall()
    found = {PLACE_OF_ID[party]: json.loads(golden) for party, golden in rows}
    values = {party: {a: golden[a] for a in ATTRIBUTES} for party, golden in found.items()}
    wanted = {
        party: {a: v if v is None or isinstance(v, list) else str(v) for a, v in golden.values.items()}
        for party, golden in told.golden.items()
    }
    must_equal("golden_history", values, wanted)
