"""Letting a delivery through that breaks its contract: who, why, and for which content."""

from datetime import UTC, datetime
from pathlib import Path

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError, SourceError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import DELIVERY_ACCEPTANCES
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster.sources.audit import files_not_loaded
from partyhub_dagster.sources.deliveries import Delivery, find_deliveries


def accept_delivery(session: Session, config: HubConfig, file: str, author: str, reason: str) -> Delivery:
    """Record that a refused file may be loaded as it is now; the next load takes it.

    `file` is named as `partyhub status` names it, or by its path. Another content under that name is not accepted.

    Raises:
        SourceError: an author or a reason is missing.
        NotFoundError: no file of that name waits because it was refused.
    """
    if not author.strip() or not reason.strip():
        raise SourceError(
            "The file was not let through: an author and a reason are required.",
            remedy='Say why: partyhub load --accept FILE --reason "...".',
        )
    delivery = _refused(session, config, file)
    row = {
        "source": delivery.source, "file_hash": delivery.file_hash, "file": delivery.name, "author": author,
        "reason": reason, "accepted_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    types = {column.name: column.sql_type for column in DELIVERY_ACCEPTANCES.columns}
    selected = ", ".join(f"${name}::{types[name]} as {name}" for name in row)
    with write_transaction(session) as transaction:
        session.con.execute(f"create or replace temp table accepted_delivery as select {selected}", row)
        transaction.upsert(DELIVERY_ACCEPTANCES, "accepted_delivery")
    session.drop("accepted_delivery")
    return delivery


def _refused(session: Session, config: HubConfig, file: str) -> Delivery:
    waiting = {(f.source, f.file) for f in files_not_loaded(session.con) if f.status == "refused"}
    for name in sorted({source for source, _ in waiting} & config.sources.keys()):
        for delivery in find_deliveries(session.con, name, config.sources[name], config.root):
            named = delivery.name == file or delivery.path.absolute() == Path(file).absolute()
            if named and (name, delivery.name) in waiting and delivery.file_hash is not None:
                return delivery
    raise NotFoundError(
        "No file of that name was refused for breaking its contract; nothing was accepted.",
        remedy="`partyhub status` names the files that were refused; run `partyhub build` first if it is new.",
    )
