"""The files that run the hub are readable by what reads them, and the shipped data fits its hub.yaml."""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from partyhub_dagster.config import load_config

ROOT = Path(__file__).parents[2]
SETS = ("senzing_truthset", "chicago_childcare")


def read_yaml(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return loaded


def test_dagster_reads_its_instance_file(tmp_path: Path) -> None:
    import dagster as dg

    (tmp_path / "dagster.yaml").write_text(
        (ROOT / "dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager"
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
        pools = instance.get_concurrency_config().pool_config
        assert (pools.pool_granularity.value, pools.default_pool_limit) == ("run", 1)


def test_workspace_names_the_code_location() -> None:
    (location,) = read_yaml("workspace.yaml")["load_from"]
    assert location["python_module"]["module_name"] == "partyhub_dagster.definitions"


def test_containers_keep_the_hub_in_volumes_and_the_ui_on_loopback() -> None:
    services = read_yaml("docker-compose.yml")["services"]
    assert set(services) == {"webserver", "daemon"}
    for service in services.values():
        mounted = {volume.rsplit(":", 1)[1] for volume in service["volumes"]}
        assert mounted >= {service["environment"]["PARTYHUB_HOME"], service["environment"]["DAGSTER_HOME"]}
    assert all(port.startswith("127.0.0.1:") for port in services["webserver"]["ports"])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("name", SETS)
def test_shipped_sets_load_and_their_truth_names_exactly_their_records(name: str) -> None:
    folder = ROOT / "data" / name
    config = load_config(folder / "hub.yaml")
    records = {
        (source.name, row["Id" if name == "chicago_childcare" else "RECORD_ID"])
        for source in config.sources.values()
        for file in source.path
        for row in rows_of(folder / file)
    }
    truth = rows_of(folder / "truth.csv")
    assert {(row["source"], row["source_record_id"]) for row in truth} == records
    assert len(truth) == len(records)
    assert list(folder.glob("LICENSE*"))


def test_the_label_of_the_chicago_set_is_not_mapped() -> None:
    config = load_config(ROOT / "data" / "chicago_childcare" / "hub.yaml")
    assert {mapping.column for mapping in config.sources["sites"].mappings} & {"True Id", "Source"} == set()


@pytest.mark.parametrize("name", SETS)
def test_every_mapped_column_is_in_the_files(name: str) -> None:
    folder = ROOT / "data" / name
    for source in load_config(folder / "hub.yaml").sources.values():
        for file in source.path:
            columns = set(rows_of(folder / file)[0])
            assert {mapping.column for mapping in source.mappings if mapping.column} <= columns
