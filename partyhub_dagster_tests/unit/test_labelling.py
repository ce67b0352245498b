"""`partyhub label-sample` and `partyhub train --labels`: from pairs that people judge to a model that says the same."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import build, copy_hub, deliver, make_hub, partition_of
from partyhub_dagster_tests.program import Program

SITES_YAML = """
version: 1
name: sites
sources:
  lists:
    path: inbox/lists/*.csv
    key: ID
    kind: organization
    country: US
    columns: {NAME: organization_name, STREET: {type: address, part: line}, PHONE: phone}
quality: {impact: {min_affected: 1000}}
"""
NAMES = "Acorn Bluebell Cedar Dandelion Elm Foxglove Gooseberry Hazel Ivy Juniper Kestrel Lavender".split()
CHAINS = len(NAMES)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Chains with two houses: a site is listed twice, and a third line has its name and phone, but another house."""
    hub = make_hub(tmp_path_factory.mktemp("sites"), SITES_YAML)
    rows = ["ID,NAME,STREET,PHONE"]
    for n, word in enumerate(NAMES):
        name, phone = f"{word} Nest", f"(312) 555-{(n * 6779) % 10_000:04d}"
        rows += [
            f"{n}a,{name},{100 + 37 * n} Alder Rd,{phone}",
            f"{n}b,{name} Daycare,{100 + 37 * n} Alder Road,{phone}",
            f"{n}c,{name},{900 + 53 * n} Birch Ln,{phone}",
        ]
    deliver(hub, "lists/1.csv", "\n".join(rows) + "\n")
    build(hub)
    return hub


@pytest.fixture
def hub(made: Hub, tmp_path: Path) -> Hub:
    return copy_hub(made, tmp_path / "copy")


@pytest.fixture
def partyhub(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(monkeypatch, capsys).on(hub)


def is_one_site(left: str, right: str) -> bool:
    return left[:-1] == right[:-1] and not (left + right).count("c")


def answered(file: Path, says: Callable[[str, str], bool] = is_one_site) -> Path:
    """Fill a file in as somebody would who knows."""
    with file.open(encoding="utf-8", newline="") as read:
        rows = list(csv.DictReader(read))
    for row in rows:
        row["answer"] = "y" if says(row["left"], row["right"]) else "n"
    with file.open("w", encoding="utf-8", newline="") as written:
        writer = csv.DictWriter(written, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_labels_that_people_give_split_what_the_hub_had_merged(
    hub: Hub, partyhub: Program, tmp_path: Path
) -> None:
    assert len(partition_of(hub)) < 2 * CHAINS
    file = tmp_path / "pairs.csv"
    assert "train --labels" in partyhub.say("label-sample", "--labels", "36", "--out", str(file))
    told = partyhub.say("train", "--labels", str(answered(file)), "--activate", "--compare")
    assert "learned from 36 labelled pairs" in told
    assert "pairs that changed sides" in told
    (version,) = [m["version"] for m in partyhub.answer("model", "list") if m["status"] == "active"]
    assert partyhub.answer("model", "show", version)["labels"]["pairs"] == 36
    assert "Learned from 36 labelled pairs" in partyhub.say("model", "show", version)
    build(hub)
    assert len(partition_of(hub)) == 2 * CHAINS


def test_a_sample_to_learn_from_is_even_over_the_weights_and_the_same_for_a_seed(
    partyhub: Program, tmp_path: Path
) -> None:
    one, again, other = (tmp_path / f"{name}.csv" for name in ("one", "again", "other"))
    for file, seed in ((one, "1"), (again, "1"), (other, "2")):
        partyhub.say("label-sample", "--labels", "20", "--seed", seed, "--out", str(file))
    assert one.read_bytes() == again.read_bytes() != other.read_bytes()
    assert len(one.read_text(encoding="utf-8").splitlines()) == 21
    assert "weight" not in one.read_text(encoding="utf-8")


def test_decisions_of_stewards_are_labels_too(partyhub: Program, tmp_path: Path) -> None:
    assert "No pair is answered" in partyhub.refusal("train", "--decisions")
    rows = ["verdict,left,right,reason"]
    for n in range(CHAINS):
        rows += [f"NOT_SAME,lists:{n}a,lists:{n}c,another house", f"SAME,lists:{n}a,lists:{n}b,one site"]
    file = tmp_path / "decisions.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    partyhub.say("decide", "import", str(file), "--author", "ann")
    assert f"learned from {2 * CHAINS} labelled pairs" in partyhub.say("train", "--decisions")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("left,right\nlists:0a,lists:0b\n", "lacks the column answer; no model was made"),
        ("left,right,answer\nlists:0a,lists:0b,perhaps\n", "line 2: answer is none of y, n, u"),
        ("left,right,answer\nlists:0a,Nest,y\n", "line 2: left or right is no SOURCE:RECORD"),
        ("left,right,answer\nlists:0a,lists:0b,\n", "No pair is answered with yes or no"),
        ("left,right,answer\nlists:0a,lists:0b,y\n", "too few to learn from"),
    ],
)
def test_a_file_that_cannot_be_learned_from_makes_no_model(
    partyhub: Program, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(text, encoding="utf-8")
    before = partyhub.answer("model", "list")
    refused = partyhub.refusal("train", "--labels", str(file))
    assert told in refused
    assert "Nest" not in refused
    assert partyhub.answer("model", "list") == before
