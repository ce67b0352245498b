"""Is the incremental state right? It is, if a fresh build of the same records, decisions and models equals it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import ConfigError
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.metadata import Table, quote_name
from partyhub_dagster.lake.releases import newest_release
from partyhub_dagster.lake.schema import ensure_schema
from partyhub_dagster.lake.scratch import scratch_folder
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import MATCH_EDGES, NORMALIZED_PARTIES, PARTY_CLUSTERS, golden_table

SAMPLE = 20


def verify_hub(hub: Hub) -> dict[str, Any]:
    """Rebuild the newest release (the head while there is none) beside the hub, and name what differs.

    Compared are normalized_parties, match_edges, party_clusters and golden_parties, ids included. Input is what
    the law says: source_parties with first_seen, decisions, models; and where ids of deleted records lead.

    Raises:
        ConfigError: hub.yaml is not the one that the state was built under.
    """
    snapshot = _held_snapshot(hub)
    with _scratch(hub.place) as scratch, scratch.connect() as con:
        ensure_schema(scratch, con, hub.config.attributes.values())
        hub.place.attach(con, "held", read_only=True, snapshot=snapshot)
        _copy_inputs(con)
        run = Run(hub, Session(scratch, con, run_id="verify"))
        _rebuild(run)
        differences = [d for table in _state(hub.config) for d in _differences(con, table)]
        return {
            "equal": not differences,
            "parties": run.session.count("golden_parties"),
            "differences": differences,
        }


def _held_snapshot(hub: Hub) -> int | None:
    with hub.place.connect(read_only=True) as con:
        release = newest_release(con)
    if release is not None and release.config_hash != hub.config.fingerprint("hub"):
        raise ConfigError(
            f"hub.yaml has changed since release {release.number}; a rebuild would differ for that reason alone.",
            remedy="Run `partyhub build` first, then verify.",
        )
    return None if release is None else release.snapshot


@contextmanager
def _scratch(place: LakePlace) -> Iterator[LakePlace]:
    """Yield a place for a second lake inside the first one's folder, where personal data may lie; gone afterwards."""
    with scratch_folder(place.spill) as home:
        yield LakePlace(home, place.threads, place.memory_limit)


def _copy_inputs(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("begin")
    for table, condition in (
        ("source_parties", "true"),
        ("match_models", "true"),
        ("decisions", _consumed_by("party_clusters")),
        ("party_lineage", "event in ('RENAMED', 'RETIRED')"),
    ):
        con.execute(f"insert into {table} by name select * from held.{table} where {condition}")
    con.execute("update hub_epoch set epoch = (select epoch from held.hub_epoch)")
    con.execute("commit")


def _consumed_by(stage: str) -> str:
    return f"epoch <= (select max(watermark) from held.watermarks where stage = '{stage}')"


def _rebuild(run: Run) -> None:
    run.normalize()
    for kind in run.kinds():
        run.block(kind)
    for kind in run.kinds():
        run.score(kind)
    run.cluster()
    run.session.con.execute(  # a pin may have been set between the two stages
        "insert into decisions by name select * from held.decisions"
        f" where {_consumed_by('golden_parties')} and not ({_consumed_by('party_clusters')})"
    )
    run.master()


def _state(config: HubConfig) -> list[Table]:
    return [NORMALIZED_PARTIES, MATCH_EDGES, PARTY_CLUSTERS, golden_table(config.attributes.values())]


def _differences(con: duckdb.DuckDBPyConnection, table: Table) -> list[dict[str, Any]]:
    """List rows that the hub and the rebuild do not share, by key; at most SAMPLE of each sort."""
    columns = ", ".join(quote_name(name) for name in table.column_names)
    held, rebuilt = f"select {columns} from held.{table.name}", f"select {columns} from lake.{table.name}"
    key = table.key_text()
    con.execute(
        "create or replace temp table verify_differences as"
        f" select key, string_agg(side, '+' order by side) as sides from ("
        f" select {key} as key, 'hub' as side from ({held} except all {rebuilt})"
        f" union all select {key} as key, 'rebuild' as side from ({rebuilt} except all {held})) group by key"
    )
    what = {"hub": "only in the hub", "rebuild": "only in the rebuild"}
    rows = con.execute(
        "select sides, count(*), list(key order by key)[:$n] from verify_differences group by sides order by sides",
        {"n": SAMPLE},
    ).fetchall()
    return [
        {"table": table.name, "what": what.get(sides, "values differ"), "rows": count, "keys": keys}
        for sides, count, keys in rows
    ]
