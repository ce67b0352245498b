"""A hub of four records in three parties that breaks no rule, written by SQL: no stage is needed to test a check.

Ada is in the hub twice (ada, ada2, one party), bob once, and acme is an organisation. ada and bob are NOT_SAME.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from partyhub_dagster.config import HubConfig, load_config
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.schema import ensure_schema
from partyhub_dagster.lake.session import Session
from partyhub_dagster.quality import Rule, all_rules
from partyhub_dagster.quality.released import COMPARED

HUB_YAML = """
version: 1
name: tiny
sources:
  crm:
    path: inbox/*.csv
    key: ID
    kind: {column: KIND, values: {P: person, O: organization}}
    columns:
      NAME: person_name
      COMPANY: organization_name
      PHONE: phone
      SSN: {type: tax_id, scheme: us_ssn}
      LEI: lei
      BORN: date_of_birth
  snap: {path: inbox/*.jsonl, key: ID, kind: person, feed: snapshot, columns: {NAME: person_name}}
quality:
  min_completeness: {phone: 0.3, birth_date: 1}
  min_valid_share: {tax_id: 0.5}
  max_party_members: 3
  min_large_component: 2
  max_component_share: 0.7
  impact: {min_affected: 1, min_rows: 1}
"""
LOAD = "00000000-0000-0000-0000-00000000000f"
RECORDS = ("ada", "ada2", "bob", "acme")
PARTY = {"ada": "ada", "ada2": "ada", "bob": "bob", "acme": "acme"}


def id_of(name: str) -> str:
    """Return the id of a record, a party or a decision of this world as SQL."""
    return f"'{uuid.uuid5(uuid.NAMESPACE_OID, name)}'::uuid"


def insert(con: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    """Insert a row; values are SQL, columns left out are null, the epoch is 1 unless given."""
    listed = ", ".join(f'{value} as "{column}"' for column, value in {"epoch": 1, **values}.items())
    con.execute(f"insert into {table} by name (select {listed})")


@contextmanager
def tiny_hub(folder: Path) -> Iterator[tuple[Session, HubConfig]]:
    """Yield a session on a new lake that holds the world."""
    (folder / "hub.yaml").write_text(HUB_YAML)
    config = load_config(folder / "hub.yaml")
    place = LakePlace(folder / "home")
    with place.connect() as con:
        ensure_schema(place, con, config.attributes.values())
        con.execute("begin")
        con.execute("update hub_epoch set epoch = 1")
        _fill_sources(con)
        _fill_mastering(con)
        _fill_golden(con)
        con.execute("commit")
        yield Session(place, con, "run-1"), config


def _fill_sources(con: duckdb.DuckDBPyConnection) -> None:
    insert(
        con, "load_audit", load_id=f"'{LOAD}'::uuid", source="'crm'", file="'inbox/1.csv'", load_order=1,
        rows_in=40, rows_stored=4, rows_unchanged=35, rows_quarantined=1, rows_late=0, version_conflicts=0,
        deletions=0, deletions_refused=0, status="'loaded'", file_size=4000,
    )  # fmt: skip
    insert(
        con, "quarantine", quarantine_id=id_of("bad row"), source="'crm'", record_id=id_of("nobody"),
        reasons="['key column ID is empty']", load_id=f"'{LOAD}'::uuid",
    )  # fmt: skip
    for sequence, name in enumerate(RECORDS, 1):
        version = {
            "record_id": id_of(name), "source": "'crm'", "source_record_id": f"'{name}'", "payload": "'{}'",
            "content_hash": id_of(f"content of {name}"), "version_order": "'2'", "ingest_seq": sequence,
            "load_id": f"'{LOAD}'::uuid", "deleted": "false",
        }  # fmt: skip
        insert(con, "source_party_history", **version)
        insert(con, "source_parties", **version, first_seen=sequence)


def _fill_mastering(con: duckdb.DuckDBPyConnection) -> None:
    for sequence, name in enumerate(RECORDS, 1):
        kind = "'organization'" if name == "acme" else "'person'"
        checked = "map {'tax_id': [{'value': 'x', 'valid': true}]}"
        insert(
            con, "normalized_parties", record_id=id_of(name), source="'crm'", kind=kind, first_seen=sequence,
            recency=sequence, values=checked, placeholders=0, name_tokens=f"['{PARTY[name]}']",
            phones="['+1']", **dict.fromkeys(("emails", "ids", "addresses"), "[]"),
            exclusive_ids=f"['lei:{PARTY[name]}']",
        )  # fmt: skip
        insert(con, "blocking_keys", rule="'name'", key_hash=7, record_id=id_of(name), kind=kind)
        component, party = id_of(f"component of {PARTY[name]}"), id_of(PARTY[name])
        insert(con, "party_clusters", record_id=id_of(name), component_id=component, party_id=party)
    for one, other in (("ada", "ada2"), ("ada2", "ada")):
        insert(con, "match_edges", record_id=id_of(one), other_id=id_of(other), kind="'person'", weight=9000)
    insert(
        con, "decisions", decision_id=id_of("apart"), sequence=1, verdict="'NOT_SAME'", left_id=id_of("ada"),
        right_id=id_of("bob"), group_id=id_of("apart group"),
    )  # fmt: skip


def _fill_golden(con: duckdb.DuckDBPyConnection) -> None:
    for sequence, (party, members) in enumerate(
        {"ada": ["ada", "ada2"], "bob": ["bob"], "acme": ["acme"]}.items(), 1
    ):
        proof = f"[{{'record_id': {id_of(members[-1])}, 'rule': 'most_recent'}}]"
        entries = f"'name': {proof}, 'phone': {proof}" + (
            f", 'birth_date': {proof}" if party != "acme" else ""
        )
        listed = ", ".join(id_of(member) for member in members)
        insert(
            con,
            "party_lineage",
            sequence=sequence,
            event="'CREATED'",
            party_id=id_of(party),
            members=f"[{listed}]",
        )
        insert(
            con, "golden_parties", party_id=id_of(party), members=len(members), name=f"'{party}'", phone="['1']",
            kind="'organization'" if party == "acme" else "'person'", provenance=f"map {{{entries}}}",
            birth_date="null" if party == "acme" else "date '1815-12-10'",
        )  # fmt: skip


@contextmanager
def released_hub(folder: Path) -> Iterator[tuple[Session, HubConfig]]:
    """Yield the tiny hub, with its state as the release that rules compare with."""
    with tiny_hub(folder) as found:
        con = found[0].con
        con.execute("create temp table released as select 1 as head_epoch")  # before any fault
        for table in COMPARED:
            con.execute(f"create temp table released_{table} as from lake.{table}")
        yield found


@contextmanager
def rolled_back(session: Session) -> Iterator[None]:
    """Undo whatever is written inside."""
    session.con.execute("begin")
    yield
    session.con.execute("rollback")


def rule_named(config: HubConfig, name: str) -> Rule:
    """Return one rule of a hub."""
    return next(rule for rule in all_rules(config) if rule.name == name)


def run(session: Session, rule: Rule) -> tuple[int, int, float | None, float | None, bool, list[object]]:
    """Return what a rule finds."""
    [row] = session.con.execute(rule.query).fetchall()
    return row
