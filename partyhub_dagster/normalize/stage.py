"""The stage that keeps normalized_parties: one match-ready row per live source record."""

from dataclasses import dataclass

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.fingerprint import fingerprint_of
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import read_delta, write_stage
from partyhub_dagster.lake.tables import NORMALIZED_PARTIES, SOURCE_PARTIES
from partyhub_dagster.normalize.records import library_versions, normalize_records

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
    delta = read_delta(con, STAGE, fingerprint(config), full=session.full)
    if delta.is_empty(con, [SOURCE_PARTIES]):
        return NormalizedChanges()
    con.execute(f"create or replace temp table dirty as {delta.changed(SOURCE_PARTIES, 'record_id')}")
    con.execute(
        "create or replace temp table normalized as select * exclude (epoch) from normalized_parties limit 0"
    )
    placeholders = invalid = 0
    for name, source in config.sources.items():
        con.execute(
            "create or replace temp table raw as"
            " select record_id, source, source_record_id, first_seen, ingest_seq as recency, event_time, payload"
            " from source_parties semi join dirty using (record_id)"
            f" where source = {quote_text(name)} and not deleted"
        )
        if session.count("raw") == 0:
            continue
        counts = normalize_records(con, source, config.attributes, "raw", "normalized_source")
        placeholders += counts.placeholders
        invalid += counts.invalid_values
        con.execute("insert into normalized by name from normalized_source")
    looked_at = session.count("dirty")
    scope = None if delta.everything else "dirty"
    (written,) = write_stage(
        session.place, con, delta, lambda tx: [tx.write_differences(NORMALIZED_PARTIES, "normalized", scope)]
    )
    session.drop("dirty", "normalized", "raw", "normalized_source")
    return NormalizedChanges(looked_at, written.changed, written.removed, placeholders, invalid)
