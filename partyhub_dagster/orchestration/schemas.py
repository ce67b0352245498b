"""Tables as Dagster shows them: column schemas with the marks of personal data, and the lineage of golden columns."""

import dagster as dg

from partyhub_dagster.config import HubConfig, Source
from partyhub_dagster.config.attributes import Attribute
from partyhub_dagster.lake.metadata import EPOCH, Column, Table

PERSONAL = {"pii": ""}
_FIXED_SOURCES = {
    "party_id": ("party_clusters", "party_id"),
    "party_type": ("normalized_parties", "party_type"),
    "kind": ("normalized_parties", "kind"),
    "provenance": ("normalized_parties", "values"),
    "members": ("party_clusters", "record_id"),
    "confidence": ("party_clusters", "confidence"),
}
"""Column of golden_parties that is no attribute -> table and column that it comes from."""


def table_schema(table: Table, *, with_epoch: bool = True) -> dg.TableSchema:
    """Return a table's columns; those of its key are marked, and those that can hold personal data tagged."""
    columns = (*table.columns, EPOCH) if with_epoch else table.columns
    return dg.TableSchema(
        columns=[_column(column, is_key=column.name in table.key) for column in columns],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(table.key)}"]),
    )


def source_schema(source: Source, attributes: dict[str, Attribute]) -> dg.TableSchema:
    """Return the columns of a source's files that hub.yaml reads, with what they mean."""
    meanings: dict[str, list[str]] = {name: ["key of the record in its source"] for name in source.key}
    personal = set(source.key)  # a key can be an e-mail address or a social security number
    for mapping in source.mappings:
        if mapping.column is not None:
            part = f" ({mapping.part})" if mapping.part else ""
            meanings.setdefault(mapping.column, []).append(f"{mapping.type}{part}: feeds {mapping.attribute}")
            if attributes[mapping.attribute].personal:
                personal.add(mapping.column)
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                "VARCHAR",
                "; ".join(notes),
                constraints=dg.TableColumnConstraints(nullable=name not in source.key),
                tags=PERSONAL if name in personal else {},
            )
            for name, notes in meanings.items()
        ],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(source.key)}"]),
    )


def golden_lineage(config: HubConfig) -> dg.TableColumnLineage:
    """Return, for every golden column, the columns of sources and tables that its values come from."""
    fixed = {
        name: [dg.TableColumnDep(asset_key=dg.AssetKey(table), column_name=column)]
        for name, (table, column) in _FIXED_SOURCES.items()
    }
    return dg.TableColumnLineage(
        {**fixed, **{a.name: _fed_by(config, a) for a in config.attributes.values()}}
    )


def copied_columns(table: Table) -> dg.TableColumnLineage:
    """Return the lineage of a copy of a table: each column comes from the one of its name."""
    key = dg.AssetKey(table.name)
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(asset_key=key, column_name=name)] for name in table.column_names}
    )


def _fed_by(config: HubConfig, attribute: Attribute) -> list[dg.TableColumnDep]:
    found = [dg.TableColumnDep(asset_key=dg.AssetKey("normalized_parties"), column_name="values")]
    for name, source in config.sources.items():
        columns = {m.column: None for m in source.mappings if m.attribute == attribute.group and m.column}
        found += [
            dg.TableColumnDep(asset_key=dg.AssetKey(["raw", name]), column_name=column) for column in columns
        ]
    return found


def _column(column: Column, *, is_key: bool) -> dg.TableColumn:
    return dg.TableColumn(
        column.name,
        column.sql_type,
        column.description,
        constraints=dg.TableColumnConstraints(nullable=not is_key),
        tags=PERSONAL if column.personal else {},
    )
