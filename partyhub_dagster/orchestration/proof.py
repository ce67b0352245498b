"""The nightly proof: an asset check that rebuilds a sample of the newest release and compares.

It has a job and a schedule of its own, so that builds do not wait for it, and blocks nothing: what it looks at is
released already. It reads a release, so it needs no lock and a build may go on beside it.
"""

from typing import Any

import dagster as dg

from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.config import HubConfig
from partyhub_dagster.orchestration.lake_asset import LAKE_POOL
from partyhub_dagster.orchestration.resources import HubResource
from partyhub_dagster.orchestration.scrubber import scrubbed

CHECK = "incremental_equals_rebuild"
_KEY = dg.AssetCheckKey(dg.AssetKey("golden_parties"), CHECK)


def proof_of_builds() -> dg.AssetSelection:
    """Select the check, so that a job can leave it out or run it alone."""
    return dg.AssetSelection.checks(_KEY)


def proof_checks(config: HubConfig) -> list[dg.AssetChecksDefinition]:
    """List the check, unless `verify.sample` is 0."""
    return [_proof(config.verify.sample)] if config.verify.sample else []


def _proof(sample: int) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        name=CHECK,
        asset="golden_parties",
        additional_deps=["release"],  # in a run of everything it looks at what that run released
        description=f"{sample:,} components of the newest release, rebuilt from the source records and blocked against"
        " all, come out as they are stored. For the operator: it holds nothing back.",
        blocking=False,
        pool=LAKE_POOL,
        metadata={"sample": sample},
    )
    def compare(context: dg.AssetCheckExecutionContext, hub: HubResource) -> dg.AssetCheckResult:
        hub.tell("check proof")
        found = scrubbed(lambda: verify_hub(hub.hub(), sample))
        context.log.info("%s: %d records compared", CHECK, found["sampled"]["records"])
        return dg.AssetCheckResult(
            passed=found["equal"],
            severity=dg.AssetCheckSeverity.ERROR,
            description=None if found["equal"] else _remedy(found),
            metadata=_figures(found),
        )

    return compare


def proof_jobs(config: HubConfig) -> list[Any]:
    """List the job that runs the check alone."""
    if not config.verify.sample:
        return []
    return [
        dg.define_asset_job(
            "verify_sample",
            selection=proof_of_builds(),
            description="Rebuild a sample of the newest release and compare: the check incremental_equals_rebuild.",
        )
    ]


def proof_schedules(config: HubConfig) -> list[dg.ScheduleDefinition]:
    """List the schedule of that job, between the nightly build and upkeep; it is switched on in the UI."""
    if not config.verify.sample:
        return []
    return [dg.ScheduleDefinition(name="nightly_verify", job_name="verify_sample", cron_schedule="0 3 * * *")]


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """Return what Dagster may know: counts, ids and names of columns."""
    sampled, differences = found["sampled"], found["differences"]
    records = sorted({record for d in differences for record in d["records"]})
    return {
        "release": found["release"] or 0,
        "components": sampled["components"],
        "components_in_all": sampled["of"],
        "records": sampled["records"],
        "parties": found["parties"],
        "seed": sampled["seed"],
        "rows_that_differ": sum(d["rows"] for d in differences),
        "seconds": round(sum(found["seconds"].values()), 3),
        **(
            {"records_that_differ": ", ".join(records), "differences": _table(differences)}
            if differences
            else {}
        ),
    }


def _table(differences: list[dict[str, Any]]) -> dg.TableMetadataValue:
    columns = [dg.TableColumn(name) for name in ("stage", "what", "columns")]
    return dg.TableMetadataValue(
        [
            dg.TableRecord(
                {
                    "stage": d["table"],
                    "what": d["what"],
                    "columns": ", ".join(d["columns"]),
                    "rows": d["rows"],
                }
            )
            for d in differences
        ],
        dg.TableSchema([*columns, dg.TableColumn("rows", "int")]),
    )


def _remedy(found: dict[str, Any]) -> str:
    sampled = found["sampled"]
    return (
        f"The hub differs from its rebuild, first in {found['first_stage']}. Look closer with"
        f" `partyhub verify --sample {sampled['components']} --seed {sampled['seed']}`;"
        " `partyhub build --full` writes the right state. Report it."
    )
