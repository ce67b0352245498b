"""The impact guard: a build that changes more than it should against the newest release holds it back.

Each rule measures part by part (a source, an attribute, the parties) and is broken by the worst part. Only what was
written since the release is compared, and nothing at all where there is too little of it to matter.
"""

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.attributes import Attribute
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.quality.rule import CheckedAsset, Rule, Suite, sample_of, statement, worst_part


def impact_rules(config: HubConfig) -> list[Rule]:
    """List the rules that compare what mastering made with the newest release."""
    impact = config.quality.impact
    floor = impact.min_affected
    return [
        *(_parties(what, share, floor) for what, share in (
            ("merged", impact.max_merged_share), ("split", impact.max_split_share),
            ("retired", impact.max_retired_share),
        )),
        _rule(
            "keys_reused", "normalized_parties",
            f"At most {impact.max_reused_key_share:.0%} of a source's keys name somebody else than in the release.",
            impact.max_reused_key_share, floor, statement("reused_keys.sql", floor=floor),
        ),
        _rule(
            "placeholder_rise", "normalized_parties",
            "Among the records of a source that were written since the release, the share with values that stand"
            f" for nothing is at most {impact.max_placeholder_rise:.0%} higher than in the release.",
            impact.max_placeholder_rise, floor,
            statement("placeholder_rise.sql", floor=floor, min_rows=impact.min_rows),
        ),
        _rule(
            "golden_values_changed", "golden_parties",
            f"At most {impact.max_changed_value_share:.0%} of the golden values of an attribute were replaced or"
            " lost since the release.",
            impact.max_changed_value_share, floor, _changed_values(config, floor),
        ),
    ]  # fmt: skip


def _parties(what: str, share: float, floor: int) -> Rule:
    moved = statement("moved_parties.sql")
    parts = (
        "with held as (select count(distinct party_id) as checked from released_party_clusters),"
        f" moved as (select count(*) as failed, {sample_of('party_id')} as sample from ({moved}) where what = '{what}')"
        " select 'parties' as part, checked, failed, failed / nullif(checked, 0) as share, sample from held, moved"
    )
    return _rule(
        f"parties_{what}", "party_clusters",
        f"At most {share:.0%} of the parties of the release were {what}.", share, floor, parts,
    )  # fmt: skip


def _changed_values(config: HubConfig, floor: int) -> str:
    """Query, by attribute, how many values of the release were replaced or lost in the parties that still are.

    A value that was added to a list, or where there was none, is no loss. Old values are read only if enough
    golden records were written at all.
    """
    attributes = [found for found in config.attributes.values() if found.group == found.name]
    held = ", ".join(f"count(*) filter ({_filled('', a)}) as checked_{i}" for i, a in enumerate(attributes))
    marks = ", ".join(f"{_is_lost(a)} as lost_{i}" for i, a in enumerate(attributes))
    lost = ", ".join(
        f"count(*) filter (lost_{i}) as failed_{i}, {sample_of('party_id', f'lost_{i}')} as sample_{i}"
        for i in range(len(attributes))
    )
    rows = " union all ".join(
        f"select {quote_text(a.name)} as part, checked_{i} as checked, failed_{i} as failed,"
        f" failed / nullif(checked, 0) as share, sample_{i} as sample from held, lost"
        for i, a in enumerate(attributes)
    )
    return (
        "with written as (from golden_parties where epoch > (select head_epoch from released)),"
        f" gate as (select 1 as opened where (select count(*) from written) >= {floor}),"
        f" held as (select {held} from released_golden_parties, gate),"
        f" marked as (select party_id, {marks} from (from written, gate) as n"
        " join released_golden_parties as o using (party_id)),"
        f" lost as (select {lost} from marked) {rows}"
    )


def _filled(alias: str, attribute: Attribute) -> str:
    column = alias + quote_name(attribute.name)
    return f"len({column}) > 0" if attribute.sql_type.endswith("[]") else f"{column} is not null"


def _is_lost(attribute: Attribute) -> str:
    name = quote_name(attribute.name)
    if attribute.sql_type.endswith("[]"):
        return f"{_filled('o.', attribute)} and not list_has_all(coalesce(n.{name}, []), o.{name})"
    return f"{_filled('o.', attribute)} and n.{name} is distinct from o.{name}"


def _rule(name: str, asset: CheckedAsset, description: str, threshold: float, floor: int, parts: str) -> Rule:
    suite: Suite = "golden" if asset == "golden_parties" else "mastering"
    query = worst_part(threshold, floor, parts)
    return Rule(name, suite, "block", asset, (asset,), description, query, parts)
