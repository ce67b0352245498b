"""Is the head a whole state? It is, unless a build was killed or is at work between two stages."""

import duckdb

from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.lake.tables import (
    BLOCKING_KEYS,
    MATCH_EDGES,
    NORMALIZED_PARTIES,
    PARTY_CLUSTERS,
    SOURCE_PARTIES,
)


def unfinished_stages(con: duckdb.DuckDBPyConnection, kinds: list[str]) -> list[str]:
    """List the stages that have not consumed what the stages before them wrote; decisions may wait."""
    marks = dict(con.execute("select stage, watermark from watermarks").fetchall())
    return [
        stage
        for stage, inputs in _inputs(kinds).items()
        if stage not in marks or _changed_since(con, inputs, marks[stage])
    ]


def _changed_since(con: duckdb.DuckDBPyConnection, tables: list[Table], watermark: int) -> bool:
    written = " union all ".join(f"select max(epoch) as epoch from {table.name}" for table in tables)
    names = ", ".join(f"'{table.name}'" for table in tables)
    row = con.execute(
        f"select coalesce(max(epoch), 0) > {watermark} from ({written} union all"
        f" select max(epoch) from removed_keys where table_name in ({names}))"
    ).fetchone()
    return row is not None and bool(row[0])


def _inputs(kinds: list[str]) -> dict[str, list[Table]]:
    return {
        "normalized_parties": [SOURCE_PARTIES],
        **{f"blocking_keys/{kind}": [NORMALIZED_PARTIES] for kind in kinds},
        **{f"match_edges/{kind}": [NORMALIZED_PARTIES, BLOCKING_KEYS] for kind in kinds},
        "party_clusters": [NORMALIZED_PARTIES, MATCH_EDGES],
        "golden_parties": [NORMALIZED_PARTIES, PARTY_CLUSTERS],
    }
