"""What the loads since the newest release say: of themselves, and against the deliveries before them."""

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.mappings import Mapping
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.quality.rule import Rule, statement, worst_part

_OWN_TYPES = frozenset({
    "person_name", "organization_name", "phone", "email", "date_of_birth", "tax_id", "lei", "duns", "identifier",
    "website",
})  # fmt: skip
"""Types of which few records share a value; a delivery from one town alone shares city and country, too."""
_ANOTHER_SHAPE = (
    0.5  # of the values of a column that look unlike those before: half of dates became words, say
)


def delivery_rules(config: HubConfig) -> list[Rule]:
    """List the rules that compare deliveries with earlier ones of their source."""
    impact = config.quality.impact
    floor, columns = impact.min_affected, _compared_columns(config, impact.min_rows)
    return [
        _rule(
            "rows_collapsed", "No full snapshot is shorter than the one before by more than"
            f" {impact.max_row_loss:.0%}.",
            ("load_audit",), worst_part(impact.max_row_loss, floor, _row_loss(config)), _row_loss(config),
        ),
        _worst_column(
            "columns_emptied", "The share of rows with a value fell in no column of a delivery by more than"
            f" {impact.max_fill_drop:.0%} of the rows.",
            impact.max_fill_drop, floor, columns, "fill_drop", "fill_drop * rows_in",
        ),
        _worst_column(
            "one_value_everywhere", "The share of rows with one and the same name, phone, e-mail or identifier rose"
            f" in no delivery by more than {impact.max_one_value_rise:.0%} of the rows.",
            impact.max_one_value_rise, floor, f"select * from ({columns}) where {_is_own(config)}",
            "commonest_rise", "commonest * rows_in",
        ),
        _rule(
            "columns_shifted", f"At most {impact.max_shifted_share:.0%} of the columns of a delivery hold values of"
            " another shape than before.",
            ("load_audit", "load_profiles"),
            worst_part(impact.max_shifted_share, 2, shifted := _shifted(columns)), shifted,
        ),
    ]  # fmt: skip


def standing_loads(config: HubConfig) -> str:
    """Return the query of the loads since the newest release that no newer load took the place of."""
    return statement("standing_loads.sql").replace("$snapshots", _snapshots(config))


def _snapshots(config: HubConfig) -> str:
    names = [name for name, source in config.sources.items() if source.feed == "snapshot"]
    return ", ".join(map(quote_text, names)) or "null"


def _row_loss(config: HubConfig) -> str:
    return (
        f"with later as ({standing_loads(config)}), earlier as (select source, arg_max(rows_in, load_order) as checked"
        f" from ({statement('earlier_loads.sql')}) where source in ({_snapshots(config)}) and file_size is not null"
        " group by source)"
        " select source as part, checked, greatest(checked - rows_in, 0) as failed,"
        " failed / nullif(checked, 0) as share, []::uuid[] as sample"
        " from later join earlier using (source) where later.file_size is not null"
    )


def _compared_columns(config: HubConfig, min_rows: int) -> str:
    text = statement("compared_columns.sql", min_rows=min_rows)
    return text.replace("$standing", standing_loads(config)).replace(
        "$earlier", statement("earlier_loads.sql")
    )


def _is_own(config: HubConfig) -> str:
    """Return the condition that a column holds what few records share."""
    owned = [
        f"({quote_text(name)}, {quote_text(mapping.column)})"
        for name, source in config.sources.items()
        for mapping in source.mappings
        if mapping.column is not None and _tells_apart(mapping)
    ]
    return f"(source, column_name) in ({', '.join(owned)})" if owned else "false"


def _tells_apart(mapping: Mapping) -> bool:
    return mapping.type in _OWN_TYPES and mapping.part not in ("prefix", "suffix", "middle")


def _worst_column(
    name: str, description: str, threshold: float, floor: int, columns: str, share: str, failed: str
) -> Rule:
    parts = (
        f"select concat(source, '.', column_name) as part, max(rows_in) as checked,"
        f" round(arg_max({failed}, {share}))::bigint as failed, max({share}) as share, []::uuid[] as sample"
        f" from ({columns}) group by all"
    )
    query = worst_part(threshold, floor, parts)
    return _rule(name, description, ("load_audit", "load_profiles"), query, parts)


def _shifted(columns: str) -> str:
    return (
        f"with by_load as (select source, rows_in, count(*) as columns,"
        f" count(*) filter (shape_moved > {_ANOTHER_SHAPE}) as moved from ({columns}) group by all)"
        " select source as part, arg_max(columns, moved) as checked, max(moved) as failed,"
        " failed / checked as share, []::uuid[] as sample from by_load group by source"
    )


def _rule(name: str, description: str, reads: tuple[str, ...], query: str, parts: str) -> Rule:
    return Rule(name, "source", "block", "source_parties", reads, description, query, parts)
