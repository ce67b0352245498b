"""Loading the files of one source: each by itself, so that one that cannot be read holds back no other."""

from dataclasses import replace
from datetime import UTC, datetime

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import SourceError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.sources.audit import audit_withdrawals, files_not_loaded
from partyhub_dagster.sources.deliveries import find_deliveries, shown_name
from partyhub_dagster.sources.load import load_delivery
from partyhub_dagster.sources.paths import source_files
from partyhub_dagster.sources.storing import LoadCounts


def load_source(session: Session, config: HubConfig, name: str) -> LoadCounts:
    """Load what is new or changed in the files of a source, in name order.

    A file that cannot be loaded is audited as failed and tried again by the next build; the other files are loaded.
    The rule `every_delivery_loaded` holds back the release until it is mended, taken away or accepted.
    """
    source, con = config.sources[name], session.con
    total = LoadCounts()
    for delivery in find_deliveries(con, name, source, config.root):
        try:
            total += load_delivery(session, source, delivery, datetime.now(UTC))
        except SourceError:
            total = replace(total, failed=total.failed + 1)
    present = {shown_name(file.path, config.root) for file in source_files(source, config.root)}
    audit_withdrawals(session, name, present)
    for former in {held.source for held in files_not_loaded(con)} - set(config.sources):
        audit_withdrawals(session, former, ())
    return total
