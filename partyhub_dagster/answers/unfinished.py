"""Is the head a whole state? It is, unless a build was killed or is at work between two stages."""

import duckdb

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


def _changed_since(con: duckdb.DuckDBPyConnection, inputs: list[str], watermark: int) -> bool:
    written = " union all ".join(f"select max(epoch) as epoch from {rows}" for rows in inputs)
    names = ", ".join(f"'{rows}'" for rows in inputs if not rows.startswith("("))
    row = con.execute(
        f"select coalesce(max(epoch), 0) > {watermark} from ({written} union all"
        f" select max(epoch) from removed_keys where table_name in ({names}))"
    ).fetchone()
    return row is not None and bool(row[0])


def _inputs(kinds: list[str]) -> dict[str, list[str]]:
    """Return the tables that each stage reads, or the rows of one that are its own.

    Keys that were removed went with their records, which are inputs too.
    """
    return {
        "normalized_parties": [SOURCE_PARTIES.name],
        **{f"blocking_keys/{kind}": [NORMALIZED_PARTIES.name] for kind in kinds},
        **{
            f"match_edges/{kind}": [
                NORMALIZED_PARTIES.name,
                f"(from {BLOCKING_KEYS.name} where kind = '{kind}')",
            ]
            for kind in kinds
        },
        "party_clusters": [NORMALIZED_PARTIES.name, MATCH_EDGES.name],
        "golden_parties": [NORMALIZED_PARTIES.name, PARTY_CLUSTERS.name],
    }
