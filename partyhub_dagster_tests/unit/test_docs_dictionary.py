"""docs/data-dictionary.md is what the table module says."""

from pathlib import Path

from partyhub_dagster.lake.dictionary import data_dictionary
from partyhub_dagster.lake.tables import all_tables

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_data_dictionary_is_in_step_with_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(), "run `make docs`"


def test_every_table_and_column_is_in_it() -> None:
    page = data_dictionary()
    for name, table in all_tables(()).items():
        part = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"| `{column.name}` | `{column.sql_type}` | {'yes' if column.personal else ''} |" in part
