"""Rejected rows can be found, taken out, mended and loaded after all, by the same path as any other row."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.config import load_config
from partyhub_dagster.errors import NotFoundError, SourceError
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.sources.quarantine import export_rows, list_quarantine, show_row
from partyhub_dagster.sources.replay import Replayed, replay_file, replay_rows
from partyhub_dagster_tests.feed import Feed, Lake, new_lake

KINDS = "kind: {column: K, values: {P: person}}\nversion: {column: V, type: integer}"
ROWS = "ID,V,K,NAME\n1,1,P,Ann\n,1,P,=SUM(A1)\n2,x,P,-5\n3,1,P\n4,1,Q,'+Di\n"
"""One good row; one without key, one without version, one ragged, one of unknown kind."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


def states(feed: Feed) -> list[tuple[int, str]]:
    return feed.ask("select line, replay_state from quarantine where source = $name order by line")


def mend(out: Path, **values: dict[str, str]) -> None:
    """Change cells of an exported CSV file: line -> column -> value."""
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(values.get(f"line{row['_line']}", {}))
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")  # as a German spreadsheet saves it
        writer.writeheader()
        writer.writerows(rows)


def export(feed: Feed, out: Path, *, typed: bool = False) -> int:
    return export_rows(feed.lake.con, feed.name, out, typed=typed)


def assert_law_1(feed: Feed) -> None:
    query = load_sql("partyhub_dagster.quality", "loads_reconcile.sql")
    assert feed.lake.con.execute(query).fetchall() == []


def test_quarantine_is_listed_by_source_file_and_reason_without_values(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, KINDS)
    feed.send("a.csv", ROWS)
    groups = list_quarantine(lake.con, feed.name)
    assert [(group.file, group.rows) for group in groups] == [("inbox/a.csv", 1)] * 4
    assert not any(value in str(groups) for value in ("SUM", "Di", "-5"))


def test_one_row_is_shown_with_its_values_by_the_beginning_of_its_id(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, KINDS)
    feed.send("a.csv", ROWS)
    ((found,),) = feed.ask("select quarantine_id::varchar from quarantine where source = $name and line = 3")
    shown = show_row(lake.con, found[:13])
    assert (shown["line"], shown["record"]["NAME"]) == (3, "=SUM(A1)")
    for unknown in ("", "no such"):
        with pytest.raises(NotFoundError):
            show_row(lake.con, unknown)


def test_exported_rows_that_are_mended_are_loaded_and_the_others_stay(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, KINDS)
    feed.send("a.csv", ROWS)
    out = tmp_path / "bad.csv"
    assert export(feed, out) == 4
    assert out.stat().st_mode & 0o077 == 0
    mend(out, line3={"ID": "7"}, line4={"V": "3"}, line5={"ID": "3", "V": "1", "K": "P", "NAME": "Cy"})
    outcome = replay_file(feed.session, feed.config, out)
    assert outcome.loaded == 3
    assert [row["line"] for row in outcome.still_rejected] == [6]
    assert states(feed) == [(3, "replayed"), (4, "replayed"), (5, "replayed"), (6, "open")]
    names = {key: json.loads(payload)["NAME"] for key, payload in feed.live().items()}
    assert names == {"1": "Ann", "7": "=SUM(A1)", "2": "-5", "3": "Cy"}
    assert_law_1(feed)


def test_cells_of_an_export_cannot_be_taken_for_formulas_and_come_back_as_they_were(
    lake: Lake, tmp_path: Path
) -> None:
    feed = lake.feed(tmp_path, KINDS)
    cells = ["=1+1", "+1", "-1", "@x", "'=1", "''@x", "'quoted'", "plain", "=a\tb"]
    feed.send("a.csv", "ID,V,K,NAME\n" + "".join(f"{i},1,Q,{cell}\n" for i, cell in enumerate(cells)))
    out = tmp_path / "bad.csv"
    export(feed, out)
    with out.open(encoding="utf-8", newline="") as file:
        written = [row["NAME"] for row in csv.DictReader(file)]
    assert not [cell for cell in written if cell.startswith(("=", "+", "-", "@", "\t"))]
    mend(out, **{f"line{i + 2}": {"K": "P"} for i in range(len(cells))})
    assert replay_file(feed.session, feed.config, out).loaded == len(cells)
    assert [json.loads(feed.live()[str(i)])["NAME"] for i in range(len(cells))] == cells


