"""Builders that tests of whole hubs share: a hub.yaml, deliveries, decisions, and what a hub holds."""

import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from partyhub_dagster.build_report import BuildReport
from partyhub_dagster.config import load_config
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.ids import record_id
from partyhub_dagster.lake.metadata import Table, quote_name
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import (
    DECISIONS,
    MATCH_EDGES,
    NORMALIZED_PARTIES,
    PARTY_CLUSTERS,
    golden_table,
)
from partyhub_dagster.lake.write import write_transaction

Rows = list[tuple[Any, ...]]

PEOPLE_YAML = """
version: 1
name: people
sources:
  crm:
    format: csv
    path: inbox/crm/*.csv
    key: ID
    version: {column: REV, type: integer}
    deleted: {column: OP, values: [D]}
    kind: person
    columns: {NAME: person_name, BORN: date_of_birth, PHONE: phone, MAIL: email}
  web:
    format: jsonl
    path: inbox/web/*.jsonl
    key: id
    event_time: {column: at, type: timestamp}
    kind: person
    columns: {name: person_name, born: date_of_birth, phones: phone, mail: email}
survivorship:
  sources: [crm, web]
"""


def make_hub(folder: Path, yaml: str, home: Path | None = None) -> Hub:
    """Return the hub of a hub.yaml written into `folder`; its lake is in `home`, by default beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hub.yaml").write_text(yaml, encoding="utf-8")
    return open_hub(folder, home)


def lake_place(home: Path) -> LakePlace:
    """Return a place with as many threads as the tests were given, else one."""
    return LakePlace(home, threads=int(os.environ.get("PARTYHUB_THREADS", "1")))


def open_hub(folder: Path, home: Path | None = None) -> Hub:
    """Return the hub of the hub.yaml in `folder`."""
    return Hub(load_config(folder / "hub.yaml"), lake_place(home or folder / "home"))


def copy_hub(hub: Hub, folder: Path) -> Hub:
    """Return a copy of a hub, its files and its lake, that a test may change."""
    shutil.copytree(hub.config.root, folder, ignore=shutil.ignore_patterns("home"))
    shutil.copytree(hub.place.home, folder / "home")
    return open_hub(folder)


def deliver(hub: Hub, name: str, content: str | bytes) -> Path:
    """Write a file into the inbox: `name` is `source/file`."""
    path = hub.config.root / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def build(hub: Hub, *, full: bool = False) -> BuildReport:
    """Build the hub."""
    with hub.run(full=full) as run:
        return run.build()


def ask(hub: Hub, query: str) -> Rows:
    """Return the rows of a query on the head."""
    with hub.place.connect(read_only=True) as con:
        return con.execute(query).fetchall()


def id_of(key: str) -> uuid.UUID:
    """Return the record_id of SOURCE:RECORD."""
    source, _, record = key.partition(":")
    return record_id(source, record)


def decide(
    hub: Hub, verdict: str, left: str | None = None, right: str | None = None, **given: str | uuid.UUID
) -> uuid.UUID:
    """Append one decision as a steward's program would: through the write gate, numbered on; return its id."""
    with hub.place.connect() as con, write_transaction(Session(hub.place, con, "test")) as transaction:
        decision = uuid.uuid4()
        known: dict[str, Any] = {
            "decision_id": decision, "verdict": verdict, "left_key": left, "right_key": right,
            "left_id": id_of(left) if left else None, "right_id": id_of(right) if right else None,
            "author": "test", "reason": "test", **given,
        }  # fmt: skip
        values = ", ".join(
            f"{'null' if (value := known.get(c.name)) is None else repr(str(value))}::{c.sql_type} as {c.name}"
            for c in DECISIONS.columns
            if c.name not in {"sequence", "decided_at"}
        )
        con.execute(
            f"create or replace temp table decided as select {values}, now() as decided_at,"
            " (select coalesce(max(sequence), 0) + 1 from decisions) as sequence"
        )
        transaction.append(DECISIONS, "decided")
        return decision


def state_tables(hub: Hub) -> list[Table]:
    """List the tables that are the state of law 4."""
    return [NORMALIZED_PARTIES, MATCH_EDGES, PARTY_CLUSTERS, golden_table(hub.config.attributes.values())]


def state_of(hub: Hub, *, epochs: bool = False) -> dict[str, Rows]:
    """Return every row of the state, in the order of its key."""
    return rows_of(hub, state_tables(hub), epochs=epochs)


def rows_of(hub: Hub, tables: Sequence[Table], *, epochs: bool = False) -> dict[str, Rows]:
    """Return every row of the tables, in the order of their keys."""
    found = {}
    with hub.place.connect(read_only=True) as con:
        for table in tables:
            columns = ", ".join(quote_name(name) for name in table.column_names) + (
                ", epoch" if epochs else ""
            )
            key = ", ".join(quote_name(name) for name in table.key)
            found[table.name] = con.execute(f"select {columns} from {table.name} order by {key}").fetchall()
    return found


def partition_of(hub: Hub) -> set[frozenset[str]]:
    """Return the parties as sets of SOURCE:RECORD, whatever they are called."""
    rows = ask(
        hub,
        "select list(source || ':' || source_record_id) from party_clusters join source_parties using (record_id)"
        " group by party_id",
    )
    return {frozenset(row[0]) for row in rows}


def party_of(hub: Hub, key: str) -> uuid.UUID:
    """Return the party that SOURCE:RECORD is in."""
    ((party,),) = ask(hub, f"select party_id from party_clusters where record_id = '{id_of(key)}'")
    return uuid.UUID(str(party))


def snapshot_of(hub: Hub) -> int:
    """Return the number of the lake's newest snapshot."""
    ((snapshot,),) = ask(hub, "select id from lake.current_snapshot()")
    return int(snapshot)


def advance(hub: Hub, *, full: bool = False) -> None:
    """Bring every stage up to date without checks and release: half the time of a build."""
    with hub.run(full=full) as run:
        for source in run.config.sources:
            run.load(source)
        run.normalize()
        for kind in run.kinds():
            run.ensure_model(kind)
            run.block(kind)
            run.score(kind)
        run.cluster()
        run.master()
