"""Golden records of a small hub that changes, for tests of what is exported of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.load import parse_config
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.lake.tables import RELEASES
from partyhub_dagster.publish.manifest import Manifest
from partyhub_dagster.publish.parquet import Export, export_release

FIRST = Release(
    number=1,
    snapshot=10,
    head_epoch=1,
    lineage_seq=3,
    run_id="run-1",
    models={"person": "m1"},
    config_hash="c1",
    checks_passed=5,
    checks_failed=0,
    counts={},
    released_at=datetime(2026, 1, 1, tzinfo=UTC),
)
_ROW = "md5(i::varchar)::uuid"


def release(number: int) -> Release:
    """Return a release whose head epoch is its number."""
    at = FIRST.released_at + timedelta(days=number - 1)
    return replace(FIRST, number=number, snapshot=10 * number, head_epoch=number, released_at=at)


def configure(where: str | Path = "published", **publish: Any) -> HubConfig:
    """Return a hub.yaml that exports to a place."""
    written = ", ".join(f"{key}: {value}" for key, value in publish.items())
    text = (
        "{version: 1, name: test, sources: {crm: {path: a.csv, key: ID, kind: person, columns: {N: person_name}}},"
        f" publish: {{parquet: '{where}', {written}}}}}"
    )
    return parse_config(text, Path("/nowhere"))


@contextmanager
def golden_of(rows: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with so many golden records of two types, and the tables of a lake that exports read."""
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(
            "create table golden (party_id UUID, party_type VARCHAR, kind VARCHAR, name VARCHAR, phone VARCHAR[],"
            " provenance MAP(VARCHAR, STRUCT(record_id UUID, rule VARCHAR)[]), members INTEGER, confidence DOUBLE,"
            " epoch BIGINT)"
        )
        con.execute("attach ':memory:' as lake")
        con.execute(RELEASES.create_statement())
        add(con, range(rows), 1)
        yield con


def add(con: duckdb.DuckDBPyConnection, parties: range, epoch: int) -> None:
    """Add parties, every other one a legal entity."""
    con.execute(
        f"insert into golden select {_ROW}, ['INDIVIDUAL', 'LEGAL_ENTITY'][i % 2 + 1], 'person', 'n' || i,"
        f" ['+1', '+2'], map {{'name': [{{'record_id': {_ROW}, 'rule': 'only'}}]}}, 1, null, {epoch}"
        f" from range({parties.start}, {parties.stop}) as t(i)"
    )


def change(con: duckdb.DuckDBPyConnection, party: int, epoch: int, *, party_type: str | None = None) -> None:
    """Give a party another name, and another type if asked."""
    con.execute(
        "update golden set name = name || '*', party_type = coalesce($type, party_type), epoch = $epoch"
        f" where party_id = (select {_ROW} from (select $party as i))",
        {"type": party_type, "epoch": epoch, "party": party},
    )


def remove(con: duckdb.DuckDBPyConnection, party: int) -> None:
    """Take a party away."""
    con.execute(
        f"delete from golden where party_id = (select {_ROW} from (select $party as i))", {"party": party}
    )


def export(
    con: duckdb.DuckDBPyConnection, config: HubConfig, home: Path, number: int = 1, **given: Any
) -> Export:
    """Export what `golden` says now as release `number`, which the lake knows then."""
    made = release(number)
    con.execute(f"delete from lake.releases where number = {number}")
    con.execute(
        'insert into lake.releases select $number, $snapshot, $head_epoch, $lineage_seq, $run_id, \'{"person": "m1"}\','
        " $config_hash, 5, 0, '{}', $released_at, 0",
        {
            "number": made.number,
            "snapshot": made.snapshot,
            "head_epoch": made.head_epoch,
            "lineage_seq": made.lineage_seq,
            "run_id": made.run_id,
            "config_hash": made.config_hash,
            "released_at": made.released_at,
        },
    )
    return export_release(con, config, home, made, "golden", **given)


def rows_in(files: list[str]) -> list[tuple[Any, ...]]:
    """Return what the files of an export say, in order."""
    if not files:
        return []
    return sorted(
        duckdb.sql(
            "select party_id, party_type, name, phone, provenance['name'][1].record_id"
            f" from read_parquet({files!r}, hive_partitioning = true)"
        ).fetchall()
    )


def expected_rows(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Return what an export of `golden` has to say, in order."""
    return sorted(
        con.execute(
            "select party_id::varchar, party_type, name, phone, party_id::varchar from golden"
        ).fetchall()
    )


def paths(manifest: Manifest) -> dict[tuple[str, int], str]:
    """Return the path of every file of an export."""
    return {(file.party_type, file.bucket): file.path for file in manifest.files}