def test_the_same_mended_file_again_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, KINDS)
    feed.send("a.csv", ROWS)
    out = tmp_path / "bad.csv"
    export(feed, out)
    mend(out, line3={"ID": "7"})
    replay_file(feed.session, feed.config, out)
    before = feed.epochs()
    again = replay_file(feed.session, feed.config, out)
    assert (again.loaded, again.settled_before, len(again.still_rejected)) == (0, 1, 3)
    assert feed.epochs() == before
    feed.put("b.csv", ROWS + "5,1,P,Eve\n")  # the row as it came, in a later delivery, is no news
    assert feed.load().quarantined == 0
    assert states(feed)[0] == (3, "replayed")


def test_rows_load_as_they_came_once_hub_yaml_is_right(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, KINDS)
    feed.send("a.csv", ROWS)
    text = (
        (tmp_path / "hub.yaml").read_text(encoding="utf-8").replace("{P: person}", "{P: person, Q: person}")
    )
    (tmp_path / "hub.yaml").write_text(text, encoding="utf-8")
    outcome = replay_rows(feed.session, load_config(tmp_path / "hub.yaml"), None, feed.name)
    assert (outcome.loaded, len(outcome.still_rejected)) == (1, 3)
    assert feed.keys() == {"1", "4"}
    assert_law_1(feed)


def test_a_file_that_cannot_be_read_is_told_after_rows_were_replayed_too(lake: Lake, tmp_path: Path) -> None:
    """Neither has a hash: the one must not pass for the other, which was loaded."""
    feed = lake.feed(tmp_path, KINDS)
    feed.send("a.csv", ROWS)
    text = (
        (tmp_path / "hub.yaml").read_text(encoding="utf-8").replace("{P: person}", "{P: person, Q: person}")
    )
    (tmp_path / "hub.yaml").write_text(text, encoding="utf-8")
    assert replay_rows(feed.session, load_config(tmp_path / "hub.yaml"), None, feed.name).loaded == 1
    feed.put("b.csv.gz", b"\x1f\x8bcut off")
    with pytest.raises(SourceError):
        feed.load()


def test_a_row_whose_record_a_later_delivery_brought_is_superseded(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, KINDS)
    feed.send("a.csv", "ID,V,K,NAME\n4,1,Q,Di\n")
    feed.send("b.csv", "ID,V,K,NAME\n4,1,P,Dina\n")
    outcome = replay_rows(feed.session, feed.config, None, feed.name)
    assert outcome == Replayed(superseded=1)
    assert states(feed) == [(2, "superseded")]
    assert "Dina" in feed.live()["4"]


def test_a_replay_is_no_snapshot_and_deletes_nothing(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "feed: snapshot")
    feed.send("a.csv", "ID,NAME\n1,Ann\n2,Bob\n,Cy\n")
    out = tmp_path / "bad.csv"
    export(feed, out)
    mend(out, line4={"ID": "3"})
    replay_file(feed.session, feed.config, out)
    assert feed.keys() == {"1", "2", "3"}


def test_json_records_keep_their_types_from_export_to_replay(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, suffix="jsonl")
    feed.send("a.jsonl", '{"ID": null, "NAME": ["x"], "n": 1}\n{bad}\n')
    with pytest.raises(SourceError, match="more than text"):
        export(feed, tmp_path / "bad.csv", typed=True)
    out = tmp_path / "bad.jsonl"
    export(feed, out, typed=True)
    rows: list[dict[str, Any]] = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["record"] = {**(row["record"] or {}), "ID": row["line"]}
    out.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert replay_file(feed.session, feed.config, out).loaded == 2
    assert json.loads(feed.live()["1"]) == {"ID": 1, "NAME": ["x"], "n": 1}


@pytest.mark.parametrize("content", ["ID,NAME\n1,Ann\n", "_quarantine_id,ID\nnot an id,1\n", ""])
def test_a_file_that_is_no_export_is_refused_and_names_no_value(
    lake: Lake, tmp_path: Path, content: str
) -> None:
    feed = lake.feed(tmp_path)
    (tmp_path / "other.csv").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        replay_file(feed.session, feed.config, tmp_path / "other.csv")
    assert "Ann" not in str(caught.value)
