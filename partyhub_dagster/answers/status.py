"""How the hub stands: what readers see, what the head holds beyond it, and what stands against a release."""

from datetime import UTC, datetime
from typing import Any

from partyhub_dagster.answers.checks import told
from partyhub_dagster.config import HubConfig
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.rollbacks import Rollback, shown_release, standing_rollback
from partyhub_dagster.lake.run_stages import last_run
from partyhub_dagster.lake.session import Session
from partyhub_dagster.quality.gate import objections_in
from partyhub_dagster.quality.results import latest_results
from partyhub_dagster.sources.audit import files_not_loaded
from partyhub_dagster.sources.contract import overdue_sources
from partyhub_dagster.sources.paths import sources_without_files

OUTGROWN_FACTOR = 2


def read_status(hub: Hub) -> dict[str, Any]:
    """Return counts of the newest release (of the head while there is none) and the state of checks and models."""
    with hub.place.connect(read_only=True) as con:
        session = Session(hub.place, con, run_id="status")
        release = shown_release(con)
        rollback = standing_rollback(con)
        head = _head_counts(session)
        counts = head if release is None else {key: release.counts[key] for key in head}
        results = latest_results(session, hub.config)
        failed = [result for result in results if not result.passed]
        return {
            "hub": hub.config.name,
            **counts,
            "quarantined": head["quarantined"],  # what was rejected is always read at head
            "lineage_seq": session.count("party_lineage") if release is None else release.lineage_seq,
            "release": None if release is None else release.number,
            "released_at": None if release is None else release.released_at.isoformat(timespec="seconds"),
            "rolled_back": None if rollback is None else _told(rollback),
            "checks": {"passed": len(results) - len(failed), "failed": len(failed)},
            "failed_checks": [told(result) for result in failed],
            "objections": [str(objection) for objection in objections_in(results, hub.config)],
            "head": head,
            "models": _models(session, hub.config),
            "failed_loads": _failed_loads(session),
            "overdue": [found._asdict() for found in overdue_sources(con, hub.config, datetime.now(UTC))],
            "sources_without_files": sources_without_files(hub.config),
            "last_run": last_run(con),
        }


def _told(rollback: Rollback) -> dict[str, Any]:
    return {
        "to_release": rollback.release, "from_release": rollback.newest_release, "author": rollback.author,
        "reason": rollback.reason, "since": rollback.written_at.isoformat(timespec="seconds"),
    }  # fmt: skip


def _head_counts(session: Session) -> dict[str, int]:
    return {
        "records": session.count("normalized_parties"),
        "quarantined": session.count("(from quarantine where replay_state = 'open')"),
        "edges": session.count("match_edges") // 2,
        "parties": session.count("golden_parties"),
        "parties_of_several_sources": session.count(
            "(select party_id from party_clusters join source_parties using (record_id)"
            " group by party_id having count(distinct source) > 1)"
        ),
    }


def _models(session: Session, config: HubConfig) -> dict[str, Any]:
    rows = session.con.execute(
        "select kind, version, origin, trained_records, trained_sources from match_models where status = 'active'"
        " order by kind"
    ).fetchall()
    models = {}
    for kind, version, origin, trained, sources in rows:
        live = session.con.execute(
            "select source, count(*) from normalized_parties where kind = $k group by source", {"k": kind}
        ).fetchall()
        unseen = sorted(source for source, _ in live if trained and source not in sources)
        models[kind] = {
            "version": version[:12],
            "origin": origin,
            "trained_records": None if origin == "shipped" else trained,
            "sources_never_seen": unseen,
            "outgrown": bool(trained) and sum(n for _, n in live) > OUTGROWN_FACTOR * trained,
            "settings_differ": not _settings_hold(session, config, kind, version),
        }
    return models


def _settings_hold(session: Session, config: HubConfig, kind: str, version: str) -> bool:
    row = session.con.execute(
        "select settings_fingerprint from match_models where version = $v", {"v": version}
    ).fetchone()
    return kind not in config.kinds or (row is not None and row[0] == config.fingerprint(f"matching:{kind}"))


def _failed_loads(session: Session) -> list[dict[str, str]]:
    return [
        {"source": held.source, "file": held.file, "status": held.status, "error": held.error}
        for held in files_not_loaded(session.con)
    ]
