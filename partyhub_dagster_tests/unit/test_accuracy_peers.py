"""Peers of `make accuracy`: what they are given, what becomes of their clusters, and how one that fails is told."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy import page, peers, readings
from benchmarks.accuracy.hubs import write_half
from benchmarks.accuracy.peer_protocol import Task, Ways, serve
from benchmarks.accuracy.records import write_records
from benchmarks.accuracy.sets import SETS, LabelledSet

FIGURE = {"precision": 1.0, "recall": 0.5, "f1": 0.6667}


def labelled(name: str) -> LabelledSet:
    return next(one for one in SETS if one.name == name)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.name)
def test_a_peer_gets_every_record_and_no_label(one: LabelledSet, tmp_path: Path) -> None:
    records = rows(write_records(one, tmp_path))
    key = rows(write_half(one, "all", tmp_path))
    assert {(row["source"], row["source_record_id"]) for row in records} == {
        (row["source"], row["source_record_id"]) for row in key
    }
    assert {"cluster", "True Id", "entity_id", "rec_id"} & set(records[0]) == set()


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.name)
def test_what_a_peer_learns_from_is_neither_judged_nor_of_the_reported_half(
    one: LabelledSet, tmp_path: Path
) -> None:
    parts = {
        part: {row["entity_id"] for row in rows(write_half(one, part, tmp_path))}
        for part in ("choose", "taught", "rest of choose", "report", "none")
    }
    assert parts["taught"] | parts["rest of choose"] == parts["choose"]
    assert parts["taught"] & (parts["rest of choose"] | parts["report"]) == set()
    assert parts["none"] == set()


def by_surname(task: Task) -> Ways:
    yield "surname", [surname or at for at, surname in enumerate(task.columns["surname"])]
    yield "apart", list(range(len(task.ids)))


def broken(task: Task) -> Ways:
    yield "apart", task.columns["no such column"]


def broken_after_a_way(task: Task) -> Ways:
    yield from by_surname(task)
    raise MemoryError


def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cluster: Any) -> None:
    """Let `run_peer` run this function instead of a process, without the limits of one."""

    def call(*command: object) -> tuple[dict[str, Any], float, int]:
        monkeypatch.setattr("sys.argv", [str(part) for part in command[2:]])
        serve("pytest", cluster)
        return json.loads(capsys.readouterr().out), 0.0, 1

    for limit in ("resource.setrlimit", "signal.signal", "signal.setitimer"):
        monkeypatch.setattr(f"benchmarks.accuracy.peer_protocol.{limit}", lambda *_: None)
    monkeypatch.setattr(peers, "call", call)
    monkeypatch.setitem(peers.PEERS, "peer", peers.Peer("peer", ("fake_1000",), own_environment=False))


def test_the_best_way_on_the_chosen_half_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(monkeypatch, capsys, by_surname)
    found = peers.run_peer("peer", labelled("fake_1000"), tmp_path, ["choose"])
    assert found["way"] == "surname"
    assert found["choose"]["pairs"]["f1"] > 0
    assert "report" not in found


def test_a_peer_that_fails_is_told_by_the_class_of_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(monkeypatch, capsys, broken)
    found = peers.run_peer("peer", labelled("fake_1000"), tmp_path, ["choose"])
    assert found == {"version": pytest.__version__, "error": "KeyError", "seconds": 0.0}


def test_what_a_peer_did_before_it_failed_counts_and_the_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(monkeypatch, capsys, broken_after_a_way)
    found = peers.run_peer("peer", labelled("fake_1000"), tmp_path, ["choose"])
    assert found["way"] == "surname"
    assert found["error"] == "MemoryError"


@pytest.mark.parametrize(
    ("uv", "error"),
    [("false", "CalledProcessError: false sync ended with 1"), ("/no/such/uv", "FileNotFoundError")],
)
def test_a_peer_that_cannot_be_installed_is_told(
    uv: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV", uv)
    found = peers.run_peer("GoldenMatch", labelled("fake_1000"), tmp_path, ["choose"])
    assert found == {"error": error}


def test_the_page_shows_an_error_in_place_of_old_figures_until_the_next_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "FIGURES", tmp_path / "figures.json")
    monkeypatch.setattr(page, "FIGURES", tmp_path / "figures.json")
    success = {
        "version": "1.0", "seconds": 1, "peak_mb": 2, "choose": {"pairs": FIGURE, "bcubed": FIGURE},
    }  # fmt: skip
    shown = []
    for found in (success, {"error": "ImportError"}, success, {**success, "error": "MemoryError"}):
        readings.keep_figures("fake_1000", "peer", found)
        shown.append(page.figures_table().splitlines()[2:])
    assert shown[0] == shown[2] == [
        "| fake_1000 | peer (1.0) | choose | 1.0000 | 0.5000 | **0.6667** | 0.6667 |  |  | 1 | 2 |"
    ]  # fmt: skip
    assert "| peer (1.0), in part: MemoryError | choose | 1.0000 |" in shown[3][0]
    assert shown[1] == ["| fake_1000 | peer | could not be run: ImportError | | | | | | | | |"]
