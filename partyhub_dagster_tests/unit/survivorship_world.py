"""Parties for the tests of survivorship: records written as literals, and the golden rows they give."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.load import parse_config
from partyhub_dagster.survivorship.golden import master_parties

SOURCES = ["markit", "dnb", "crm"]

_COLUMNS = {
    "name": "FULL: person_name, GIVEN: {type: person_name, part: given}, FAMILY: {type: person_name, part: family}",
    "address": "ADDR: address, CITY: {type: address, part: city}",
    "phone": "PHONE: phone",
    "birth_date": "BORN: date_of_birth",
    "note": "NOTE: {type: text, attribute: note}",
    "size": "SIZE: {type: number, attribute: size}",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A member record; a value is a text, or a text with its validity."""

    record: int
    values: dict[str, Any] = field(default_factory=dict)
    source: str = "crm"
    at: str | None = None
    recency: int = 0
    party: int = 1
    party_type: str = "INDIVIDUAL"


@dataclass(frozen=True, slots=True)
class Pin:
    """A value that a person set on a record."""

    record: int
    field: str
    value: str | None
    sequence: int = 1


@dataclass(frozen=True, slots=True)
class Golden:
    """A golden row."""

    party_type: str
    values: dict[str, Any]
    proofs: dict[str, list[tuple[int, str]]]
    members: int
    confidence: float | None


def configure(survivorship: str = "{}", only: str | None = None) -> HubConfig:
    """Configure a hub of three sources; with `only` one attribute, which is quicker."""
    columns = ", ".join(_COLUMNS.values()) if only is None else _COLUMNS[only]
    sources = "".join(
        f"\n  {name}: {{path: {name}.csv, key: ID, kind: person, columns: {{{columns}}}}}" for name in SOURCES
    )
    text = f"version: 1\nname: test\nsurvivorship: {survivorship}\nsources:{sources}"
    return parse_config(text, Path("/nowhere"))


def rules(attribute: str, chosen: str, extra: str = "") -> HubConfig:
    """Configure one attribute and its rules, written as in hub.yaml."""
    return configure(f"{{attributes: {{{attribute}: {chosen}}}{extra}}}", attribute)


def master(
    config: HubConfig, offers: Sequence[Offer], pins: Sequence[Pin] = (), *, shuffle: int | None = None
) -> dict[int, Golden]:
    """Return golden rows by number of the party."""
    con = duckdb.connect(config={"threads": 1})
    try:
        fill(con, offers, pins, shuffle=shuffle)
        master_parties(con, "members", "records", "pins", config, "out", "confidence")
        left = con.execute(
            "select count(*) from duckdb_tables() where table_name like 'golden_work%'"
        ).fetchone()
        assert left == (0,)
        return read(con, config)
    finally:
        con.close()


def fill(
    con: duckdb.DuckDBPyConnection,
    offers: Sequence[Offer],
    pins: Sequence[Pin],
    *,
    shuffle: int | None = None,
) -> None:
    offers, pins = list(offers), list(pins)
    if shuffle is not None:
        random.Random(shuffle).shuffle(offers)  # noqa: S311 - an order of rows, not a secret
        random.Random(shuffle + 1).shuffle(pins)  # noqa: S311
    con.execute(
        "create table records (record_id UUID, source VARCHAR, kind VARCHAR, party_type VARCHAR, recency BIGINT,"
        ' event_time TIMESTAMP, "values" MAP(VARCHAR, STRUCT("value" VARCHAR, "valid" BOOLEAN)[]))'
    )
    con.execute("create table members (party_id UUID, record_id UUID)")
    con.execute("create table pins (record_id UUID, field VARCHAR, value VARCHAR, sequence BIGINT)")
    con.execute("create table confidence (party_id UUID, confidence DOUBLE)")
    for offer in offers:
        con.execute(
            "insert into records select ?, ?, 'person', ?, ?, ?, map(?, ?::STRUCT(value VARCHAR, valid BOOLEAN)[][])",
            [
                UUID(int=offer.record),
                offer.source,
                offer.party_type,
                offer.recency,
                offer.at,
                *_as_map(offer),
            ],
        )
        con.execute("insert into members values (?, ?)", [UUID(int=offer.party), UUID(int=offer.record)])
    for pin in pins:
        con.execute("insert into pins values (?, ?, ?, ?)", [UUID(int=pin.record), *_rest(pin)])
    con.execute(
        "insert into confidence select party_id, 0.5 from members group by party_id having count(*) > 1"
    )


def _as_map(offer: Offer) -> tuple[list[str], list[list[dict[str, Any]]]]:
    listed = [value if isinstance(value, list) else [value] for value in offer.values.values()]
    parts = [
        [
            {"value": v[0], "valid": v[1]} if isinstance(v, tuple) else {"value": v, "valid": None}
            for v in values
        ]
        for values in listed
    ]
    return list(offer.values), parts


def _rest(pin: Pin) -> list[Any]:
    return [pin.field, pin.value, pin.sequence]


def read(con: duckdb.DuckDBPyConnection, config: HubConfig) -> dict[int, Golden]:
    names = list(config.attributes)
    listed = ", ".join(f'"{name}"' for name in names)
    found = {}
    query = f"select party_id, party_type, members, confidence, provenance, {listed} from out"
    for party, party_type, members, confidence, proofs, *values in con.execute(query).fetchall():
        assert party.int not in found, "one row per party"
        found[party.int] = Golden(
            party_type,
            {name: value for name, value in zip(names, values, strict=True) if value is not None},
            {name: [(p["record_id"].int, p["rule"]) for p in listed] for name, listed in proofs.items()},
            members,
            confidence,
        )
    return found


def one(config: HubConfig, offers: Sequence[Offer], pins: Sequence[Pin] = ()) -> Golden:
    """Return the golden row of the only party."""
    (golden,) = master(config, offers, pins).values()
    return golden


def chosen(golden: Golden, attribute: str) -> tuple[Any, int, str]:
    """Return a single value with its record and rule."""
    ((record, rule),) = golden.proofs[attribute]
    return golden.values[attribute], record, rule


def as_list(*values: str) -> str:
    return json.dumps(values)
