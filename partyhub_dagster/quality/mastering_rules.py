"""The mastering suite: every live record is compared, clustered once, and under the right id."""

from collections.abc import Sequence

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.semantics import ATTRIBUTE_TYPES
from partyhub_dagster.lake.metadata import Table, quote_text
from partyhub_dagster.lake.tables import (
    BLOCKING_KEYS,
    MATCH_EDGES,
    NORMALIZED_PARTIES,
    PARTY_CLUSTERS,
    SOURCE_PARTIES,
)
from partyhub_dagster.quality.rule import (
    CheckedAsset,
    Rule,
    Severity,
    at_least,
    at_most,
    no_row_breaks,
    sample_of,
    statement,
)
from partyhub_dagster.quality.touched import TOUCHED_PARTIES, of_touched, touched_records

_USUAL_VALID_SHARE = 0.9  # below, a column is probably mapped to the wrong scheme
_USUAL_PLACEHOLDER_SHARE = 0.25  # above, a source probably fills a field with one value


def mastering_rules(config: HubConfig) -> list[Rule]:
    """List the rules of the mastering suite, keys of tables apart."""
    return [*_records_and_pairs(), *_parties(), *_sizes(config), *_values(config)]


def _records_and_pairs() -> list[Rule]:
    return [
        _rule(
            "normalized_is_complete", "block", "normalized_parties", ("source_parties", "normalized_parties"),
            "Every live source record is normalised from its current version, and nothing else is.",
            no_row_breaks("(from source_parties where not deleted)", statement("normalized_is_complete.sql")),
            _for_touched("normalized_is_complete.sql", SOURCE_PARTIES, NORMALIZED_PARTIES),
        ),
        _rule(
            "keys_belong_to_live_records", "block", "match_edges", ("normalized_parties", "blocking_keys"),
            "Every blocking key is that of a live record of its kind.",
            no_row_breaks("blocking_keys", statement("keys_belong_to_live_records.sql")),
            _for_touched("keys_belong_to_live_records.sql", BLOCKING_KEYS, NORMALIZED_PARTIES),
        ),
        _rule(
            "edges_are_symmetric", "block", "match_edges", ("normalized_parties", "match_edges"),
            "Every pair is stored in both directions with one weight, between two live records of its kind.",
            no_row_breaks("match_edges", statement("edges_are_symmetric.sql")),
            _edges_of_touched(),
        ),
    ]  # fmt: skip


def _parties() -> list[Rule]:
    return [
        _rule(
            "every_record_in_one_party", "block", "party_clusters", ("source_parties", "party_clusters"),
            "Every live source record is in exactly one party, and no other record is in any.",
            no_row_breaks("(from source_parties where not deleted)", statement("every_record_in_one_party.sql")),
            _for_touched("every_record_in_one_party.sql", SOURCE_PARTIES, PARTY_CLUSTERS),
        ),
        _rule(
            "party_id_is_the_anchor", "block", "party_clusters", ("normalized_parties", "party_clusters"),
            "Every party is named after its member first seen earliest.",
            no_row_breaks("(select distinct party_id from party_clusters)", statement("party_id_is_the_anchor.sql")),
            _anchors_of_touched(),
        ),
        _rule(
            "not_same_holds", "block", "party_clusters", ("decisions", "party_clusters", "cluster_conflicts"),
            "No standing NOT_SAME has both its records in one party, unless a newer decision overrules it.",
            no_row_breaks("(from decisions where verdict = 'NOT_SAME')", statement("not_same_holds.sql")),
        ),
        _rule(
            "exclusive_id_in_one_party", "warn", "party_clusters", ("normalized_parties", "party_clusters"),
            "No exclusive identifier is held by two parties.",
            no_row_breaks(
                "(select distinct unnest(exclusive_ids) from normalized_parties)",
                statement("exclusive_id_in_one_party.sql"),
            ),
        ),
    ]  # fmt: skip


def _sizes(config: HubConfig) -> list[Rule]:
    quality = config.quality
    share, large, members = (
        quality.max_component_share,
        quality.min_large_component,
        quality.max_party_members,
    )
    change = quality.max_match_rate_change
    return [
        _rule(
            "largest_component", "warn", "party_clusters", ("normalized_parties", "party_clusters"),
            f"No component of {large} records or more holds over {share:.1%} of the records of its kind.",
            at_most(share, statement("largest_component.sql", threshold=share, large=large)),
        ),
        _rule(
            "largest_party", "block", "party_clusters", ("party_clusters",),
            f"No party has more than {members} records.",
            at_most(members, statement("largest_party.sql", threshold=members)),
        ),
        _rule(
            "match_rate_change", "warn", "party_clusters", ("party_clusters",),
            f"Records per party differ by at most {change:.0%} from the release before.",
            at_most(change, statement("match_rate_change.sql")),
        ),
    ]  # fmt: skip


