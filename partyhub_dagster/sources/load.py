"""Loading one delivery in one transaction: versions, tombstones, quarantine and the audit that adds them up."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.errors import ContractError, PartyHubError, SourceError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import WriteTransaction, write_transaction
from partyhub_dagster.sources.audit import audit_failure, write_audit
from partyhub_dagster.sources.contract import refuse_broken_contract
from partyhub_dagster.sources.deliveries import Delivery
from partyhub_dagster.sources.profile import profile_rows, write_profile
from partyhub_dagster.sources.readers import read_rows
from partyhub_dagster.sources.rows import describe_rows, refuse_foreign_file
from partyhub_dagster.sources.storing import LoadCounts, store_rows


@dataclass(frozen=True, slots=True)
class Load:
    """A load that has begun."""

    load_id: uuid.UUID
    began_at: datetime
    tick: float

    @classmethod
    def begin(cls, now: datetime) -> "Load":
        """Begin a load."""
        return cls(uuid.uuid4(), now, time.monotonic())

    def seconds(self) -> float:
        """Return how long it takes so far."""
        return round(time.monotonic() - self.tick, 3)


def load_delivery(session: Session, source: Source, delivery: Delivery, now: datetime) -> LoadCounts:
    """Load one file: all of it lands with its audit row, or nothing does and the audit says why.

    Raises:
        SourceError: the file as a whole cannot be loaded.
    """
    load = Load.begin(now)
    try:
        read, profile = (
            lambda: _read(session.con, source, delivery, now),
            lambda t: write_profile(t, load.load_id),
        )
        return _load(session, source, delivery, load, read, profile)
    except PartyHubError as error:
        status = "refused" if isinstance(error, ContractError) else "failed"
        outcome = {"status": status, "error": str(error.args[0])}
        audit_failure(session, _audit(delivery, load) | outcome)
        raise _naming_file(error, delivery) from None


def load_described(
    session: Session,
    delivery: Delivery,
    now: datetime,
    also: Callable[[WriteTransaction], None],
) -> LoadCounts:
    """Load the rows of temp table `described`, which came from elsewhere than a file of the source.

    They are single records, never a whole snapshot: nothing is deleted because they lack it. `also` writes what
    belongs into the same transaction.
    """
    return _load(session, None, delivery, Load.begin(now), lambda: None, also)


def load_within(
    transaction: WriteTransaction,
    source: Source | None,
    delivery: Delivery,
    load: Load,
    rejections: str | None = None,
) -> LoadCounts:
    """Store the rows of temp table `described` with their audit row, as `store_rows` tells."""
    counts = store_rows(transaction, source, delivery, load.load_id, rejections)
    write_audit(transaction, _audit(delivery, load) | _counted(counts))
    return counts


def drop_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the temp tables that a load leaves."""
    for table in ("incoming", "described", "good", "staged", "new_versions", "profiled"):
        con.execute(f"drop table if exists {table}")


def _load(
    session: Session,
    source: Source | None,
    delivery: Delivery,
    load: Load,
    read: Callable[[], None],
    also: Callable[[WriteTransaction], None] = lambda _: None,
) -> LoadCounts:
    try:
        read()
        with write_transaction(session) as transaction:
            counts = load_within(transaction, source, delivery, load)
            also(transaction)
            return counts
    finally:
        drop_rows(session.con)


def _naming_file(error: PartyHubError, delivery: Delivery) -> PartyHubError:
    message, remedy = error.args
    where = f"Source {delivery.source}, file {delivery.name}"
    return type(error)(f"{where}: {message[:1].lower()}{message[1:]}", remedy, **error.facts)


def _read(con: duckdb.DuckDBPyConnection, source: Source, delivery: Delivery, now: datetime) -> None:
    """Create temp tables `incoming` and `described` from the file."""
    if delivery.problem is not None:
        raise delivery.problem
    try:
        columns = read_rows(con, source, delivery.path, "incoming")
    except SourceError:
        delivery.refuse_if_changed()  # then that is what happened, whatever it looked like
        raise
    delivery.refuse_if_changed()
    refuse_foreign_file(source, columns)
    try:
        describe_rows(con, delivery.source, source, "incoming", "described")
    except duckdb.Error as error:  # its text can quote values
        raise SourceError(
            f"The rows of the file could not be understood ({type(error).__name__}); nothing of it was loaded.",
            remedy="Check key, version and event_time of the source in hub.yaml against the file.",
        ) from None
    refuse_broken_contract(con, source, delivery, columns, now)
    profile_rows(con, source)


def _audit(delivery: Delivery, load: Load) -> dict[str, object]:
    return {
        "load_id": load.load_id, "source": delivery.source, "file": delivery.name, "file_hash": delivery.file_hash,
        "file_size": delivery.size, "file_mtime_ns": delivery.mtime_ns, "status": "loaded",
        "started_at": load.began_at.isoformat(), "duration_s": load.seconds(),
    }  # fmt: skip


def _counted(counts: LoadCounts) -> dict[str, object]:
    return {
        "rows_in": counts.rows_in, "rows_stored": counts.stored, "rows_unchanged": counts.unchanged,
        "rows_quarantined": counts.quarantined, "rows_late": counts.late,
        "version_conflicts": counts.version_conflicts, "deletions": counts.deletions,
        "deletions_refused": counts.deletions_refused,
    }  # fmt: skip
