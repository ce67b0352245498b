"""Is the incremental state right? It is, if a fresh build of the same records, decisions and models equals it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from partyhub_dagster.answers.differences import NAMED, STAGES, compared_tables, find_differences
from partyhub_dagster.answers.inputs import copy_inputs, copy_later_decisions
from partyhub_dagster.answers.sampling import draw_sample, find_absent, rebuild_sample
from partyhub_dagster.answers.unfinished import unfinished_stages
from partyhub_dagster.errors import ConfigError, NotFoundError
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.lake.connection import LakePlace, name_tables_in_memory
from partyhub_dagster.lake.releases import newest_release
from partyhub_dagster.lake.schema import ensure_schema
from partyhub_dagster.lake.scratch import scratch_folder
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.snapshots import lease
from partyhub_dagster.lake.tables import all_tables

Seconds = dict[str, float]


def verify_hub(hub: Hub, sample: int | None = None, seed: int | None = None) -> dict[str, Any]:
    """Rebuild the newest release (the head while there is none) beside the hub, and name what differs.

    Compared are normalized_parties, blocking_keys, match_edges, party_clusters and golden_parties, ids included.
    Input is what the law says: source_parties with first_seen, decisions, models; and where ids of deleted records
    lead. With `sample` only so many components, drawn by `seed` (by default the number of the release), are rebuilt:
    their records are blocked against all.

    Raises:
        ConfigError: hub.yaml is not the one that the state was built under, or the sample is no number of components.
        NotFoundError: there is no release, and the head is not a whole state either.
    """
    if sample is not None and sample < 1:
        raise ConfigError(
            f"A sample of {sample} components proves nothing.",
            remedy="Name one or more, or leave --sample out.",
        )
    seconds: Seconds = {}
    with _held(hub) as (snapshot, release), _scratch(hub.place) as scratch, scratch.connect() as con:
        with _timed(seconds, "prepare"):
            ensure_schema(scratch, con, hub.config.attributes.values())
            name_tables_in_memory(con, all_tables(hub.config.attributes.values()))
            hub.place.attach(con, "held", read_only=True, snapshot=snapshot)
        run = Run(hub, Session(scratch, con, run_id="verify"))
        if sample is None:
            drawn, scopes = None, _rebuild_all(run, seconds)
        else:
            drawn, scopes = _rebuild_sample(run, seconds, sample, (release or 0) if seed is None else seed)
        outdated = _outdated_stages(con)
        if release is None:
            _refuse_outdated(outdated)
        with _timed(seconds, "compare"):
            differences = _compare(run, scopes, sampled=sample is not None)
        return {
            "equal": not differences,
            "parties": run.session.count(
                f"(from golden_parties where {scopes.get('golden_parties', 'true')})"
            ),
            "differences": differences,
            "first_stage": differences[0]["table"] if differences else None,
            "release": release,
            "outdated_stages": outdated,
            **({} if drawn is None else {"sampled": drawn}),
            "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
        }


def _rebuild_all(run: Run, seconds: Seconds) -> dict[str, str]:
    with _timed(seconds, "prepare"):
        copy_inputs(run.session.con)
    _rebuild(run, seconds)
    return {}


def _rebuild_sample(
    run: Run, seconds: Seconds, sample: int, seed: int
) -> tuple[dict[str, Any], dict[str, str]]:
    con = run.session.con
    with _timed(seconds, "prepare"):
        drawn = draw_sample(con, sample, seed)
        copy_inputs(con, "record_id in (from sampled)", "verdict <> 'PIN'")
    return drawn, rebuild_sample(run, lambda stage: _timed(seconds, stage))


def _outdated_stages(con: duckdb.DuckDBPyConnection) -> list[str]:
    """List the stages of the hub that other code, libraries or settings made than those of the rebuild."""
    rows = con.execute(
        "select stage from held.watermarks as h join lake.watermarks as r using (stage)"
        " where h.fingerprint <> r.fingerprint order by stage"
    ).fetchall()
    return [stage for (stage,) in rows]


def _refuse_outdated(outdated: list[str]) -> None:
    if outdated:
        raise ConfigError(
            f"hub.yaml or the program has changed since the head was built ({', '.join(outdated)}); a rebuild would"
            " differ for that reason alone.",
            remedy="Run `partyhub build` first, then verify.",
        )


@contextmanager
def _timed(seconds: Seconds, stage: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds[stage] = seconds.get(stage, 0) + time.monotonic() - began


@contextmanager
def _held(hub: Hub) -> Iterator[tuple[int, int | None]]:
    """Yield the snapshot to look at and its release, and keep it from upkeep meanwhile."""
    with hub.place.connect(read_only=True) as con:
        release = newest_release(con)
        if release is None:
            (snapshot,) = con.execute("select id from lake.current_snapshot()").fetchall()[0]
            _refuse_unfinished(hub, con)
        elif release.config_hash != hub.config.fingerprint("hub"):
            raise ConfigError(
                f"hub.yaml has changed since release {release.number}; a rebuild would differ for that reason alone.",
                remedy="Run `partyhub build` first, then verify.",
            )
        else:
            snapshot = release.snapshot
    with lease(hub.place, snapshot):
        yield snapshot, None if release is None else release.number


def _refuse_unfinished(hub: Hub, con: duckdb.DuckDBPyConnection) -> None:
    unfinished = unfinished_stages(con, hub.config.kinds)
    if unfinished:
        raise NotFoundError(
            f"The hub has no release yet, and its head is between two stages ({', '.join(unfinished)}): a rebuild"
            " would differ for that reason alone.",
            remedy="Run `partyhub build`, or wait for the one that is at work; then verify.",
        )


@contextmanager
def _scratch(place: LakePlace) -> Iterator[LakePlace]:
    """Yield a place for a second lake inside the first one's folder, where personal data may lie; gone afterwards."""
    with scratch_folder(place.spill) as home:
        yield LakePlace(home, place.threads, place.memory_limit)


def _rebuild(run: Run, seconds: Seconds) -> None:
    with _timed(seconds, "normalized_parties"):
        run.normalize()
    for kind in run.kinds():
        with _timed(seconds, "blocking_keys"):
            run.block(kind)
    for kind in run.kinds():
        with _timed(seconds, "match_edges"):
            run.score(kind)
    with _timed(seconds, "party_clusters"):
        run.cluster()
    with _timed(seconds, "golden_parties"):
        copy_later_decisions(run.session.con)
        run.master()


def _compare(run: Run, scopes: dict[str, str], *, sampled: bool) -> list[dict[str, Any]]:
    """List the differences of every table in the order of the stages; `scopes` narrow tables to some rows."""
    con = run.session.con
    differences = [
        found
        for table in compared_tables(run.config)
        for found in find_differences(con, table, scopes.get(table.name, "true"))
    ]
    return _with_absent(differences, find_absent(con)) if sampled else differences


def _with_absent(sampled: list[dict[str, Any]], absent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add what is absent outside the sample to what differs inside, in the order of the stages."""
    found = {(d["table"], d["what"]): d for d in sampled}
    for d in absent:
        held = found.get((d["table"], d["what"]))
        lists = ("keys", "records")
        found[d["table"], d["what"]] = d if held is None else {
            **d, "rows": held["rows"] + d["rows"], **{n: (held[n] + d[n])[:NAMED] for n in lists},
        }  # fmt: skip
    return sorted(found.values(), key=lambda d: STAGES.index(d["table"]))
