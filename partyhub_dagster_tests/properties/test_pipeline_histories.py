"""The whole pipeline, batch by batch, holds what an oracle of sets and dictionaries says; each law has a planted bug.

`benchmarks/pipeline_histories.py` runs the same machine for as many histories as one likes.
"""

import dataclasses
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.identity import affected, decisions, state
from partyhub_dagster.identity import stage as identity_stage
from partyhub_dagster.identity.decisions import Decision
from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.lake.stage import Delta, write_stage
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.lake.tables import MATCH_EDGES, QUARANTINE
from partyhub_dagster.lake.write import WriteTransaction, Written
from partyhub_dagster.matching import stage as matching_stage
from partyhub_dagster.normalize import stage as normalize_stage
from partyhub_dagster.sources import storing
from partyhub_dagster.survivorship import stage as golden_stage
from partyhub_dagster_tests.pipeline.contents import draw_families
from partyhub_dagster_tests.pipeline.history import History, Plan
from partyhub_dagster_tests.pipeline.laboratory import Laboratory, prepare

pytestmark = pytest.mark.slow

HISTORIES = 6
"""In so many histories, at most, the machine must find a planted bug."""

Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """Four families, weighed once for all histories."""
    families = draw_families(random.Random(1), people=2, companies=2, each=6)  # noqa: S311 - repeatable
    return prepare(tmp_path_factory.mktemp("laboratory"), families)


def test_a_history_of_the_whole_pipeline_holds_what_the_oracle_says(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    history = History.begin(laboratory, tmp_path / "hub", "first")
    history.go(Plan(batches=2, first=10, later=12, deaths=0, releases=0, proofs=0))
    assert history.covered["batches"] == 2
    assert history.covered["releases"] == 1


def test_histories_with_deaths_and_proofs_hold_what_the_oracle_says(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    history = History.begin(laboratory, tmp_path / "hub", "second")
    history.go(Plan(batches=4, deaths=0.5, proofs=1))
    assert history.covered["runs that died"]
    assert history.covered["verified"]


# --- planted bugs


def law_1_rejected_rows_vanish(patch: pytest.MonkeyPatch) -> None:
    append = WriteTransaction.append

    def forget(self: WriteTransaction, table: Table, rows: str) -> int:
        return append(self, table, f"(from {rows} where false)" if table is QUARANTINE else rows)

    patch.setattr(WriteTransaction, "append", forget)


def law_2_rows_that_are_known_are_stored_again(patch: pytest.MonkeyPatch) -> None:
    _patch_sql(patch, "else not is_known", "else true")


def law_2_a_full_build_writes_rows_that_do_not_differ(patch: pytest.MonkeyPatch) -> None:
    differences = WriteTransaction.write_differences

    def rewrite(self: WriteTransaction, table: Table, rows: str, *rest: Any) -> Written:
        written = differences(self, table, rows, *rest)
        self.upsert(table, rows)
        return written

    patch.setattr(WriteTransaction, "write_differences", rewrite)


def law_3_versions_win_by_arrival(patch: pytest.MonkeyPatch) -> None:
    _patch_sql(patch, "coalesce(version_order, '') desc, ingest_seq", "ingest_seq")


def law_4_pairs_that_changed_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    changed = Delta.changed

    def blind(self: Delta, table: Table, *rest: Any) -> str:
        query = changed(self, table, *rest)
        return (
            f"select * from ({query}) where false" if table is MATCH_EDGES and not self.everything else query
        )

    patch.setattr(Delta, "changed", blind)


def law_5_a_deleted_anchor_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    append = identity_stage.append_lineage

    def forget(transaction: WriteTransaction, run_id: str, events: str) -> None:
        append(transaction, run_id, f"(from {events} where event <> 'RENAMED')")

    patch.setattr(identity_stage, "append_lineage", forget)


def law_6_a_group_cannot_be_revoked(patch: pytest.MonkeyPatch) -> None:
    unrevoked = decisions.unrevoked

    def singly(ledger: Iterable[Decision]) -> list[Decision]:
        return unrevoked(dataclasses.replace(decision, group_id=None) for decision in ledger)

    for module in (decisions, state, affected):
        patch.setattr(module, "unrevoked", singly)


def law_7_a_value_names_a_record_that_does_not_hold_it(patch: pytest.MonkeyPatch) -> None:
    master = golden_stage.master_parties

    def careless(con: Any, *relations: Any) -> None:
        master(con, *relations)
        con.execute(
            "update golden_new set provenance = map_from_entries(list_transform(map_entries(provenance),"
            " lambda e: {'key': e.key, 'value': list_transform(e.value,"
            " lambda p: {'record_id': party_id, 'rule': p.rule})}))"
        )

    patch.setattr(golden_stage, "master_parties", careless)


def law_10_a_watermark_moves_before_its_rows(patch: pytest.MonkeyPatch) -> None:
    def early(session: Any, delta: Delta, write: Callable[[WriteTransaction], Any]) -> Any:
        write_stage(session, delta, lambda _: [])
        return write_stage(session, dataclasses.replace(delta, watermark=delta.head), write)

    for module in (normalize_stage, matching_stage, identity_stage, golden_stage):
        patch.setattr(module, "write_stage", early)


def _patch_sql(patch: pytest.MonkeyPatch, right: str, wrong: str) -> None:
    patch.setattr(storing, "load_sql", lambda package, name: load_sql(package, name).replace(right, wrong))


SHORT = Plan(batches=4, first=15, later=16, deaths=0, releases=0, proofs=0)


@pytest.mark.parametrize(
    ("plant", "plan"),
    [
        pytest.param(plant, plan, id=plant.__name__)
        for plant, plan in [
            (law_1_rejected_rows_vanish, SHORT),
            (law_2_rows_that_are_known_are_stored_again, SHORT),
            (
                law_2_a_full_build_writes_rows_that_do_not_differ,
                dataclasses.replace(SHORT, batches=1, proofs=1),
            ),
            (law_3_versions_win_by_arrival, SHORT),
            (law_4_pairs_that_changed_are_not_looked_at, SHORT),
            (law_5_a_deleted_anchor_is_forgotten, dataclasses.replace(SHORT, often=("delete",))),
            (law_6_a_group_cannot_be_revoked, dataclasses.replace(SHORT, often=("group", "revoke_group"))),
            (law_7_a_value_names_a_record_that_does_not_hold_it, SHORT),
            (law_10_a_watermark_moves_before_its_rows, dataclasses.replace(SHORT, deaths=1)),
        ]
    ],
)
def test_the_machine_finds_a_planted_bug(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: Plant, plan: Plan
) -> None:
    plant(monkeypatch)
    for number in range(HISTORIES):
        try:
            History.begin(laboratory, tmp_path / str(number), f"{plant.__name__}/{number}").go(plan)
        except AssertionError:
            return
    pytest.fail(f"not found in {HISTORIES} histories")
