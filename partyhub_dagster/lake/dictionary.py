"""The data dictionary: every table of the lake as a page for people; `make docs` writes docs/data-dictionary.md."""

import sys

from partyhub_dagster.lake.metadata import EPOCH, Column, Table
from partyhub_dagster.lake.tables import FIXED_TABLES, SCHEMA_VERSION, golden_table

_INTRODUCTION = (
    "# Data dictionary\n\n"
    f"Every table of a hub: what a row is, the key, and what the columns mean. Version {SCHEMA_VERSION} of the tables. "
    "This page is made from `partyhub_dagster/lake/tables.py` by `make docs`; do not edit it.\n\n"
    "- **Personal** marks columns that can hold personal data. Dagster's column schema has the tag `pii` on them.\n"
    "- **Read** says which state readers see: that of the newest *release*, or the *head*, since an operator must see "
    "failure and a steward a fresh decision at once.\n"
    f"- Every table also has `{EPOCH.name}` ({EPOCH.sql_type}), the write that last changed the row.\n"
    "- [Looking into the tables](operations.md#looking-into-the-tables) says how to query them. A key is unique, and a "
    "blocking check asserts it.\n"
)
_GOLDEN = (
    "\nBetween these stands one column per attribute of hub.yaml, with the name of the attribute. Its type follows "
    "from the [semantic type](configuration.md#semantic-types): `VARCHAR[]` where a party can have several values, "
    "`DATE` for dates, `DOUBLE` for numbers, else `VARCHAR`. Whether it is personal follows from the type too; "
    "`personal` of the attribute overrides it.\n"
)


def data_dictionary() -> str:
    """Return the page."""
    golden = golden_table(())
    tables = sorted((*FIXED_TABLES, golden), key=lambda table: table.name)
    contents = [f"| [{table.name}](#{table.name}) | {table.grain} |" for table in tables]
    listed = "\n".join(["| table | grain |", "|---|---|", *contents])
    pages = [_page(table, _GOLDEN if table.name == golden.name else "") for table in tables]
    return "\n".join([_INTRODUCTION, f"{listed}\n", *pages])


def _page(table: Table, note: str) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    read = "head" if table.at_head else "release"
    rows = [_row(column) for column in table.columns]
    head = f"## {table.name}\n\n{table.grain[0].upper()}{table.grain[1:]}. Key: {key}. Read: {read}.\n{note}"
    return "\n".join([head, "| column | type | personal | meaning |", "|---|---|---|---|", *rows, ""])


def _row(column: Column) -> str:
    meaning = column.description.replace("|", "\\|")
    return f"| `{column.name}` | `{column.sql_type}` | {'yes' if column.personal else ''} | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
