"""Appending to party_lineage: the one sequence without a gap."""

from partyhub_dagster.lake.tables import PARTY_LINEAGE
from partyhub_dagster.lake.write import WriteTransaction


def append_lineage(transaction: WriteTransaction, run_id: str, events: str) -> None:
    """Append the relation `events` (place, event, party_id, other_id, members, attributes, cause), numbered on."""
    con = transaction.con
    con.execute(
        "create or replace temp table numbered as select"
        " (select coalesce(max(sequence), 0) from party_lineage) + row_number() over (order by place) as sequence,"
        " event, party_id, other_id, members, attributes, cause, $run as run_id, now() as written_at"
        f" from {events}",
        {"run": run_id},
    )
    transaction.append(PARTY_LINEAGE, "numbered")
    con.execute("drop table numbered")
