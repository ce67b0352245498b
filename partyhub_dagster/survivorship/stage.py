"""The stage that keeps golden_parties, and tells in party_lineage whose values changed."""

from dataclasses import dataclass

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.fingerprint import fingerprint_of
from partyhub_dagster.lake.lineage import append_lineage
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import Delta, read_delta, write_stage
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.lake.tables import (
    DECISIONS,
    NORMALIZED_PARTIES,
    PARTY_CLUSTERS,
    PARTY_LINEAGE,
    golden_table,
)
from partyhub_dagster.lake.write import WriteTransaction, Written
from partyhub_dagster.survivorship.golden import master_parties

STAGE = "golden_parties"
_INPUTS = [PARTY_CLUSTERS, NORMALIZED_PARTIES, PARTY_LINEAGE, DECISIONS]


@dataclass(frozen=True, slots=True)
class GoldenChanges:
    """What one run of the stage did."""

    looked_at: int = 0
    changed: int = 0
    removed: int = 0
    updated_events: int = 0


def master_changed(session: Session, config: HubConfig) -> GoldenChanges:
    """Master the parties whose members, member values or pins changed.

    Reads party_clusters, normalized_parties, party_lineage (which parties lost members), decisions (pins).
    Writes golden_parties and the UPDATED events, in one transaction.
    """
    con = session.con
    rules = fingerprint_of(__package__, config.fingerprint("survivorship"))
    delta = read_delta(session, STAGE, rules, full=session.full)
    if delta.is_empty(_INPUTS):
        return GoldenChanges()
    golden = golden_table(config.attributes.values())
    collect_pins(session, delta.head)
    _collect_dirty(session, delta)
    con.execute(
        "create or replace temp table golden_members as"
        " select party_id, record_id from party_clusters semi join dirty_parties using (party_id)"
    )
    con.execute(
        "create or replace temp table golden_records as"
        " from normalized_parties semi join golden_members using (record_id)"
    )
    con.execute(
        "create or replace temp table golden_confidence as select party_id, any_value(confidence) as confidence"
        " from party_clusters semi join dirty_parties using (party_id) group by party_id"
    )
    master_parties(con, "golden_members", "golden_records", "pins", config, "golden_new", "golden_confidence")
    _collect_updates(session, list(config.attributes), delta)

    def write(transaction: WriteTransaction) -> list[Written]:
        scope = None if delta.everything else "dirty_parties"
        written = transaction.write_differences(golden, "golden_new", scope)
        append_lineage(transaction, session.run_id, "updates")
        return [written]

    (written,) = write_stage(session, delta, write)
    looked_at, updates = session.count("golden_new"), session.count("updates")
    session.drop(
        "dirty_parties",
        "golden_members",
        "golden_records",
        "golden_confidence",
        "golden_new",
        "pins",
        "updates",
    )
    return GoldenChanges(looked_at, written.changed, written.removed, updates)


def _collect_dirty(session: Session, delta: Delta) -> None:
    """Create temp table `dirty_parties`: today's parties of what changed, and ids that lost members or ended."""
    if delta.everything:
        session.con.execute(
            "create or replace temp table dirty_parties as"
            " select party_id from party_clusters union select party_id from golden_parties"
        )
        return
    records = delta.changed(NORMALIZED_PARTIES, "record_id")
    since = f"epoch > {delta.since} and epoch <= {delta.head}"
    session.con.execute(
        f"""
        create or replace temp table dirty_parties as
        select party_id from party_clusters where {since}
        union
        select party_id from party_lineage where {since} and event <> 'UPDATED'
        union
        select party_id from party_clusters semi join ({records}) using (record_id)
        """
    )
    if session.count("(from decisions where verdict = 'PIN')"):
        session.con.execute(_PINNED)


_PINNED = """
    insert into dirty_parties
    with recursive led as (  -- every record that a pin, standing or revoked, is on or ever was on; pins are few
        select left_id as record_id from decisions where verdict = 'PIN'
        union
        select other_id from led join party_lineage on party_id = record_id where event = 'RENAMED'
    )
    select party_id from party_clusters semi join led using (record_id)
    except from dirty_parties
"""
"""A pin can come, move and go without its party changing, and a pin of no value leaves no trace in provenance."""


def collect_pins(session: Session, head: int) -> None:
    """Create temp table `pins` (record_id, field, value, sequence, decision_id): standing pins, on live records."""
    pins = load_sql(__package__, "collect_pins.sql")
    session.con.execute(f"create or replace temp table pins as {pins}", {"head": head})


def _collect_updates(session: Session, attributes: list[str], delta: Delta) -> None:
    """Create temp table `updates`: parties that were golden before and whose values now differ."""
    compared = ", ".join(
        f"case when o.{quote_name(a)} is distinct from n.{quote_name(a)} then {quote_text(a)} end"
        for a in ("party_type", *attributes)
    )
    cause = "rules" if delta.everything and delta.watermark is not None else "record"
    session.con.execute(
        f"""
        create or replace temp table updates as
        select row_number() over (order by party_id) as place, 'UPDATED' as event, party_id, null::uuid as other_id,
            null::uuid[] as members, attributes, '{cause}' as cause
        from (
            select n.party_id, list_filter([{compared}], lambda a: a is not null) as attributes
            from golden_new as n join golden_parties as o using (party_id)
        )
        where len(attributes) > 0
        """
    )
