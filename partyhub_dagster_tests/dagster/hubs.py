"""Hubs for the tests of this folder, and running their jobs on a throw-away Dagster instance."""

from pathlib import Path
from typing import Any

import dagster as dg

from partyhub_dagster.config import HubConfig, load_config
from partyhub_dagster.hub import Hub
from partyhub_dagster.orchestration.build import build_defs
from partyhub_dagster_tests.factories import lake_place

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

SMALL = """
version: 1
name: small
sources:
  crm:
    path: crm.csv
    key: ID
    kind: person
    columns:
      NAME: person_name
      MAIL: email
  registry:
    path: registry.csv
    key: [COUNTRY, NUMBER]
    feed: snapshot
    kind: organization
    columns:
      COMPANY: organization_name
      LEI: lei
"""


def write_small_hub(folder: Path) -> Path:
    """Write a hub of two sources with a few records, two of them of one person; return its hub.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hub.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "crm.csv").write_text(
        "ID,NAME,MAIL\n"
        "1,Ottoline Quenby-Farrow,otto@quenbyfarrow.example\n"
        "2,Ottoline Quenby-Farrow,otto@quenbyfarrow.example\n"
        "3,Bartholomew Zzyzx,zz@bartholomew.example\n",
        encoding="utf-8",
    )
    (folder / "registry.csv").write_text(
        "COUNTRY,NUMBER,COMPANY,LEI\nGB,1,Quibblethwaite Holdings Ltd,\nGB,2,Flumgranary plc,\n",
        encoding="utf-8",
    )
    return folder / "hub.yaml"


def hub_of(hub_yaml: Path, home: Path) -> Hub:
    """Return the hub of a hub.yaml, mastered in `home`."""
    return Hub(load_config(hub_yaml), lake_place(home))


def with_quality(config: HubConfig, **settings: Any) -> HubConfig:
    """Return the configuration with other quality settings."""
    return config.model_copy(update={"quality": config.quality.model_copy(update=settings)})


def run_on(instance: dg.DagsterInstance, hub: Hub, job: str = "build_hub") -> dg.ExecuteInProcessResult:
    """Run a job to its end, failed or not."""
    definition = build_defs(hub).resolve_job_def(job)
    return definition.execute_in_process(QUIET, instance=instance, raise_on_error=False)
