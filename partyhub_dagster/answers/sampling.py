"""Rebuilding a sample of components beside the hub, at a cost that follows the sample.

The records of the drawn components are normalised anew from their payloads, blocked against the stored keys of all,
and scored by the frozen model; whoever they link to joins them. Then clusters and golden records are made of these
by the stages themselves. `held` is the hub, `lake` the scratch that the rebuild goes to.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import duckdb

from partyhub_dagster.answers.differences import NAMED
from partyhub_dagster.answers.inputs import consumed_by, copy_later_decisions
from partyhub_dagster.hub import Run
from partyhub_dagster.identity.affected import register_same_pairs
from partyhub_dagster.lake.metadata import quote_name
from partyhub_dagster.lake.tables import MATCH_EDGES, NORMALIZED_PARTIES
from partyhub_dagster.lake.write import head_epoch
from partyhub_dagster.matching.edges import create_edges
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.matching.pairs import block_sizes, large_blocks
from partyhub_dagster.matching.registry import require_model
from partyhub_dagster.survivorship.stage import collect_pins

Timed = Callable[[str], AbstractContextManager[None]]


def draw_sample(con: duckdb.DuckDBPyConnection, components: int, seed: int) -> dict[str, Any]:
    """Create temp table `sampled` (record_id): the records of components drawn by a hash of seed and component_id.

    The same seed draws the same components of the same state; a larger sample holds a smaller one.
    """
    con.execute(
        "create or replace temp table drawn as select component_id, count(*) over () as of_all"
        " from (select distinct component_id from held.party_clusters)"
        " order by md5(concat_ws(':', $seed, component_id)), component_id limit $n",
        {"seed": str(seed), "n": min(components, 2**62)},
    )
    con.execute(
        "create or replace temp table sampled as"
        " select record_id from held.party_clusters semi join drawn using (component_id)"
    )
    drawn, of_all, records = con.execute(
        "select count(*), coalesce(max(of_all), 0), (select count(*) from sampled) from drawn"
    ).fetchall()[0]
    return {"components": drawn, "of": of_all, "records": records, "seed": seed}


def rebuild_sample(run: Run, timed: Timed) -> dict[str, str]:
    """Rebuild the sampled records in the scratch lake; return by table which rows to compare, as SQL conditions."""
    con = run.session.con
    with timed("normalized_parties"):
        run.normalize()
    with timed("blocking_keys"):
        for kind in run.kinds():
            run.block(kind)
    with timed("match_edges"):
        _score_against_all(run)
    with timed("party_clusters"):
        _join_linked(run)
        run.cluster()
    with timed("golden_parties"):
        copy_later_decisions(con, "verdict <> 'PIN'")
        _copy_pins(run)
        run.master()
        _collect_parties(con)
    of_sampled = "record_id in (from sampled)"
    return {
        "normalized_parties": of_sampled,
        "blocking_keys": of_sampled,
        "match_edges": f"({of_sampled} or other_id in (from sampled))",
        "party_clusters": "record_id in (from joined)",
        "golden_parties": "party_id in (from compared_parties)",
    }


def _score_against_all(run: Run) -> None:
    """Write the edges of the sampled records to the scratch lake, and collect in `linked` whom they lead to."""
    con = run.session.con
    con.execute("create or replace temp table linked (record_id uuid)")
    thresholds = run.thresholds()
    for kind in run.kinds():
        _collect_keys(con, kind)
        model = require_model(run.session, kind)
        outgrown = large_blocks(con, model, f"({block_sizes('sample_keys')})")
        if outgrown:
            model = model.with_stop_keys((rule, key) for rule, key, _ in outgrown)
        con.execute(
            "create or replace temp view sample_records as from lake.normalized_parties union all by name"
            " from held.normalized_parties where record_id in (select record_id from sample_keys)"
            " and record_id not in (from sampled)"
        )
        create_edges(con, model, "sample_keys", "sampled", "sample_records", "edges")
        _insert(con, MATCH_EDGES.name, MATCH_EDGES.column_names, "edges")
        con.execute(
            f"insert into linked select other_id from edges where weight >= {thresholds[kind].link}"
            " and other_id not in (from sampled)"
        )
        con.execute("drop view sample_records")
        run.session.drop("sample_keys", "edges")


def _collect_keys(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Create temp table `sample_keys`: the blocks of the sampled records' keys, with everybody that is in them."""
    columns = "rule, key_hash, record_id"
    con.execute(
        f"create or replace temp table sample_keys as select {columns} from lake.blocking_keys where kind = '{kind}'"
        f" union all select {columns} from held.blocking_keys where kind = '{kind}'"
        f" and key_hash in (select key_hash from lake.blocking_keys where kind = '{kind}')"
        " and record_id not in (from sampled)"
    )


