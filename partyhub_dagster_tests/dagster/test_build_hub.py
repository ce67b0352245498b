"""The whole job on a few hundred generated records: held back by a check, released, and run again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from partyhub_dagster.answers.status import read_status
from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.proof import CHECK
from partyhub_dagster.quality.gate import accept
from partyhub_dagster.sources.generator import generate
from partyhub_dagster_tests.dagster.hubs import hub_of, run_on, with_quality, write_small_hub


@dataclass(frozen=True, slots=True)
class Told:
    """What was to be seen after each of the four runs."""

    hub: Hub
    held_back: dg.ExecuteInProcessResult
    status_then: dict[str, Any]
    accepted: dg.ExecuteInProcessResult
    released: dg.ExecuteInProcessResult
    repeated: dg.ExecuteInProcessResult


@pytest.fixture(name="told", scope="module")
def _told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Run under a check that no data can pass, with its failure accepted, without the check, and once more."""
    folder = tmp_path_factory.mktemp("hub")
    generate(folder / "files", 300, 7, 0)
    hub = hub_of(folder / "files" / "hub.yaml", folder / "home")
    strict = replace(hub, config=with_quality(hub.config, min_completeness={"email": 1.0}))
    with dg.DagsterInstance.ephemeral() as instance:
        held_back = run_on(instance, strict)
        status = read_status(strict)
        with strict.run() as run:
            accept(run.session, strict.config, "completeness:email", "steward", "Some have none.")
        yield Told(
            hub, held_back, status, run_on(instance, strict), run_on(instance, hub), run_on(instance, hub)
        )


def metadata_of(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    return {
        event.asset_key.to_user_string(): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def failed_steps(result: dg.ExecuteInProcessResult) -> set[str | None]:
    return {event.step_key for event in result.all_events if event.is_step_failure}


def test_a_failed_check_that_blocks_means_no_release(told: Told) -> None:
    assert not told.held_back.success
    assert failed_steps(told.held_back) == {"golden_suite"}
    assert {"release", "golden_parquet"} & set(metadata_of(told.held_back)) == set()
    assert told.status_then["release"] is None


def test_status_and_the_check_say_why_there_is_none(told: Told) -> None:
    assert any("completeness:email" in objection for objection in told.status_then["objections"])
    (check,) = [c for c in told.held_back.get_asset_check_evaluations() if not c.passed and c.blocking]
    assert check.check_name == "completeness__email"
    assert "partyhub release --accept completeness:email" in (check.description or "")
    assert len(check.metadata["sample"].value) > 0


def test_a_failure_that_a_person_accepted_warns_and_lets_the_release_pass(told: Told) -> None:
    (check,) = [
        c for c in told.accepted.get_asset_check_evaluations() if c.check_name == "completeness__email"
    ]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert told.accepted.success
    assert metadata_of(told.accepted)["release"]["number"] == 1


def test_the_run_without_the_check_releases_and_exports(told: Told) -> None:
    assert told.released.success
    found = metadata_of(told.released)
    assert found["release"]["number"] == 2  # hub.yaml is another
    assert found["golden_parquet"]["release"] == 2
    assert found["golden_parquet"]["dagster/row_count"] == found["golden_parties"]["dagster/row_count"]


def test_every_asset_reports_its_seconds_and_the_lake_keeps_those_of_the_run(told: Told) -> None:
    assert {key for key, held in metadata_of(told.released).items() if not held["seconds"] >= 0} == set()
    run = read_status(told.hub)["last_run"]
    assert run["run_id"] == told.released.run_id
    assert {
        "raw/crm",
        "normalized_parties",
        "match_edges/person",
        "golden_parties",
        "checks",
        "release",
    } <= set(run["stages"])


def test_every_asset_reports_its_rows(told: Told) -> None:
    found = {key: held["dagster/row_count"] for key, held in metadata_of(told.released).items()}
    with told.hub.place.connect(read_only=True) as con:
        counts = {
            table: con.execute(f"select count(*) from {table}").fetchall()[0][0]
            for table in (
                "source_parties", "normalized_parties", "blocking_keys", "party_clusters", "golden_parties",
            )
        }  # fmt: skip
    assert {key: found[key] for key in counts} == counts
    assert sum(rows for key, rows in found.items() if key.startswith("raw/")) == found["source_parties"]
    assert set(found) == set(metadata_of(told.repeated))


def test_every_check_but_the_nightly_proof_is_evaluated_in_every_run_that_gets_so_far(told: Told) -> None:
    for result in (told.released, told.repeated):
        evaluated = {c.asset_check_key for c in result.get_asset_check_evaluations()}
        assert evaluated == set(told_checks(told))
        assert {
            c.check_name for c in result.get_asset_check_evaluations() if not c.passed and c.blocking
        } == set()


def told_checks(told: Told) -> set[dg.AssetCheckKey]:
    from partyhub_dagster.orchestration.build import build_defs

    keys = build_defs(told.hub).get_repository_def().asset_graph.asset_check_keys
    return {key for key in keys if key.name != CHECK}


def test_a_second_run_changes_nothing(told: Told) -> None:
    before, after = metadata_of(told.released), metadata_of(told.repeated)
    assert after["release"]["number"] == 2
    assert after["golden_parquet"]["run_key"] == before["golden_parquet"]["run_key"]
    moved = {
        (key, name): value
        for key, held in after.items()
        for name, value in held.items()
        if name.rsplit("/", 1)[-1] in ("stored", "changed", "removed", "events", "updated_events") and value
    }
    assert moved == {}


def test_columns_of_golden_parties_are_shown_with_their_lineage(told: Told) -> None:
    lineage = metadata_of(told.released)["golden_parties"]["dagster/column_lineage"]
    assert set(told.hub.config.attributes) <= set(lineage.deps_by_column)


def test_a_check_that_cannot_stop_the_run_is_held_against_the_release(tmp_path: Path) -> None:
    """It speaks of an asset in the midst of its suite, and everything after that asset is made before it is known."""
    hub_yaml = write_small_hub(tmp_path / "files")
    with (tmp_path / "files" / "registry.csv").open("a", encoding="utf-8") as rows:
        rows.write("GB,3,Flumgranary Marine plc,5493000IBP32UQZ0KL25\n")  # the check digits are wrong
    hub = hub_of(hub_yaml, tmp_path / "home")
    strict = replace(hub, config=with_quality(hub.config, min_valid_share={"lei": 1.0}))
    with dg.DagsterInstance.ephemeral() as instance:
        result = run_on(instance, strict)
    assert failed_steps(result) == {"release"}
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert "identifier_validity:lei failed" in (told.description or "")
    assert "partyhub release --accept" in (told.description or "")
