"""The files that run the hub are readable by what reads them, and the shipped data fits its hub.yaml."""

import csv
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from partyhub_dagster.config import load_config
from partyhub_dagster_tests.services.programs import KAFKA_VERSION, VERSITYGW_VERSION

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


HUB_SERVICES, BESIDE = {"webserver", "daemon"}, {"kafka", "s3"}


def test_containers_keep_what_they_hold_in_volumes_and_listen_on_loopback() -> None:
    containers = read_yaml("docker-compose.yml")
    services = containers["services"]
    assert set(services) == HUB_SERVICES | BESIDE
    for name in HUB_SERVICES:
        mounted = {volume.rsplit(":", 1)[1] for volume in services[name]["volumes"]}
        told = services[name]["environment"]
        assert mounted >= {told["PARTYHUB_HOME"], told["DAGSTER_HOME"]}
    named = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert named >= set(containers["volumes"]) >= {"hub", "dagster", "kafka", "s3"}
    assert all(port.startswith("127.0.0.1:") for held in services.values() for port in held.get("ports", []))


def test_containers_and_native_services_are_of_the_same_versions() -> None:
    services = read_yaml("docker-compose.yml")["services"]
    assert services["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert services["s3"]["image"] == f"versity/versitygw:{VERSITYGW_VERSION}"


def test_docker_accepts_the_compose_file() -> None:
    command = ["docker", "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    try:
        subprocess.run([*command[:2], "version"], capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs docker with its compose plugin")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


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
