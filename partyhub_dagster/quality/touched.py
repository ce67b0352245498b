"""Narrowing a rule that held to what was touched since: what it costs then follows the size of the change.

Sound where every row that can break the rule anew has a touched record or party in its key. Texts hold `{since}`,
the epoch at which the rule held.
"""

import re

from partyhub_dagster.lake.metadata import Table

TOUCHED_PARTIES = """(
    select party_id from golden_parties where epoch > {since}
    union select key::uuid from removed_keys where table_name = 'golden_parties' and epoch > {since}
    union select party_id from party_lineage where epoch > {since}
    union select party_id from party_clusters where epoch > {since}
)"""
"""Parties whose golden record or members changed since. Of those that lost members lineage tells, and
`lineage_replays_to_parties` proves over all parties that it tells of each."""


def touched_records(*tables: Table, end: str = "record_id") -> str:
    """Return the relation of records with a row written to, or removed from, one of the tables since."""
    parts = []
    for table in tables:
        key = f"split_part(key, '|', {table.key.index(end) + 1})::uuid"
        gone = f"table_name = '{table.name}' and epoch > {{since}}"
        parts += [
            f"select {end} as record_id from {table.name} where epoch > {{since}}",
            f"select {key} from removed_keys where {gone}",
        ]
    return f"({' union '.join(parts)})"


def of_touched(breaking: str, touched: str, by: tuple[str, ...], *tables: str) -> str:
    """Narrow a query of what breaks a rule: of `tables` it sees only rows with one of the columns `by` touched."""
    for table in tables:
        breaking = re.sub(rf"\b(from|join) {table}\b", rf"\1 touched_{table}", breaking)
    is_touched = " or ".join(f"{column} in (from touched)" for column in by)
    narrowed = ", ".join(f"touched_{table} as (from {table} where {is_touched})" for table in tables)
    return f"with touched as materialized (from {touched}), {narrowed} from ({breaking})"
