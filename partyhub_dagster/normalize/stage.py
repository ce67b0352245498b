"""The stage that keeps normalized_parties: one match-ready row per live source record."""

from dataclasses import dataclass

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.fingerprint import fingerprint_of
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import read_delta, write_stage
from partyhub_dagster.lake.tables import NORMALIZED_PARTIES, SOURCE_PARTIES
from partyhub_dagster.normalize.records import NormalizeCounts, library_versions, normalize_records
from partyhub_dagster.normalize.workers import Run, cleaning_workers

STAGE = "normalized_parties"


@dataclass(frozen=True, slots=True)
class NormalizedChanges:
    """What one run of the stage did."""

    looked_at: int = 0
    changed: int = 0
    removed: int = 0
    placeholders: int = 0
    invalid_values: int = 0


def fingerprint(config: HubConfig) -> str:
    """Return what normalised values depend on besides payloads: mappings, our code, the libraries."""
    libraries = sorted(library_versions().items())
    return fingerprint_of(__package__, config.fingerprint("normalize"), libraries)


def normalize_changed(session: Session, config: HubConfig) -> NormalizedChanges:
    """Normalise the records whose current version changed.

    Reads source_parties. Writes normalized_parties.
    Guarantees: a row is a function of its payload, hub.yaml and library versions.
    """
    con = session.con
    delta = read_delta(session, STAGE, fingerprint(config), full=session.full)
    if delta.is_empty([SOURCE_PARTIES]):
        return NormalizedChanges()
    con.execute(f"create or replace temp table dirty as {delta.changed(SOURCE_PARTIES, 'record_id')}")
    looked_at = session.count("dirty")
    with cleaning_workers(looked_at, session.place.threads) as run:
        tables, counts = _normalize_sources(session, config, run)
    rows = " union all by name ".join(f"from {table}" for table in ("none_normalized", *tables))
    con.execute(
        "create or replace temp table none_normalized as select * exclude (epoch) from normalized_parties limit 0"
    )
    con.execute(f"create or replace temp view normalized as {rows}")
    scope = None if delta.everything else "dirty"
    (written,) = write_stage(
        session, delta, lambda tx: [tx.write_differences(NORMALIZED_PARTIES, "normalized", scope)]
    )
    con.execute("drop view normalized")
    session.drop("dirty", "raw", "none_normalized", *tables)
    placeholders, invalid = sum(c.placeholders for c in counts), sum(c.invalid_values for c in counts)
    return NormalizedChanges(looked_at, written.changed, written.removed, placeholders, invalid)


def _normalize_sources(
    session: Session, config: HubConfig, run: Run
) -> tuple[list[str], list[NormalizeCounts]]:
    """Make a temp table of the dirty records of each source, normalised; return the tables and what was found."""
    con = session.con
    tables: list[str] = []
    counts: list[NormalizeCounts] = []
    for name, source in config.sources.items():
        con.execute(
            "create or replace temp table raw as"
            " select record_id, source, source_record_id, first_seen, ingest_seq as recency, event_time, payload"
            " from source_parties semi join dirty using (record_id)"
            f" where source = {quote_text(name)} and not deleted"
        )
        if session.count("raw") > 0:
            tables.append(f"normalized_{len(tables)}")
            counts.append(normalize_records(con, source, config.attributes, "raw", tables[-1], run))
    return tables, counts
