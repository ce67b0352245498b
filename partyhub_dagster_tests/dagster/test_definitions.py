"""What the graph of a hub looks like, and what each node says about itself."""

from pathlib import Path

import dagster as dg
import pytest

from partyhub_dagster.config import load_config
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.tables import all_tables
from partyhub_dagster.orchestration.build import build_defs
from partyhub_dagster.orchestration.checks import check_name
from partyhub_dagster.orchestration.proof import CHECK
from partyhub_dagster.quality.rules import all_rules
from partyhub_dagster_tests.dagster.hubs import SMALL, hub_of, write_small_hub

ROOT = Path(__file__).parents[2]

KEYS = {
    "raw/crm": set(),
    "raw/registry": set(),
    "source_parties": {"raw/crm", "raw/registry"},
    "normalized_parties": {"source_parties"},
    "match_model/person": {"normalized_parties"},
    "match_model/organization": {"normalized_parties"},
    "blocking_keys": {"normalized_parties", "match_model/person", "match_model/organization"},
    "match_edges/person": {"blocking_keys", "normalized_parties", "match_model/person"},
    "match_edges/organization": {"blocking_keys", "normalized_parties", "match_model/organization"},
    "decisions": set(),
    "party_clusters": {"normalized_parties", "match_edges/person", "match_edges/organization", "decisions"},
    "golden_parties": {"party_clusters", "normalized_parties", "decisions"},
    "release": {"source_parties", "normalized_parties", "party_clusters", "golden_parties"},
    "golden_parquet": {"release", "golden_parties"},
}
"""Asset -> what it depends on."""

BLOCKING = {
    "source_parties": {
        "current_is_newest_version", "key_is_unique__load_audit", "key_is_unique__quarantine",
        "key_is_unique__source_parties", "key_is_unique__source_party_history", "key_is_unique__stream_offsets",
        "loads_reconcile", "quarantined_share", "every_delivery_loaded", "key_is_unique__load_profiles",
        "key_is_unique__delivery_acceptances", "key_is_unique__dead_letters", "key_is_unique__stream_messages",
        "key_is_unique__stream_topics",
        "rows_collapsed", "columns_emptied", "columns_shifted", "one_value_everywhere",
    },
    "party_clusters": {
        "every_record_in_one_party", "key_is_unique__acceptances", "key_is_unique__cluster_conflicts",
        "key_is_unique__decisions", "key_is_unique__decision_groups", "key_is_unique__dq_parts",
        "key_is_unique__dq_results", "key_is_unique__hub_epoch", "parties_merged", "parties_retired", "parties_split",
        "key_is_unique__party_clusters", "key_is_unique__removed_keys", "key_is_unique__watermarks", "largest_party",
        "not_same_holds", "key_is_unique__run_stages", "party_id_is_the_anchor",
    },
    "golden_parties": {
        "golden_is_complete", "golden_values_changed", "key_is_unique__golden_history",
        "key_is_unique__golden_parties", "key_is_unique__confirmations",
        "key_is_unique__membership_history", "key_is_unique__party_lineage", "key_is_unique__releases",
        "key_is_unique__rollbacks",
        "lineage_has_no_gap", "lineage_replays_to_parties", "members_add_up", "provenance_is_complete",
    },
}  # fmt: skip
"""Asset -> the checks on it that stop a run."""


@pytest.fixture(name="hub")
def _hub(tmp_path: Path) -> Hub:
    return hub_of(write_small_hub(tmp_path / "files"), tmp_path / "home")


@pytest.fixture(name="specs")
def _specs(hub: Hub) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in build_defs(hub).resolve_all_asset_specs()}


def test_assets_follow_from_hub_yaml(specs: dict[str, dg.AssetSpec]) -> None:
    found = {key: {dep.asset_key.to_user_string() for dep in spec.deps} for key, spec in specs.items()}
    assert found == KEYS


def test_a_hub_that_knows_a_broker_tells_it_of_every_release(tmp_path: Path) -> None:
    file = write_small_hub(tmp_path / "files")
    file.write_text(f"{SMALL}streaming: {{}}\n", encoding="utf-8")
    specs = {s.key.to_user_string(): s for s in build_defs(hub_of(file, tmp_path)).resolve_all_asset_specs()}
    assert {dep.asset_key.to_user_string() for dep in specs["party_updates"].deps} == {"release"}
    assert "party.events.updates" in (specs["party_updates"].description or "")


