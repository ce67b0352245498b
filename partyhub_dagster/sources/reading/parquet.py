"""Parquet files."""

from pathlib import Path

import duckdb

from partyhub_dagster.lake.metadata import quote_text


def read_parquet(con: duckdb.DuckDBPyConnection, path: Path, out: str) -> list[str]:
    """Create temp table `out` (position, payload, reason); return its columns."""
    columns = parquet_columns(con, path)
    con.execute(
        f"create or replace temp table {out} as select row_number() over () as position,"
        f" to_json(r)::varchar as payload, null::varchar as reason from read_parquet({quote_text(str(path))}) as r"
    )
    return columns


def parquet_columns(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Read the names of the columns."""
    described = con.execute(f"describe select * from read_parquet({quote_text(str(path))})").fetchall()
    return [row[0] for row in described]