def _join_linked(run: Run) -> None:
    """Create temp table `joined`: the sampled records and the stored components that links or SAME lead them to.

    In a hub that is right, that is nobody: links and SAME decisions do not leave a component. Whoever joins does so
    as stored, for the sample proves nothing of them.
    """
    con, session = run.session.con, run.session
    register_same_pairs(session, head_epoch(con))
    con.execute("create or replace temp table joined as from sampled union from linked")
    before = -1
    while (now := session.count("joined")) != before:
        before = now
        con.execute(
            "create or replace temp table joined as from joined union"
            " select record_id from held.party_clusters where component_id in"
            " (select component_id from held.party_clusters semi join joined using (record_id))"
            " union select unnest([left_id, right_id]) from same_pairs"
            " where left_id in (from joined) or right_id in (from joined)"
        )
    if now == session.count("sampled"):
        return
    names = NORMALIZED_PARTIES.column_names
    others = "record_id in (from joined) and record_id not in (from sampled)"
    _insert(con, NORMALIZED_PARTIES.name, names, f"held.normalized_parties where {others}")
    pairs = (
        f"held.match_edges where {others} and other_id in (from joined) and other_id not in (from sampled)"
    )
    _insert(con, MATCH_EDGES.name, MATCH_EDGES.column_names, pairs)


def _insert(con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], rows: str) -> None:
    names = ", ".join(quote_name(name) for name in columns)
    con.execute(
        f"insert into lake.{table} ({names}, epoch) select {names}, (select epoch from hub_epoch) from {rows}"
    )


def _copy_pins(run: Run) -> None:
    """Copy the pins that apply to records of the rebuild; which those are, the whole hub says."""
    con = run.session.con
    if not run.session.count("(from held.decisions where verdict = 'PIN')"):
        return
    con.execute("use held")
    try:
        collect_pins(run.session, head_epoch(con))
    finally:
        con.execute("use memory")
    con.execute(
        f"insert into lake.decisions by name select * from held.decisions where {consumed_by('golden_parties')}"
        " and decision_id in (select decision_id from pins semi join joined using (record_id))"
    )
    con.execute("drop table pins")


def _collect_parties(con: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `compared_parties`: those rebuilt, and those held of which every member was rebuilt."""
    con.execute(
        "create or replace temp table compared_parties as"
        " select party_id from lake.party_clusters semi join sampled using (record_id) union"
        " (select party_id from held.party_clusters semi join sampled using (record_id) except"
        " select party_id from held.party_clusters anti join joined using (record_id))"
    )


_PRESENT = {
    "normalized_parties": (
        "select record_id as id from held.normalized_parties",
        "select record_id as id from held.source_parties where not deleted",
        "sampled",
    ),
    "party_clusters": (
        "select record_id as id from held.party_clusters",
        "select record_id as id from held.normalized_parties",
        "joined",
    ),
    "golden_parties": (
        "select party_id as id from held.golden_parties",
        "select distinct party_id as id from held.party_clusters",
        "compared_parties",
    ),
}
"""Table -> the ids that it holds, those that it should hold, and those that the sample has compared already."""


def find_absent(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """List the ids outside the sample that a table of the hub lacks, or has too many; nobody can draw who is absent.

    Scans ids of the whole hub, nothing else.
    """
    found = []
    for table, (held, wanted, compared) in _PRESENT.items():
        for what, ids in (
            ("only in the hub", f"{held} except {wanted}"),
            ("only in the rebuild", f"{wanted} except {held}"),
        ):
            rows, keys = con.execute(
                "select count(*), coalesce(list(id::varchar order by id)[:$n], [])"
                f" from ({ids}) where id not in (from {compared})",
                {"n": NAMED},
            ).fetchall()[0]
            if rows:
                found.append(
                    {"table": table, "what": what, "rows": rows, "keys": keys, "records": keys, "columns": []}
                )
    return found