def _values(config: HubConfig) -> list[Rule]:
    wanted = config.quality.min_valid_share
    identifiers = [
        name for name, found in config.attributes.items() if ATTRIBUTE_TYPES[found.type].is_identifier
    ]
    others = [name for name in identifiers if name not in wanted]
    placeholders = (
        "select count(*) as rows_checked, count(*) filter (placeholders > 0) as rows_failed,"
        " rows_failed / nullif(rows_checked, 0) as measured,"
        f" {sample_of('record_id', 'placeholders > 0')} as sample from normalized_parties"
    )
    rules = [
        _validity(f"identifier_validity:{name}", "block", [name], share) for name, share in wanted.items()
    ]
    if others:
        rules.append(_validity("identifier_validity", "warn", others, _USUAL_VALID_SHARE))
    return [
        *rules,
        _rule(
            "placeholder_share", "warn", "normalized_parties", ("normalized_parties",),
            f"At most {_USUAL_PLACEHOLDER_SHARE:.0%} of the records hold values that stand for nothing.",
            at_most(_USUAL_PLACEHOLDER_SHARE, placeholders),
        ),
    ]  # fmt: skip


def _validity(name: str, severity: Severity, attributes: Sequence[str], share: float) -> Rule:
    """Make the rule that the worst of the attributes is good enough; values are read once, which is what it costs."""
    counted, checkable, bad, shares = [], [], [], []
    for place, attribute in enumerate(attributes):
        for count, kept in ((f"checkable_{place}", "is not null"), (f"bad_{place}", "= false")):
            held = f'"values"[{quote_text(attribute)}]'
            counted.append(f"coalesce(len(list_filter({held}, lambda v: v.valid {kept})), 0) as {count}")
        checkable.append(f"checkable_{place}")
        bad.append(f"bad_{place}")
        shares.append(f"1 - sum(bad_{place}) / nullif(sum(checkable_{place}), 0)")
    any_bad = f"{' + '.join(bad)} > 0"
    measuring = (
        f"select coalesce(sum({' + '.join(checkable)}), 0)::bigint as rows_checked,"
        f" coalesce(sum({' + '.join(bad)}), 0)::bigint as rows_failed,"
        f" least({', '.join(shares)}) as measured, {sample_of('record_id', any_bad)} as sample"
        f" from (select record_id, {', '.join(counted)} from normalized_parties)"
    )
    return _rule(
        name, severity, "normalized_parties", ("normalized_parties",),
        f"At least {share:.0%} of the values of {' and of '.join(attributes)} that can be checked are valid.",
        at_least(share, measuring),
    )  # fmt: skip


def _for_touched(name: str, *tables: Table) -> str:
    touched = touched_records(*tables)
    narrowed = of_touched(statement(name), touched, ("record_id",), *(table.name for table in tables))
    return no_row_breaks(touched, narrowed)


def _edges_of_touched() -> str:
    """Narrow by both ends: an edge breaks with its mirror image, and with the record at its other end."""
    ends = (touched_records(MATCH_EDGES), touched_records(MATCH_EDGES, end="other_id"))
    touched = f"({' union '.join(f'from {part}' for part in (*ends, touched_records(NORMALIZED_PARTIES)))})"
    query = of_touched(
        statement("edges_are_symmetric.sql"), touched, ("record_id", "other_id"), "match_edges"
    )
    return no_row_breaks(touched, query)


def _anchors_of_touched() -> str:
    """Narrow to parties that changed, and to those of a record that was normalised anew: it has first_seen."""
    records = touched_records(NORMALIZED_PARTIES)
    touched = f"(from {TOUCHED_PARTIES} union select party_id from party_clusters where record_id in (from {records}))"
    query = of_touched(statement("party_id_is_the_anchor.sql"), touched, ("party_id",), "party_clusters")
    return no_row_breaks(touched, query)


def _rule(
    name: str,
    severity: Severity,
    asset: CheckedAsset,
    reads: tuple[str, ...],
    description: str,
    query: str,
    query_since: str = "",
) -> Rule:
    return Rule(name, "mastering", severity, asset, reads, description, query, query_since=query_since)
