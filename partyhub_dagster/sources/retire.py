"""Retiring a source: tombstones for all its records, so that parties change by the ordinary delta."""

import uuid
from datetime import UTC, datetime

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError, SourceError
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import SOURCE_PARTIES, SOURCE_PARTY_HISTORY
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster.sources.audit import write_audit


def retire_records(session: Session, config: HubConfig, name: str) -> int:
    """Write a tombstone for every live record of a source; return how many.

    Put back into hub.yaml, the source is loaded anew, files from before included, and its records return.

    Raises:
        SourceError: hub.yaml still names the source.
        NotFoundError: no live record has it.
    """
    if name in config.sources:
        raise SourceError(
            f"hub.yaml still names source {name}; nothing was retired.",
            remedy="Take it out of hub.yaml first.",
        )
    con = session.con
    load_id, now = uuid.uuid4(), datetime.now(UTC)
    with write_transaction(session) as transaction:
        con.execute(
            f"""
            create or replace temp table retired as
            select * exclude (epoch) replace (
                null::uuid as content_hash, '{load_id}'::uuid as load_id, true as deleted, 'absence' as deleted_by,
                (select max(ingest_seq) from source_party_history) + row_number() over (order by first_seen)
                    as ingest_seq
            )
            from source_parties where source = {quote_text(name)} and not deleted
            """
        )
        gone = session.count("retired")
        if gone == 0:
            raise NotFoundError(f"The hub holds no live record of source {name}.", remedy="Check the name.")
        transaction.append(SOURCE_PARTY_HISTORY, "retired")
        transaction.upsert(SOURCE_PARTIES, "retired")
        write_audit(
            transaction,
            {
                "load_id": load_id,
                "source": name,
                "status": "retired",
                "deletions": gone,
                "started_at": now.isoformat(),
            },
        )
    return gone
