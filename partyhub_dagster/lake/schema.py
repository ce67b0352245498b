"""Creating a lake, upgrading it, and following hub.yaml when attributes come and go."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import duckdb

from partyhub_dagster.errors import LakeError
from partyhub_dagster.lake.connection import LakePlace, locked
from partyhub_dagster.lake.metadata import Table, quote_name
from partyhub_dagster.lake.tables import SCHEMA_VERSION, GoldenAttribute, all_tables
from partyhub_dagster.lake.write import head_epoch


def ensure_schema(
    place: LakePlace, con: duckdb.DuckDBPyConnection, attributes: Iterable[GoldenAttribute]
) -> None:
    """Create what is missing and give golden_parties exactly the columns of today's attributes.

    Raises:
        LakeError: the lake was made by another version of the tables.
        InvariantError: it holds rows and has lost its write gate.
    """
    tables = all_tables(attributes)
    with locked(place.home / "write.lock", wait=True, holder="writer"):
        existing = {
            row[0]
            for row in con.execute(
                "select table_name from duckdb_tables() where database_name = 'lake'"
            ).fetchall()
        }
        if (
            existing >= set(tables)
            and _gate_is_there(con)
            and not _golden_differs(con, tables["golden_parties"])
        ):
            _refuse_other_version(con)
            return
        _create(con, [table for name, table in tables.items() if name not in existing])
        if not _gate_is_there(con):
            if _holds_anything(con, existing):
                head_epoch(con)  # raises: a gate that is lost is not made anew over what was written
            _open_gate(con, tables)
        _refuse_other_version(con)
        _follow_attributes(con, tables["golden_parties"])


def _create(con: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
    with _transaction(con):
        for table in tables:
            con.execute(table.create_statement())


def _gate_is_there(con: duckdb.DuckDBPyConnection) -> bool:
    return con.execute("select 1 from hub_epoch").fetchone() is not None


def _holds_anything(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> bool:
    looks = " union all ".join(f"(select 1 from {name} where epoch > 0 limit 1)" for name in tables)
    return bool(looks) and con.execute(looks).fetchone() is not None


def _open_gate(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Write the row of hub_epoch, and before it a row into every other table, which goes with it.

    The catalog of DuckLake has no statistics of a table that never had a row, and asks for them anew for each column
    of each query: reading an empty table of ten columns takes 100 ms then, and 15 ms after this. A new hub has
    many empty tables. Killed between the two: the next run comes here again, as the gate is missing.
    """
    others = [name for name in tables if name != "hub_epoch"]
    with _transaction(con):
        for name in others:
            con.execute(f"insert into {name} (epoch) values (0)")
    with _transaction(con):
        for name in others:
            con.execute(f"delete from {name} where epoch = 0")
        con.execute(f"insert into hub_epoch values (1, {SCHEMA_VERSION}, 0)")


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def _refuse_other_version(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute("select schema_version from hub_epoch").fetchone()
    found = int(row[0]) if row else 0
    if found != SCHEMA_VERSION:
        raise LakeError(
            f"The hub's tables have schema version {found}; this program writes version {SCHEMA_VERSION}.",
            remedy="Run `partyhub` of the version that made the hub, or build a new hub in an empty PARTYHUB_HOME.",
        )


def _held_columns(con: duckdb.DuckDBPyConnection, table: str) -> Mapping[str, str]:
    return {row[0]: row[1] for row in con.execute(f"describe {table}").fetchall()}


def _golden_differs(con: duckdb.DuckDBPyConnection, golden: Table) -> bool:
    held = _held_columns(con, "golden_parties")
    fixed = {"provenance"}
    wanted = {c.name: c.sql_type for c in golden.columns if c.name not in fixed}
    return {k: v for k, v in held.items() if k not in (*fixed, "epoch")} != wanted


def _follow_attributes(con: duckdb.DuckDBPyConnection, golden: Table) -> None:
    """Add and drop attribute columns; a changed type is a drop and an add: the golden stage fills it again."""
    if not _golden_differs(con, golden):
        return
    con.execute("call ducklake_flush_inlined_data('lake')")  # ALTER after inlined rows breaks small writes
    con.execute("begin")
    held = _held_columns(con, "golden_parties")
    wanted = {c.name: c.sql_type for c in golden.columns}
    kept = {"provenance", "epoch"}
    for name in held:
        if name not in kept and wanted.get(name) != held[name]:
            con.execute(f"alter table golden_parties drop column {quote_name(name)}")
    for name, sql_type in wanted.items():
        if name not in kept and held.get(name) != sql_type:
            con.execute(f"alter table golden_parties add column {quote_name(name)} {sql_type}")
    # An attribute may be taken out and put back before any stage ran: the stage must not trust what it made before.
    con.execute("update watermarks set fingerprint = '' where stage = 'golden_parties'")
    con.execute("commit")
