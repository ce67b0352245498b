"""Columns that hub.yaml names are looked for in the files before anything is loaded."""

from pathlib import Path

from partyhub_dagster.cli.building import check_config

HUB = """
version: 1
sources:
  crm:
    path: in/*.csv
    key: ID
    kind: person
    columns: {NAME: person_name, EMAIL: email}
"""


def write_hub(folder: Path, *files: str) -> Path:
    (folder / "in").mkdir()
    for number, text in enumerate(files):
        (folder / "in" / f"{number}.csv").write_text(text)
    (folder / "hub.yaml").write_text(HUB)
    return folder / "hub.yaml"


def test_a_column_that_no_file_has_is_a_mistake(tmp_path: Path) -> None:
    assert check_config(write_hub(tmp_path, "ID,NAME,E_MAIL\n1,Ann,a@b.example\n")) == 1


def test_a_column_that_one_of_the_files_has_is_none(tmp_path: Path) -> None:
    assert check_config(write_hub(tmp_path, "ID,NAME\n1,Ann\n", "ID,NAME,EMAIL\n2,Bob,b@b.example\n")) == 0


def test_nothing_is_said_of_columns_before_the_first_delivery(tmp_path: Path) -> None:
    assert check_config(write_hub(tmp_path)) == 0