def test_a_hub_of_one_kind_has_no_assets_of_the_other(tmp_path: Path) -> None:
    hub = Hub(load_config(ROOT / "data" / "chicago_childcare" / "hub.yaml"), hub_of(
        write_small_hub(tmp_path / "files"), tmp_path / "home").place)  # fmt: skip
    keys = {spec.key.to_user_string() for spec in build_defs(hub).resolve_all_asset_specs()}
    assert {key for key in keys if key.endswith("/person")} == set()
    assert "match_edges/organization" in keys


def test_jobs_and_the_schedule_are_those_that_the_documents_name(hub: Hub) -> None:
    repository = build_defs(hub).get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"} == {
        "build_hub", "train_models", "export", "verify", "verify_sample", "upkeep",
    }  # fmt: skip
    schedules = repository.schedule_defs
    assert {(s.name, s.job_name, s.cron_schedule) for s in schedules} == {
        ("nightly_build", "build_hub", "0 2 * * *"),
        ("hourly_export", "export", "0 * * * *"),
        ("nightly_export", "export", "30 5 * * *"),
        ("nightly_upkeep", "upkeep", "0 4 * * *"),
        ("nightly_verify", "verify_sample", "0 3 * * *"),
    }
    assert {s.default_status for s in schedules} == {dg.DefaultScheduleStatus.STOPPED}


def test_every_rule_is_a_check_on_the_asset_that_it_speaks_of(hub: Hub) -> None:
    specs = build_defs(hub).get_repository_def().asset_graph.asset_check_keys
    found = {(key.asset_key.to_user_string().split("/")[0], key.name) for key in specs} - {
        ("golden_parties", CHECK)
    }
    assert found == {(rule.asset, check_name(rule.name)) for rule in all_rules(hub.config)}
    assert len({check_name(rule.name) for rule in all_rules(hub.config)}) == len(all_rules(hub.config))


def test_blocking_checks_stop_a_run_where_their_suite_ends(hub: Hub) -> None:
    graph = build_defs(hub).get_repository_def().asset_graph
    found: dict[str, set[str]] = {}
    for key in graph.asset_check_keys:
        if graph.get_check_spec(key).blocking:
            found.setdefault(key.asset_key.to_user_string(), set()).add(key.name)
    assert found == BLOCKING


def test_every_asset_says_what_it_is_and_who_answers_for_it(specs: dict[str, dg.AssetSpec]) -> None:
    for key, spec in specs.items():
        assert "Grain: one row per" in (spec.description or ""), key
        assert spec.owners, key
        assert spec.kinds, key
        assert spec.group_name not in (None, "default"), key
        assert spec.metadata["dagster/table_name"], key
        assert spec.metadata["dagster/column_schema"].columns, key
        assert spec.code_version is not None or key == "decisions", key


def test_every_step_that_touches_the_lake_waits_in_its_pool(hub: Hub) -> None:
    for job in build_defs(hub).get_repository_def().get_all_jobs():
        assert {node.pool for node in job.all_node_defs if isinstance(node, dg.OpDefinition)} == {"lake"}


def test_columns_and_their_marks_come_from_the_one_definition_of_tables(
    hub: Hub, specs: dict[str, dg.AssetSpec]
) -> None:
    for name, table in all_tables(hub.config.attributes.values()).items():
        if name in specs:
            schema: dg.TableSchema = specs[name].metadata["dagster/column_schema"]
            personal = {column.name for column in schema.columns if "pii" in column.tags}
            assert [column.name for column in schema.columns] == [*table.column_names, "epoch"]
            assert personal == {column.name for column in table.columns if column.personal}


def test_columns_of_a_source_say_what_they_mean_and_a_key_counts_as_personal(
    specs: dict[str, dg.AssetSpec],
) -> None:
    columns = {c.name: c for c in specs["raw/crm"].metadata["dagster/column_schema"].columns}
    assert set(columns) == {"ID", "NAME", "MAIL"}
    assert {name for name, column in columns.items() if "pii" in column.tags} == {"ID", "NAME", "MAIL"}
    assert columns["MAIL"].description == "email: feeds email"


def test_golden_columns_name_the_columns_that_they_come_from(specs: dict[str, dg.AssetSpec]) -> None:
    lineage: dg.TableColumnLineage = specs["golden_parties"].metadata["dagster/column_lineage"]
    sources = {
        column: {(dep.asset_key.to_user_string(), dep.column_name) for dep in deps}
        for column, deps in lineage.deps_by_column.items()
    }
    columns = {c.name for c in specs["golden_parties"].metadata["dagster/column_schema"].columns}
    assert set(sources) == columns - {"epoch"}
    assert sources["name"] == {
        ("normalized_parties", "values"), ("raw/crm", "NAME"), ("raw/registry", "COMPANY"),
    }  # fmt: skip
    assert sources["party_id"] == {("party_clusters", "party_id")}
