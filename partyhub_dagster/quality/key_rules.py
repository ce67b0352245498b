"""The key of every table: DuckLake keeps none, so a rule asserts each."""

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.metadata import Table, quote_name
from partyhub_dagster.lake.tables import all_tables
from partyhub_dagster.quality.rule import CheckedAsset, Rule, Suite, no_row_breaks, sample_of

_PLACES: dict[str, tuple[Suite, CheckedAsset]] = {
    "source_parties": ("source", "source_parties"),
    "source_party_history": ("source", "source_parties"),
    "quarantine": ("source", "source_parties"),
    "load_audit": ("source", "source_parties"),
    "load_profiles": ("source", "source_parties"),
    "delivery_acceptances": ("source", "source_parties"),
    "stream_offsets": ("source", "source_parties"),
    "stream_topics": ("source", "source_parties"),
    "stream_messages": ("source", "source_parties"),
    "dead_letters": ("source", "source_parties"),
    "normalized_parties": ("mastering", "normalized_parties"),
    "match_models": ("mastering", "match_edges"),
    "blocking_keys": ("mastering", "match_edges"),
    "match_edges": ("mastering", "match_edges"),
    "golden_parties": ("golden", "golden_parties"),
    "golden_history": ("golden", "golden_parties"),
    "membership_history": ("golden", "golden_parties"),
    "releases": ("golden", "golden_parties"),
    "rollbacks": ("golden", "golden_parties"),
    "confirmations": ("golden", "golden_parties"),
    "party_lineage": ("golden", "golden_parties"),  # the golden stage ends a run's events
}
_ELSEWHERE: tuple[Suite, CheckedAsset] = ("mastering", "party_clusters")

# Checking, accepting and releasing write these themselves, and stewards name groups while a run is at work: a change
# in them must not call for another check, or no hub would ever be idle. Their keys are looked at whenever their suite
# is evaluated.
_WRITTEN_AFTERWARDS = frozenset({
    "hub_epoch", "watermarks", "removed_keys", "dq_results", "dq_parts", "acceptances", "releases", "rollbacks",
    "membership_history", "golden_history", "decision_groups", "run_stages", "confirmations",
})  # fmt: skip

_LARGE = frozenset({"blocking_keys", "match_edges"})  # many rows a record


def key_rules(config: HubConfig) -> list[Rule]:
    """List the rule of each table of the lake."""
    return [_key_rule(table) for table in all_tables(config.attributes.values()).values()]


def _key_rule(table: Table) -> Rule:
    suite, asset = _PLACES.get(table.name, _ELSEWHERE)
    return Rule(
        name=f"key_is_unique:{table.name}",
        suite=suite,
        severity="block",
        asset=asset,
        reads=() if table.name in _WRITTEN_AFTERWARDS else (table.name,),
        description=f"No two rows of {table.name} have the same {', '.join(table.key)}.",
        query=_repeated_by_hash(table) if table.name in _LARGE else _repeated(table, table.name),
        query_since=_repeated(table, f"(from {table.name} where {_same_hash_as_newer(table)})"),
    )


def _repeated(table: Table, rows: str) -> str:
    """Return the query of the rule, which scans the rows once: a look at a lake table costs more than a group."""
    keys = ", ".join(quote_name(name) for name in table.key)
    return (
        "select coalesce(sum(held), 0)::bigint as rows_checked, count(*) filter (held > 1) as rows_failed,"
        " null::double as measured, null::double as threshold, rows_failed = 0 as passed,"
        f" {sample_of('id', 'held > 1')} as sample"
        f" from (select count(*) as held, {_id_of(table)} as id from {rows} group by {keys})"
    )


def _same_hash_as_newer(table: Table) -> str:
    """Return the condition on rows that a row written since could repeat: of older ones no two are alike."""
    keys = ", ".join(quote_name(name) for name in table.key)
    return f"hash({keys}) in (select hash({keys}) from {table.name} where epoch > {{since}})"


def _repeated_by_hash(table: Table) -> str:
    """Return the query of the rule on a large table: groups of 8 bytes first, then the keys of equal hash only."""
    keys = ", ".join(quote_name(name) for name in table.key)
    suspects = f"select hash({keys}) from {table.name} group by hash({keys}) having count(*) > 1"
    suspected = f"{table.name} where hash({keys}) in ({suspects})"
    repeated = f"select {_id_of(table)} as id from {suspected} group by {keys} having count(*) > 1"
    return no_row_breaks(table.name, repeated)


def _id_of(table: Table) -> str:
    uuids = [column.name for column in table.columns if column.sql_type == "UUID"]
    found = next((name for name in ("record_id", "party_id", "left_id") if name in uuids), None)
    return "null::uuid" if found is None else f"min({found})"
