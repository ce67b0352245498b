"""`partyhub audit-sample`: what is drawn, what people see of it, and what their labels say."""

import csv
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.answers.audit_draw import collect_frames, draw_audit, share_labels
from partyhub_dagster.answers.audit_frame import BANDS
from partyhub_dagster.answers.audit_report import report_audit
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster_tests.factories import partition_of
from partyhub_dagster_tests.program import Program

LABELS = ("--labels", "30", "--seed", "4")


@pytest.fixture
def partyhub(
    history_hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    return Program(monkeypatch, capsys).on(history_hub)


def test_the_frame_holds_every_pair_in_one_party_and_every_scored_one_once(history_hub: Hub) -> None:
    with read_release(history_hub.place) as (con, _):
        rows, sizes, by_source = collect_frames(con, ["person"], 1)
        pairs = con.execute("select band, one, other from audit_pairs").fetchall()
        edges = con.execute("select count(*) from match_edges where record_id < other_id").fetchall()[0][0]
    assert len({pair[1:] for pair in pairs}) == len(pairs) == sum(rows.values())
    joined = sum(BANDS[band].group == "joined" for band, _, _ in pairs)
    assert joined == sum(len(party) * (len(party) - 1) // 2 for party in partition_of(history_hub))
    assert sum(band != 5 and BANDS[band].group != "unseen" for band, _, _ in pairs) == edges
    assert sizes == {stratum: float(count) for stratum, count in rows.items()}
    for stratum, size in sizes.items():
        assert max(held.get(stratum, 0) for held in by_source.values()) <= size


def test_the_same_seed_draws_the_same_pairs_and_another_one_others(history_hub: Hub) -> None:
    place, config = history_hub.place, history_hub.config
    first, again = (draw_audit(place, config, 30, 4) for _ in range(2))
    assert first == again
    other = draw_audit(place, config, 30, 5)
    assert [pair.pair_id for pair in other.pairs] != [pair.pair_id for pair in first.pairs]


def test_labels_go_where_most_is_at_stake_and_a_few_everywhere() -> None:
    sizes = {("person", band): size for band, size in ((0, 200.0), (4, 90_000.0), (9, 5_000.0), (13, 3.0))}
    rows = {stratum: int(size) for stratum, size in sizes.items()}
    shares = share_labels(rows, sizes, 300)
    assert sum(shares.values()) == 300
    assert shares["person", 13] == 3
    assert min(count for stratum, count in shares.items() if stratum != ("person", 13)) >= 4
    assert shares["person", 4] > shares["person", 9] > shares["person", 0]
    assert share_labels(rows, sizes, 10**6) == rows


def test_labels_by_the_hub_itself_say_that_all_is_right(history_hub: Hub) -> None:
    audit = draw_audit(history_hub.place, history_hub.config, 30, 4)
    labels = {pair.pair_id: BANDS[pair.band].group == "joined" for pair in audit.pairs}
    told = report_audit(audit, labels)
    assert told["labels"] == len(audit.pairs)
    for figures in (told["all"], told["kinds"]["person"], *told["sources"].values()):
        assert figures["precision"]["value"] == figures["recall"]["value"] == 1
    wrong = report_audit(audit, dict.fromkeys(labels, False))
    assert wrong["all"]["precision"]["value"] == 0
    assert told["sources"].keys() == {"crm", "web"}


def test_the_file_hides_what_the_hub_thinks_and_its_answers_make_the_report(
    partyhub: Program, history_hub: Hub, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.csv"
    partyhub.say("audit-sample", *LABELS, "--out", str(file))
    assert file.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    assert not {"weight", "probability", "band", "party_id"} & rows[0].keys()
    together = [_together(history_hub, row["left"], row["right"]) for row in rows]
    assert together != sorted(together)
    assert together != sorted(together, reverse=True)
    for row, same in zip(rows, together, strict=True):
        row["answer"] = "y" if same else "n"
    rows[0]["answer"] = "u"
    _rewrite(file, rows)
    told = partyhub.answer("audit-sample", "--answers", str(file))
    assert (told["labels"], told["unsure"], told["unlabelled"]) == (len(rows) - 1, 1, 0)
    assert told["all"]["precision"]["value"] == 1
    assert "precision" in partyhub.say("audit-sample", "--answers", str(file))
    rows[1]["answer"] = "Ann Miller"
    _rewrite(file, rows)
    refused = partyhub.refusal("audit-sample", "--answers", str(file))
    assert "line 3: " in refused
    assert "Ann" not in refused


def _together(hub: Hub, left: str, right: str) -> bool:
    return any({left, right} <= party for party in partition_of(hub))


def _rewrite(file: Path, rows: list[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_on_the_terminal_an_audit_is_gone_on_with_where_it_was_left(
    partyhub: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(keys: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(keys) + "\n"))
        return partyhub.say("audit-sample", "--labels", "31", "--seed", "9")

    said = typed("ynzuq")
    assert "2 pairs labelled" not in said
    assert "1 pairs labelled, 1 unsure" in said
    assert "--- 3 of" in typed("q")


def test_too_few_labels_and_audits_of_another_hub_are_refused(partyhub: Program, tmp_path: Path) -> None:
    assert "wide" in partyhub.refusal("audit-sample", "--labels", "5", "--out", str(tmp_path / "x.csv"))
    file = tmp_path / "answers.csv"
    file.write_text("audit,pair,answer\nother-1-30,abc,y\n", encoding="utf-8")
    assert "no audit of that name" in partyhub.refusal("audit-sample", "--answers", str(file))
